import type { MountSpec } from "../run-options.ts";
import type { Volume } from "./record.ts";

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

/** A container, as far as its volumes are concerned. */
export interface VolumeUser {
  readonly id: string;
  readonly mounts: readonly MountSpec[] | undefined;
}

/** Who uses which volume: ids of containers by the volume's name. */
export function usersOf(containers: Iterable<VolumeUser>): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const { id, mounts } of containers)
    for (const name of volumesOf(mounts)) users.set(name, [...(users.get(name) ?? []), id]);
  return users;
}

/**
 * What `volume prune` removes: volumes nobody uses, anonymous ones only unless all are wished, and of those what the
 * labels choose.
 */
export function unusedVolumes(
  volumes: readonly Volume[],
  users: ReadonlyMap<string, readonly string[]>,
  all: boolean,
): Volume[] {
  return volumes.filter(({ name, anonymous }) => !users.has(name) && (all || anonymous));
}
