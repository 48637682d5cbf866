import type { Call, List, Result } from "../plan/index.ts";
import { changeMount, setFlag, setString } from "./file-system.ts";
import {
  AT_FDCWD,
  FSCONFIG_CMD_CREATE,
  FSOPEN_CLOEXEC,
  MOUNT_ATTR_NODEV,
  MOVE_MOUNT_F_EMPTY_PATH,
  MS_PRIVATE,
  O_CLOEXEC,
  OPEN_TREE_CLONE,
} from "./flags.ts";
import type { WritableFolder } from "./types.ts";

/** Name on the stage of what keeps the container's changes. */
export const DISK = "disk";

export interface OpenWritableOptions {
  /** Who may go where the folder lies: the keeper, if the container's root may not. */
  readonly keeper?: List | undefined;
  /** Device nodes in it cannot be opened. */
  readonly noDevices: boolean;
}

/** Opens a mount of the folder that stands nowhere yet. */
export function openWritable(list: List, { path }: WritableFolder, options: OpenWritableOptions): Result {
  const opener = options.keeper ?? list;
  if (options.keeper !== undefined) {
    opener.step(
      "open the container's folder",
      "what the container writes is kept there; under a user namespace, its root may not go there itself",
      () => "#   what is written stays in memory",
    );
  }
  const tree = opener.call("open_tree", AT_FDCWD, path, OPEN_TREE_CLONE | O_CLOEXEC).about(path);
  // A clone made in the host's mount namespace is a peer of what it was cloned from: mounts would appear there.
  if (options.keeper !== undefined) changeMount(opener, tree, { propagation: MS_PRIVATE }, path);
  if (options.noDevices) changeMount(opener, tree, { set: MOUNT_ATTR_NODEV }, path);
  return tree;
}

/**
 * Puts the folder on the stage, under a short name: overlays take their writable folders by name, and both from one
 * mount.
 */
export function stageWritable(list: List, stage: Result, tree: Result, { path }: WritableFolder): void {
  list.call("mkdirat", stage, DISK, 0o755);
  list.call("move_mount", tree, "", stage, DISK, MOVE_MOUNT_F_EMPTY_PATH).about(path);
}

/** Layers of an overlay, as names on the stage. */
export interface OverlayLayers {
  /** One, or several with colons between them, the topmost first. */
  readonly lower: string;
  readonly upper: string;
  readonly work: string;
}

/** Begins an overlay: `create`, if it succeeds, makes the file system of the context `overlay`. */
export function writableOverlay(
  list: List,
  { lower, upper, work }: OverlayLayers,
  { writable, userNamespace }: { writable: WritableFolder | undefined; userNamespace: boolean },
  path: string,
): { readonly overlay: Result; readonly create: Call } {
  const overlay = list.call("fsopen", "overlay", FSOPEN_CLOEXEC).about('file system "overlay"');
  setString(list, overlay, "source", "overlay", "overlay");
  setString(list, overlay, "lowerdir", lower, "overlay");
  setString(list, overlay, "upperdir", upper, "overlay");
  setString(list, overlay, "workdir", work, "overlay");
  if (userNamespace) setFlag(list, overlay, "userxattr", "overlay");
  setVolatile(list, overlay, writable);
  const create = list
    .call("fsconfig", overlay, FSCONFIG_CMD_CREATE, null, null, 0)
    .about(`overlay on ${path}`);
  return { overlay, create };
}

/** fsync(2) in a container that goes when it ends would only make it and its end slow. */
export function setVolatile(list: List, overlay: Result, writable: WritableFolder | undefined): void {
  if (writable?.volatile === true) setFlag(list, overlay, "volatile", "overlay");
}
