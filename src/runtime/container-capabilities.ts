import { namespaceOf } from "../namespace/index.ts";
import type { List } from "../plan/index.ts";
import { type CapabilityMask, type CapabilitySets, resolveCapabilities } from "../security/index.ts";
import type { ContainerRequest } from "./container-request.ts";

const CAP_MKNOD = 1 << 27;

/**
 * The capability sets the program gets. Where no control group guards devices, nobody may make device nodes:
 * with CAP_MKNOD the container could reach the host's disks. (In a user namespace no node made there works anyway;
 * those that a root file system brings along are shut by its mount.)
 */
export function capabilitiesOf(
  request: ContainerRequest,
  guardsDevices: boolean,
  keeper: List,
): { sets: CapabilitySets; warnings: readonly string[] } {
  const { process, linux } = request.spec;
  const own = request.nested === true || namespaceOf(linux.namespaces, "user") !== undefined;
  const guarded = own || guardsDevices;
  const { sets, warnings } = resolveCapabilities(process.capabilities ?? {}, request.availableCapabilities);
  if (guarded || (sets.bounding.low & CAP_MKNOD) === 0) return { sets, warnings };
  keeper.step(
    "no CAP_MKNOD",
    "no control group here checks which devices are opened, so the container may not make device nodes instead",
    () => "# see --bounding-set below",
  );
  return { sets: withoutMknod(sets), warnings };
}

function withoutMknod(sets: CapabilitySets): CapabilitySets {
  const cut = ({ low, high }: CapabilityMask): CapabilityMask => ({ low: (low & ~CAP_MKNOD) >>> 0, high });
  const { bounding, effective, inheritable, permitted, ambient } = sets;
  return {
    bounding: cut(bounding),
    effective: cut(effective),
    inheritable: cut(inheritable),
    permitted: cut(permitted),
    ambient: cut(ambient),
  };
}
