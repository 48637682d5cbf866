import { chmodSync, chownSync, existsSync, mkdirSync } from "node:fs";
import { isNewNamespace } from "../../namespace/index.ts";
import { writeError } from "../../platform/whole-file.ts";
import {
  COMPOSED_MARK,
  type RootfsSource,
  type WritableFolder,
  writableFolders,
} from "../../rootfs/index.ts";
import type { Spec } from "../../runtime/config.ts";
import type { ContainerPaths } from "./paths.ts";

/** Ids of this machine. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom files of the container's root belong to here; undefined where this user cannot make such files.
 *
 * @param uid this process's
 */
export function rootOwner({ linux }: Spec, uid: number, gid: number): Owner | undefined {
  if (!isNewNamespace(linux.namespaces, "user")) return { uid, gid };
  const owner = { uid: hostId(linux.uidMappings), gid: hostId(linux.gidMappings) };
  if (owner.uid === undefined || owner.gid === undefined) return undefined;
  return uid === 0 || (owner.uid === uid && owner.gid === gid) ? (owner as Owner) : undefined;
}

function hostId(mappings: Spec["linux"]["uidMappings"]): number | undefined {
  for (const { containerID, hostID } of mappings ?? []) if (containerID === 0) return hostID;
  return undefined;
}

/** Makes what a {@link WritableFolder} has to have; a start that failed may have made it before. */
export function makeWritable({ path }: WritableFolder, owner: Owner, root: RootfsSource): void {
  const rootMode = root.kind === "layers" ? root.mode : 0o755;
  const isOwn = owner.uid === process.geteuid?.();
  try {
    // The root of a container with ids of its own passes through it, and reads nothing there.
    if (!isOwn) chmodSync(path, 0o711);
    for (const name of writableFolders(root)) {
      const folder = `${path}/${name}`;
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, name === "upper" ? rootMode : 0o755);
      if (!isOwn) chownSync(folder, owner.uid, owner.gid);
    }
  } catch (cause) {
    throw writeError(path, cause);
  }
}

/** Whether all that belongs to a composed root is in its container's folder. */
export function isComposed({ folder, upper }: ContainerPaths): boolean {
  for (const name of ["views", "beside"])
    if (existsSync(`${folder}/${name}`)) return existsSync(`${folder}/${name}/${COMPOSED_MARK}`);
  return existsSync(upper);
}
