import { type List, OPEN_HOW_BYTES, openHow, type Result } from "../plan/index.ts";
import { addFreshParts, type CopyOnWrite, fillLayer, isIn } from "./fresh-parts.ts";
import {
  AT_SYMLINK_NOFOLLOW,
  FSMOUNT_CLOEXEC,
  MOUNT_ATTR_NODEV,
  MOVE_MOUNT_F_EMPTY_PATH,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  OPEN_TREE_CLONE,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
} from "./flags.ts";
import { attach, directoryInRoot, noteMount, type RootView, rootView } from "./in-root.ts";
import { addLater } from "./nested-view.ts";
import { ROOT, type RootfsSource, type RootPart } from "./types.ts";
import { DISK, writableOverlay } from "./writable.ts";

type Composed = Extract<RootfsSource, { kind: "composed" }>;

/** The machine's root file system, of which parts are shown. */
export const HOST_ROOT: CopyOnWrite = { kind: "copy-on-write", path: "/", from: "/", mode: 0o755 };

/** On the stage: the topmost lower layer, and the overlay. */
const FRESH = "fresh";
const WHOLE = "whole";

/** The host's folders of a root. */
export interface WholeViews {
  readonly views: readonly CopyOnWrite[];
  /** Those of them that are bound from the overlay. */
  readonly inRoot: readonly CopyOnWrite[];
  /** The reading view of all of `/`, if there are such. */
  readonly lower: string | undefined;
}

/**
 * A composed root in one overlay, so that a start makes two folders on the disk instead of some thirty. The overlay's
 * own root is out of the container's sight. It shows
 *
 * - below `.husk`, which this machine does not have, what is new in the container's root,
 * - below `usr`, `etc`, … this machine's folders, and in them husk's own files.
 *
 * Both come from a layer on the stage, which is made anew at each start, on top of a reading view of all of `/`.
 * Bound where they belong, they are the container's root and its parts.
 */
export function attachWholeRoot(
  list: List,
  stage: Result,
  { parts, writable }: Composed,
  { views, inRoot, lower }: WholeViews,
  { userNamespace, noDevices }: { readonly userNamespace: boolean; readonly noDevices: boolean },
): { readonly root: RootView; readonly layers: { readonly mount: Result; readonly path: string }[] } {
  list.step(
    "copy-on-write root",
    "new folders, and the host's: writable, and changes stay in the container",
    () => "#   apart from each other",
  );
  const later = makeFresh(list, stage, parts, views, inRoot);
  if (writable?.isNew === false) forgetOwnFiles(list, stage, parts, inRoot);
  const lowers = lower === undefined ? FRESH : `${FRESH}:${lower}`;
  const layers = { lower: lowers, upper: `${DISK}/upper`, work: `${DISK}/work` };
  const { overlay } = writableOverlay(list, layers, { writable, userNamespace }, "/");
  const attributes = noDevices ? MOUNT_ATTR_NODEV : 0;
  const whole = list.call("fsmount", overlay, FSMOUNT_CLOEXEC, attributes).about("overlay on /");
  list.call("mkdirat", stage, WHOLE, 0o755);
  list.call("move_mount", whole, "", stage, WHOLE, MOVE_MOUNT_F_EMPTY_PATH).about("overlay on /");
  const flags = OPEN_TREE_CLONE | O_CLOEXEC | AT_SYMLINK_NOFOLLOW;
  const mount = list.call("open_tree", whole, ROOT, flags).about("/");
  list.call("move_mount", mount, "", stage, "root", MOVE_MOUNT_F_EMPTY_PATH).about("/");
  const root = rootView(list, mount);
  const bound = inRoot.map(({ path }) => {
    const tree = list.call("open_tree", whole, path.slice(1), flags).about(path);
    attach(list, tree, directoryInRoot(root, path), path);
    noteMount(root, path);
    return { mount: tree, path };
  });
  addLater(root, later);
  return { root, layers: bound };
}

/** The layer on the stage; what stands deeper in the host's folders is returned for later. */
function makeFresh(
  list: List,
  stage: Result,
  parts: readonly RootPart[],
  views: readonly CopyOnWrite[],
  inRoot: readonly CopyOnWrite[],
): RootPart[] {
  list.call("mkdirat", stage, FRESH, 0o755);
  list.call("mkdirat", stage, `${FRESH}/${ROOT}`, 0o755);
  const place = list.call("openat", stage, `${FRESH}/${ROOT}`, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  addFreshParts(rootView(list, place), parts, views);
  const later: RootPart[] = [];
  for (const view of inRoot) {
    let isEmpty = true;
    for (const part of parts) if (isIn(part, view)) isEmpty = false;
    if (isEmpty) continue;
    list.call("mkdirat", stage, FRESH + view.path, view.mode).about(view.path);
    for (const part of fillLayer(list, stage, FRESH + view.path, parts, view)) later.push(part);
  }
  return later;
}

/** What the last run made of husk's own files would hide the new ones. */
function forgetOwnFiles(
  list: List,
  stage: Result,
  parts: readonly RootPart[],
  inRoot: readonly CopyOnWrite[],
): void {
  const how = openHow(O_PATH | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  for (const view of inRoot) {
    const files: string[] = [];
    for (const part of parts)
      if (part.kind === "file" && isIn(part, view)) files.push(part.path.slice(view.path.length + 1));
    if (files.length === 0) continue;
    const upper = `${DISK}/upper${view.path}`;
    const folder = list.call("openat2", stage, upper, how, OPEN_HOW_BYTES).accept("ENOENT").about(view.path);
    list.when(folder, "succeeded", () => {
      for (const name of files)
        if (!name.includes("/"))
          list.call("unlinkat", folder, name, 0).accept("ENOENT", "EISDIR").about(`${view.path}/${name}`);
    });
  }
}
