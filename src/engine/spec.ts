import {
  checkRunLimits,
  groupPath,
  hasSwapAccounting,
  type Layout,
  readMachine,
  resourcesOf,
} from "../cgroup/index.ts";
import { HuskError } from "../platform/error.ts";
import type { Spec } from "../runtime/config.ts";
import type { MountedSpec, MountSpec, RunOptions } from "./run-options.ts";
import { defaultSpec } from "./spec/default-spec.ts";
import { allDevices, chooseDevices } from "./spec/devices.ts";
import type { SpecFacts } from "./spec/facts.ts";
import { mergeMounts, resizeShm } from "./spec/mounts.ts";
import { isOff } from "./spec/namespaces.ts";
import { refineProcess } from "./spec/process.ts";
import { refineNamespaces } from "./spec/refine-namespaces.ts";
import { runLimits } from "./spec/resources.ts";
import { refineSecurity } from "./spec/security.ts";

export type { SpecFacts } from "./spec/facts.ts";

/**
 * Composes the OCI configuration of a container: the defaults or the bundle's own configuration,
 * with everything in it that the options ask for.
 *
 * @param bundle the bundle's configuration; changed and returned
 * @throws HuskError "invalid", "denied", "not-found" or "unavailable": what cannot be had is refused
 */
export function composeSpec(options: RunOptions, facts: SpecFacts, layout: Layout, bundle?: Spec): Spec {
  if (options.shmSize !== undefined && (options.ipc === "host" || options.ipc === "none")) {
    throw new HuskError(
      "invalid",
      `--shm-size: with --ipc ${options.ipc} the container has no /dev/shm of its own`,
      {
        hint: "leave out one of the two",
      },
    );
  }
  const spec = bundle ?? defaultSpec(options, facts);
  if (bundle !== undefined) {
    refineNamespaces(spec, options, facts);
    if (options.shmSize !== undefined) spec.mounts = resizeShm(spec.mounts ?? [], options.shmSize);
  }
  refineProcess(spec, options, facts);
  if (options.mounts !== undefined) {
    if (!spec.linux.namespaces?.some(({ type }) => type === "mount")) throw sharedMounts();
    spec.mounts = mergeMounts(spec.mounts ?? [], options.mounts.filter(isMounted));
  }
  if (options.readOnly !== undefined) spec.root = { path: spec.root.path, readonly: options.readOnly };
  if (options.annotations !== undefined) spec.annotations = { ...spec.annotations, ...options.annotations };
  refineSecurity(spec, options, facts);
  refineDevices(spec, options);
  refineLimits(spec, options, facts, layout);
  return spec;
}

function sharedMounts(): HuskError {
  return new HuskError("invalid", "mounts need a mount namespace: they would appear on the host", {
    hint: "leave mount out of --no-isolate",
  });
}

function refineDevices(spec: Spec, options: RunOptions): void {
  const privileged = options.privileged === true;
  const more = options.deviceCgroupRules;
  if (!privileged && options.devices === undefined && more === undefined) return;
  const { devices, rules } = privileged ? allDevices() : chooseDevices(options.devices ?? []);
  for (const { permissions, ...rule } of more ?? [])
    rules.push({ allow: true, ...rule, access: permissions });
  const { linux } = spec;
  linux.devices = [...(linux.devices ?? []), ...devices];
  const present = privileged ? [] : (linux.resources?.devices ?? []);
  linux.resources = { ...linux.resources, devices: [...present, ...rules] };
}

function refineLimits(spec: Spec, options: RunOptions, facts: SpecFacts, layout: Layout): void {
  const { linux } = spec;
  const limits = runLimits(options);
  if (isOff(options, "limits")) {
    if (limits !== undefined) {
      throw new HuskError("invalid", "limits need control groups, which --no-isolate limits leaves out", {
        hint: "leave out one of the two",
      });
    }
    delete linux.resources;
    delete linux.cgroupsPath;
    return;
  }
  if (options.source.kind !== "bundle" || options.cgroupParent !== undefined) {
    linux.cgroupsPath = groupPath({ id: facts.id, parent: options.cgroupParent });
  }
  if (limits === undefined) return;
  checkRunLimits(limits, readMachine);
  linux.resources = { ...linux.resources, ...resourcesOf(limits, hasSwapAccounting(layout)) };
}

/** Volumes have become mounts of folders before a configuration is made. */
function isMounted(mount: MountSpec): mount is MountedSpec {
  return mount.type !== "volume";
}
