import type { List, Result } from "../plan/index.ts";
import type { AttachedRoot } from "./attached-root.ts";
import { readerShell, stageShell, viewShell } from "./composed-shell.ts";
import { newFileSystem, setFlag, setString } from "./file-system.ts";
import {
  AT_FDCWD,
  FSCONFIG_CMD_CREATE,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOVE_MOUNT_F_EMPTY_PATH,
  O_CLOEXEC,
  OPEN_TREE_CLONE,
} from "./flags.ts";
import {
  attach,
  directoryInRoot,
  noteMount,
  type RootView,
  rootView,
  writeFileInRoot,
  writeNewFile,
} from "./in-root.ts";
import { isBelow } from "./mount-destination.ts";
import { addLater, addNestedView, type ViewContext } from "./nested-view.ts";
import { COMPOSED_MARK, type RootfsSource, type RootPart, viewName } from "./types.ts";
import { DISK, openWritable, setVolatile, stageWritable } from "./writable.ts";

type Composed = Extract<RootfsSource, { kind: "composed" }>;
type CopyOnWrite = Extract<RootPart, { kind: "copy-on-write" }>;

export interface ComposedOptions {
  readonly userNamespace: boolean;
  readonly noDevices: boolean;
  /** See {@link import("./attach.ts").AttachOptions}. */
  readonly keeper?: List | undefined;
}

/**
 * Composes a root file system, in memory or in the container's folder. One tmpfs, the stage, holds the root (`root`,
 * or the folder's `upper`) and, out of the container's sight, what overlays need. Each copy-on-write part is two overlays, one on the other:
 *
 * - `a0`, `a1`, …: the host's folder, read-only, mounted while this process acts as `reader`, a user who owns nothing.
 *   An overlay acts on its layers with the rights of who mounted it, so the kernel itself refuses all that others may
 *   not read, to the container's root too (ovl_permission in fs/overlayfs/inode.c). No list of secrets to go stale.
 * - above that, mounted with all rights, the writable view; what is written lands on the stage or in the folder.
 *
 * Overlays may stand two deep (FILESYSTEM_MAX_STACK_DEPTH); where the host's folder is on an overlay itself, see
 * nested-view.ts.
 */
export function attachComposed(list: List, source: Composed, options: ComposedOptions): AttachedRoot {
  const { userNamespace } = options;
  const views: CopyOnWrite[] = [];
  for (const part of source.parts) if (part.kind === "copy-on-write") views.push(part);
  const stage = makeStage(list, source, options);
  const root = rootView(list, stage.root);
  if (source.writable?.isNew !== false) addFreshParts(root, source.parts, views);
  const lowers = readAs(list, stage.base, source.reader, views);
  const context: ViewContext = { list, stage: stage.base, root, userNamespace };
  const layers: { mount: Result; path: string }[] = [];
  for (let i = 0; i < views.length; i++) {
    const view = views[i] as CopyOnWrite;
    layers.push({ mount: addView(context, source, view, i, lowers[i]), path: view.path });
  }
  if (source.writable?.isNew === true)
    list.call("mkdirat", stage.base, `${DISK}/views/${COMPOSED_MARK}`, 0o755).accept("EEXIST");
  return { view: root, layers, staged: true };
}

function makeStage(list: List, source: Composed, options: ComposedOptions): { base: Result; root: Result } {
  const { writable } = source;
  const opened =
    writable === undefined || options.keeper === undefined
      ? undefined
      : openWritable(list, writable, options);
  if (writable === undefined)
    list.step("root in memory", "an empty root file system that goes when the container goes", () =>
      stageShell(source),
    );
  else
    list.step("root in the container's folder", `what the container writes is kept in ${writable.path}`, () =>
      stageShell(source),
    );
  list.call("umask", 0);
  const data = source.size === undefined ? ["mode=755"] : ["mode=755", `size=${source.size}`];
  const base = newFileSystem(list, { type: "tmpfs", source: "tmpfs", data }, "/");
  list.call("move_mount", base, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH).about("/");
  // Overlays take their folders by name: with this working directory the names are short and our own.
  list.call("fchdir", base);
  list.call("mkdirat", base, "root", 0o755);
  let from = "root";
  if (writable !== undefined) {
    stageWritable(list, base, opened ?? openWritable(list, writable, options), writable);
    from = `${DISK}/upper`;
  }
  const root = list.call("open_tree", base, from, OPEN_TREE_CLONE | O_CLOEXEC);
  list.call("move_mount", root, "", base, "root", MOVE_MOUNT_F_EMPTY_PATH);
  return { base, root };
}

/** The view a path stands in, if it stands in one. */
function viewOf(path: string, views: readonly CopyOnWrite[]): CopyOnWrite | undefined {
  let found: CopyOnWrite | undefined;
  for (const view of views) if (isBelow(path, view.path)) found = view;
  return found;
}

function addFreshParts(root: RootView, parts: readonly RootPart[], views: readonly CopyOnWrite[]): void {
  const { list, descriptor } = root;
  for (const part of parts) {
    const { path } = part;
    const name = path.slice(1);
    if (part.kind === "copy-on-write" ? name.includes("/") : viewOf(path, views) !== undefined) continue;
    // A start that failed may have come this far already.
    if (part.kind === "link")
      list.call("symlinkat", part.target, descriptor, name).accept("EEXIST").about(path);
    else if (part.kind === "file") writeFileInRoot(root, path, part.content, part.mode);
    else list.call("mkdirat", descriptor, name, part.mode).accept("EEXIST").about(path);
  }
}

/**
 * Mounts the reading overlays and returns their names; undefined where the host's folder is on an overlay already, or
 * nobody else's id can be had (an ordinary user with a single mapping: nothing in there is read but by own right).
 */
function readAs(
  list: List,
  stage: Result,
  reader: number | undefined,
  views: readonly CopyOnWrite[],
): readonly (string | undefined)[] {
  if (reader === undefined || views.every((view) => view.hidden !== undefined)) return [];
  list.step(
    "the host's folders, as others may read them",
    "mounted by a user who owns nothing: what others may not read stays unreadable, for the container's root too",
    () => readerShell(views, reader),
  );
  list.call("mkdirat", stage, "empty", 0o755);
  const folders = views.map((view, i) =>
    view.hidden === undefined ? nameOf(list, stage, view, i) : undefined,
  );
  list.call("setgroups", 0, null);
  list.call("setfsgid", reader);
  // Leaving user id 0 takes the rights over other people's files away from this process (capabilities(7)).
  list.call("setfsuid", reader);
  list.call("setfsgid", -1).expect(reader).about(`group id ${reader}`);
  list.call("setfsuid", -1).expect(reader).about(`user id ${reader}`);
  const lowers = folders.map((folder, i) => {
    if (folder === undefined) return undefined;
    const { from } = views[i] as CopyOnWrite;
    // Without a writable layer an overlay wants two lower ones.
    const mount = newFileSystem(list, { type: "overlay", data: [`lowerdir=${folder}:empty`] }, from);
    return { mount, name: `a${i}`, from };
  });
  list.call("setfsuid", 0);
  list.call("setfsgid", 0);
  return lowers.map((lower) => {
    if (lower === undefined) return undefined;
    list.call("mkdirat", stage, lower.name, 0o755);
    list.call("move_mount", lower.mount, "", stage, lower.name, MOVE_MOUNT_F_EMPTY_PATH).about(lower.from);
    return lower.name;
  });
}

/** A name overlayfs can read: characters that part layers, and very long ones, go by way of a bind mount. */
function nameOf(list: List, stage: Result, view: CopyOnWrite, index: number): string {
  if (!/[:,\\]/.test(view.from) && view.from.length < 200) return view.from;
  const name = `s${index}`;
  list.call("mkdirat", stage, name, 0o755);
  const tree = list.call("open_tree", AT_FDCWD, view.from, OPEN_TREE_CLONE | O_CLOEXEC).about(view.from);
  list.call("move_mount", tree, "", stage, name, MOVE_MOUNT_F_EMPTY_PATH).about(view.from);
  return name;
}

/** Adds the writable view of one folder, and returns its mount. */
function addView(
  context: ViewContext,
  source: Composed,
  view: CopyOnWrite,
  index: number,
  lower: string | undefined,
): Result {
  const { list, stage, root } = context;
  const { path } = view;
  list.step(`copy-on-write ${path}`, `the host's ${view.from}, writable: changes stay in the container`, () =>
    viewShell(source, view, index, { userNamespace: context.userNamespace, read: lower !== undefined }),
  );
  const { writable } = source;
  const upper = writable === undefined ? `u${index}` : `${DISK}/views/${viewName(path)}`;
  const work = writable === undefined ? `w${index}` : `${DISK}/work/${viewName(path)}`;
  list.call("mkdirat", stage, upper, view.mode).accept("EEXIST").about(path);
  list.call("mkdirat", stage, work, 0o755).accept("EEXIST").about(path);
  const later =
    writable === undefined
      ? fillUpper(list, stage, upper, source.parts, view)
      : partsIn(view, source.parts, writable.isNew);
  const place = directoryInRoot(root, path);
  const overlay = list.call("fsopen", "overlay", FSOPEN_CLOEXEC).about('file system "overlay"');
  setString(list, overlay, "source", "overlay", "overlay");
  setString(list, overlay, "lowerdir", lower ?? nameOf(list, stage, view, index), "overlay");
  setString(list, overlay, "upperdir", upper, "overlay");
  setString(list, overlay, "workdir", work, "overlay");
  if (context.userNamespace) setFlag(list, overlay, "userxattr", "overlay");
  setVolatile(list, overlay, writable);
  const create = list
    .call("fsconfig", overlay, FSCONFIG_CMD_CREATE, null, null, 0)
    .about(`overlay on ${path}`);
  if (view.hidden !== undefined) {
    create.accept("EINVAL");
    const files = source.parts.filter((part) => isIn(part, view));
    noteMount(root, path);
    return addNestedView(context, {
      create,
      context: overlay,
      place,
      view,
      hidden: view.hidden,
      files,
      later,
    });
  }
  const mount = list.call("fsmount", overlay, FSMOUNT_CLOEXEC, 0).about(`overlay on ${path}`);
  attach(list, mount, place, path);
  noteMount(root, path);
  addLater(root, later);
  return mount;
}

/** What stands in a view and is put there when it is mounted; of a root that was used before, husk's own files alone. */
function partsIn(view: CopyOnWrite, parts: readonly RootPart[], isNew: boolean): RootPart[] {
  const inside: RootPart[] = [];
  for (const part of parts) if (isIn(part, view) && (isNew || part.kind === "file")) inside.push(part);
  return inside;
}

function isIn(part: RootPart, view: CopyOnWrite): boolean {
  return part !== view && part.kind !== "copy-on-write" && isBelow(part.path, view.path);
}

/** Puts files and links into the writable layer before it is mounted; what stands deeper is returned for later. */
function fillUpper(
  list: List,
  stage: Result,
  upper: string,
  parts: readonly RootPart[],
  view: CopyOnWrite,
): RootPart[] {
  const later: RootPart[] = [];
  for (const part of parts) {
    if (!isIn(part, view)) continue;
    const name = part.path.slice(view.path.length + 1);
    if (name.includes("/") || part.kind === "directory") later.push(part);
    else if (part.kind === "link")
      list.call("symlinkat", part.target, stage, `${upper}/${name}`).about(part.path);
    else if (part.kind === "file")
      writeNewFile(list, stage, `${upper}/${name}`, part.content, part.mode, part.path);
  }
  return later;
}
