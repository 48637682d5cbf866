import type { MountSpec } from "../run-options.ts";

/** Names of the volumes that mounts stand on. */
export function volumesOf(mounts: readonly MountSpec[] | undefined): string[] {
  const names: string[] = [];
  for (const mount of mounts ?? [])
    if (mount.type === "volume" && mount.name !== undefined) names.push(mount.name);
  return names;
}

/** Names of the volumes that were made for a container alone. */
export function anonymousVolumesOf(mounts: readonly MountSpec[] | undefined): string[] {
  return volumesOf(mounts?.filter((mount) => mount.type === "volume" && mount.anonymous === true));
}
