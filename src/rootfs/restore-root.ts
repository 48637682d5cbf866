import { statSync } from "node:fs";
import type { List } from "../plan/index.ts";
import { attach, cleanPath, directoryInRoot, fileInRoot, rootView } from "./in-root.ts";
import {
  AT_FDCWD,
  AT_RECURSIVE,
  MNT_DETACH,
  MOVE_MOUNT_F_EMPTY_PATH,
  MS_REC,
  MS_SLAVE,
  O_CLOEXEC,
  OPEN_TREE_CLONE,
} from "./flags.ts";
import { resolveFor } from "./mount-destination.ts";
import type { Mount } from "./types.ts";

/**
 * In a new mount namespace: makes the root file system's folder a mount point, as criu(8) wants it, with the places
 * of all mounts in it. Those of mounts in bind mounts are made in the bind mounts' sources, as at the first start.
 */
export function makeRestoreRoot(list: List, rootfs: string, bundle: string, mounts: readonly Mount[]): void {
  list.call("mount", null, "/", null, MS_REC | MS_SLAVE, null);
  const clone = (path: string) =>
    list.call("open_tree", AT_FDCWD, path, OPEN_TREE_CLONE | AT_RECURSIVE | O_CLOEXEC).about(path);
  const put = () => {
    const tree = clone(`${rootfs}/`);
    list.call("move_mount", tree, "", AT_FDCWD, rootfs, MOVE_MOUNT_F_EMPTY_PATH).about(rootfs);
    return tree;
  };
  const root = rootView(list, put());
  for (const mount of mounts) {
    const destination = cleanPath(mount.destination);
    const source = bindSource(mount, bundle);
    const isFolder =
      source === undefined || statSync(source, { throwIfNoEntry: false })?.isDirectory() !== false;
    const place = isFolder
      ? directoryInRoot(root, destination, resolveFor(destination))
      : fileInRoot(root, destination);
    if (source !== undefined) attach(list, clone(source), place, destination);
  }
  list.call("umount2", rootfs, MNT_DETACH).about(rootfs);
  put();
}

function bindSource({ type, source = "", options = [] }: Mount, bundle: string): string | undefined {
  const isBind = type === "bind" || type === "rbind" || options.includes("bind") || options.includes("rbind");
  return isBind ? (source.startsWith("/") ? source : `${bundle}/${source}`) : undefined;
}
