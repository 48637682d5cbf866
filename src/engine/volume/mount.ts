import { HuskError } from "../../platform/error.ts";
import type { BindSpec, DeviceMountSpec, MountedSpec, MountSpec, VolumeSpec } from "../run-options.ts";
import { getVolume } from "./store.ts";

/**
 * Mounts of volumes as mounts of folders of this machine, or of what a volume's options name: that is mounted in the
 * container alone, and nothing on the machine.
 *
 * @param root `$root`
 * @throws HuskError "not-found" for a volume or a subpath that is missing
 */
export function mountVolumes(root: string, mounts: readonly MountSpec[]): MountedSpec[] {
  return mounts.map((mount) => (mount.type === "volume" ? volumeMount(root, mount) : mount));
}

function volumeMount(root: string, mount: VolumeSpec): BindSpec | DeviceMountSpec {
  const { target, readOnly = false } = mount;
  const { mountpoint, options } = getVolume(root, mount.name ?? "");
  const { device, type = "none", o = "" } = options;
  const words = o.split(",").filter((word) => word !== "");
  const isBind = words.includes("bind") || words.includes("rbind");
  if (device !== undefined && !isBind)
    return { type: "device", device, fileSystem: type, target, options: readOnly ? [...words, "ro"] : words };
  const source = device ?? mountpoint;
  return {
    type: "bind",
    ...(mount.subpath === undefined
      ? { source }
      : { source: below(source, mount.subpath), sourceRoot: source }),
    target,
    readOnly: readOnly || words.includes("ro"),
    ...(mount.propagation === undefined ? {} : { propagation: mount.propagation }),
  };
}

/** Containers write there: its links are followed when it is mounted, inside the volume only. */
function below(source: string, subpath: string): string {
  if (subpath.startsWith("/") || subpath.split("/").includes(".."))
    throw new HuskError("invalid", `volume-subpath ${JSON.stringify(subpath)}: not a path in the volume`, {
      hint: "a relative path without ..",
    });
  return `${source}/${subpath}`;
}
