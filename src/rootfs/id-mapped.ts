import { HuskError } from "../platform/error.ts";
import { type List, MOUNT_ATTR_BYTES, MOUNT_ATTR_USERNS, mountAttr, type Result } from "../plan/index.ts";
import { AT_EMPTY_PATH, AT_RECURSIVE, MOUNT_ATTR_IDMAP } from "./flags.ts";
import type { MountContext } from "./mount-context.ts";
import type { MountOptions } from "./mount-options.ts";
import type { Mount } from "./types.ts";

/**
 * The user namespace whose maps a mount shows its files with: its own mappings, or with `idmap` and `ridmap` alone the
 * container's (config.md, "POSIX-platform Mounts"); undefined: the files are whose they are.
 *
 * @throws HuskError `invalid` for a mount that cannot have one, `denied` where only the host's root could make it
 */
export function idMapOf(
  context: MountContext,
  mount: Mount,
  destination: string,
  { idMap }: MountOptions,
): Result | undefined {
  const { uidMappings: uids = [], gidMappings: gids = [] } = mount;
  const own = uids.length > 0 || gids.length > 0;
  if (!own && idMap === undefined) return undefined;
  const { idMaps } = context;
  if (idMaps === undefined) {
    throw new HuskError("denied", `mount on ${destination}: id-mapped mounts need the host's root`, {
      hint: "leave uidMappings, gidMappings and idmap out, or give the files to the ids the container uses",
    });
  }
  if (own) return idMaps.make({ uids, gids });
  if (idMaps.container === undefined) {
    throw new HuskError(
      "invalid",
      `mount on ${destination}: option "${idMap}": there are no id mappings and the container has no user namespace`,
      { hint: "give the mount uidMappings and gidMappings" },
    );
  }
  return idMaps.container();
}

/** Refuses id maps for anything but bind mounts: a new file system is the container's own (runc's rule). */
export function refuseIdMap(mount: Mount, destination: string, { idMap }: MountOptions): void {
  if (idMap === undefined && !mount.uidMappings?.length && !mount.gidMappings?.length) return;
  throw new HuskError(
    "invalid",
    `mount on ${destination}: id-mapped mounts are only supported for bind-mounts`,
    {
      hint: "leave uidMappings, gidMappings and idmap out",
    },
  );
}

/** Gives a detached mount its id map; by who has the rights over its file system. */
export function mapIds(
  list: List,
  tree: Result,
  namespace: Result,
  options: Partial<Pick<MountOptions, "idMap">>,
  path: string,
): void {
  const attr = mountAttr(MOUNT_ATTR_IDMAP);
  list.store(namespace, attr, MOUNT_ATTR_USERNS, "u64");
  const flags = AT_EMPTY_PATH | (options.idMap === "ridmap" ? AT_RECURSIVE : 0);
  list
    .call("mount_setattr", tree, "", flags, attr, MOUNT_ATTR_BYTES)
    .about(`${path}: id-mapped, which its file system may not be able to be`);
}
