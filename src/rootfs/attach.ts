import { type List, MOUNT_ATTR_BYTES, mountAttr, type Result } from "../plan/index.ts";
import type { AttachedRoot } from "./attached-root.ts";
import { attachComposed } from "./composed.ts";
import { changeMount } from "./file-system.ts";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  MOUNT_ATTR_NODEV,
  MOVE_MOUNT_F_EMPTY_PATH,
  MS_PRIVATE,
  MS_SHARED,
  MS_SLAVE,
  O_CLOEXEC,
  OPEN_TREE_CLONE,
} from "./flags.ts";
import { attachLayered } from "./layered.ts";
import { rootView } from "./in-root.ts";
import { propagationFlags } from "./propagation.ts";
import { quote } from "../plan/index.ts";
import type { RootfsPropagation, RootfsSource } from "./types.ts";

export interface AttachOptions {
  /**
   * The keeper's list, if the root's directory has to be opened with the host's rights: under a user namespace the
   * container's root may not enter the folders above it.
   */
  readonly keeper?: List;
  /** The container has a user namespace of its own, or husk itself stands in one. */
  readonly userNamespace?: boolean;
  readonly propagation?: RootfsPropagation | undefined;
  /**
   * A user namespace with the container's maps, in which the layers of an image appear: on disk their files
   * belong to the ids that the container sees. Only with `keeper`; absent: they are whose they are.
   */
  readonly idMap?: () => Result;
  /** Device nodes in a directory's file systems cannot be opened: for where no control group guards devices. */
  readonly noDevices?: boolean;
}

/**
 * Mounts the container's root over `/` of its own mount namespace. Absolute paths go on meaning the host's files,
 * as their lookup starts below that mount, until {@link pivotRoot} lets go of the host's tree.
 * The umask is 0 from here on, until the runtime sets the container's.
 */
export function attachRoot(list: List, source: RootfsSource, options: AttachOptions = {}): AttachedRoot {
  const { keeper, propagation, noDevices = false, userNamespace = false, idMap } = options;
  if (source.kind === "composed") return attachComposed(list, source, { userNamespace, noDevices, keeper });
  if (source.kind === "layers")
    return attachLayered(list, source, { userNamespace, noDevices, keeper, idMap });
  const { path } = source;
  if (keeper !== undefined) {
    keeper.step(
      "open the root file system",
      "under a user namespace, the container's root may not go there itself",
      () => "#   a shell cannot hand on a mount: the folders above have to be open to the container's root",
    );
  } else beginDirectory(list, path, noDevices);
  const opener = keeper ?? list;
  // With a slash at its end, the path of anything but a directory is refused.
  const tree = opener
    .call("open_tree", AT_FDCWD, `${path}/`, OPEN_TREE_CLONE | AT_RECURSIVE | O_CLOEXEC)
    .about(path);
  const shared = propagation !== undefined && (propagationFlags(propagation) & MS_SHARED) !== 0;
  if (keeper !== undefined) {
    if (!shared) makeSlave(keeper, tree, path);
    if (noDevices) changeMount(keeper, tree, { set: MOUNT_ATTR_NODEV, recursive: true }, path);
    beginDirectory(list, path, noDevices);
  } else if (noDevices) changeMount(list, tree, { set: MOUNT_ATTR_NODEV, recursive: true }, path);
  list.call("umask", 0);
  // Mounts of the container must not appear below the same directory of the host.
  if (shared) changeMount(list, tree, { propagation: MS_PRIVATE }, path);
  list.call("move_mount", tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH).about(path);
  return { view: rootView(list, tree), layers: [], staged: false };
}

function beginDirectory(list: List, path: string, noDevices: boolean): void {
  list.step("root file system", `the container's / is ${path}`, () => {
    const remount = noDevices ? '\nmount -o remount,bind,nodev "$ROOTFS"' : "";
    return `mount --rbind ${quote(path)} "$ROOTFS"${remount}`;
  });
}

/** A clone made in the host's mount namespace is a peer of what it was cloned from: mounts would appear there. */
function makeSlave(keeper: List, tree: Result, path: string): void {
  const slave = mountAttr(0, 0, MS_SLAVE);
  keeper.call("mount_setattr", tree, "", AT_EMPTY_PATH | AT_RECURSIVE, slave, MOUNT_ATTR_BYTES).about(path);
}
