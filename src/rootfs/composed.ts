import type { List, Result } from "../plan/index.ts";
import type { AttachedRoot } from "./attached-root.ts";
import { readerShell, stageShell, viewShell } from "./composed-shell.ts";
import { newFileSystem } from "./file-system.ts";
import { AT_FDCWD, FSMOUNT_CLOEXEC, MOVE_MOUNT_F_EMPTY_PATH, O_CLOEXEC, OPEN_TREE_CLONE } from "./flags.ts";
import { addFreshParts, type CopyOnWrite, fillLayer, isIn, partsIn } from "./fresh-parts.ts";
import { attach, directoryInRoot, noteMount, type RootView, rootView } from "./in-root.ts";
import { addLater, addNestedView, type ViewContext } from "./nested-view.ts";
import { COMPOSED_MARK, type RootfsSource, viewName, type WritableFolder } from "./types.ts";
import { attachWholeRoot, HOST_ROOT } from "./whole-root.ts";
import { DISK, openWritable, stageWritable, writableOverlay } from "./writable.ts";

type Composed = Extract<RootfsSource, { kind: "composed" }>;

export interface ComposedOptions {
  readonly userNamespace: boolean;
  readonly noDevices: boolean;
  /** See {@link import("./attach.ts").AttachOptions}. */
  readonly keeper?: List | undefined;
}

/**
 * Composes a root file system, in memory or in the container's folder. One tmpfs, the stage, holds, out of the
 * container's sight, what overlays need. Each copy-on-write part is two overlays, one on the other:
 *
 * - `a0`, `a1`, …: the host's folder, read-only, mounted while this process acts as `reader`, a user who owns nothing.
 *   An overlay acts on its layers with the rights of who mounted it, so the kernel itself refuses all that others may
 *   not read, to the container's root too (ovl_permission in fs/overlayfs/inode.c). No list of secrets to go stale.
 * - above that, mounted with all rights, the writable view; what is written lands on the stage or in the folder.
 *
 * The root itself is an ordinary folder, on the stage or the container's `upper`, or, with most parts, in one overlay
 * of both kinds (whole-root.ts).
 *
 * Overlays may stand two deep (FILESYSTEM_MAX_STACK_DEPTH); where the host's folder is on an overlay itself, see
 * nested-view.ts.
 */
export function attachComposed(list: List, source: Composed, options: ComposedOptions): AttachedRoot {
  const views: CopyOnWrite[] = [];
  for (const part of source.parts) if (part.kind === "copy-on-write") views.push(part);
  const stage = makeStage(list, source, options);
  if (source.writable?.form === "whole") return attachWhole(list, stage, source, views, options);
  const root = rootView(list, plainRoot(list, stage, source));
  if (source.writable?.isNew !== false) addFreshParts(root, source.parts, views);
  const lowers = readAs(list, stage, source.reader, views);
  const layers = addViews(root, stage, source, views, lowers, options);
  if (source.writable?.isNew === true) markComposed(list, stage, "views");
  return { view: root, layers, staged: true };
}

/** The root and the parts `inRoot` in one overlay; the others as they are elsewhere. */
function attachWhole(
  list: List,
  stage: Result,
  source: Composed,
  views: readonly CopyOnWrite[],
  options: ComposedOptions,
): AttachedRoot {
  const inRoot: CopyOnWrite[] = [];
  const others: CopyOnWrite[] = [];
  for (const view of views) (view.inRoot === true ? inRoot : others).push(view);
  if (inRoot.length > 0) others.unshift(HOST_ROOT);
  const lowers = readAs(list, stage, source.reader, others);
  const lower = inRoot.length > 0 ? lowers[0] : undefined;
  const { root, layers } = attachWholeRoot(list, stage, source, { views, inRoot, lower }, options);
  const beside = addViews(root, stage, source, others, lowers, options);
  if (source.writable?.isNew === true && beside.length > 0) markComposed(list, stage, "beside");
  return { view: root, layers: [...layers, ...beside], staged: true };
}

function markComposed(list: List, stage: Result, folder: "views" | "beside"): void {
  list.call("mkdirat", stage, `${DISK}/${folder}/${COMPOSED_MARK}`, 0o755).accept("EEXIST");
}

function addViews(
  root: RootView,
  stage: Result,
  source: Composed,
  views: readonly CopyOnWrite[],
  lowers: readonly (string | undefined)[],
  { userNamespace }: ComposedOptions,
): { mount: Result; path: string }[] {
  const context: ViewContext = { list: root.list, stage, root, userNamespace };
  const mounted: { mount: Result; path: string }[] = [];
  for (let i = 0; i < views.length; i++) {
    const view = views[i] as CopyOnWrite;
    if (view === HOST_ROOT) continue;
    mounted.push({ mount: addView(context, source, view, i, lowers[i]), path: view.path });
  }
  return mounted;
}

function makeStage(list: List, source: Composed, options: ComposedOptions): Result {
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
  if (writable !== undefined)
    stageWritable(list, base, opened ?? openWritable(list, writable, options), writable);
  return base;
}

function plainRoot(list: List, stage: Result, { writable }: Composed): Result {
  const from = writable === undefined ? "root" : `${DISK}/upper`;
  const root = list.call("open_tree", stage, from, OPEN_TREE_CLONE | O_CLOEXEC);
  list.call("move_mount", root, "", stage, "root", MOVE_MOUNT_F_EMPTY_PATH);
  return root;
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
  const [upper, work] = placesOf(view, index, writable);
  list.call("mkdirat", stage, upper, view.mode).accept("EEXIST").about(path);
  list.call("mkdirat", stage, work, 0o755).accept("EEXIST").about(path);
  const later =
    writable === undefined
      ? fillLayer(list, stage, upper, source.parts, view)
      : partsIn(view, source.parts, writable.isNew);
  const place = directoryInRoot(root, path);
  const layers = { lower: lower ?? nameOf(list, stage, view, index), upper, work };
  const { overlay, create } = writableOverlay(list, layers, { ...context, writable }, path);
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

function placesOf(
  { path }: CopyOnWrite,
  index: number,
  writable: WritableFolder | undefined,
): [upper: string, work: string] {
  if (writable === undefined) return [`u${index}`, `w${index}`];
  const name = viewName(path);
  return writable.form === "whole"
    ? [`${DISK}/beside/${name}`, `${DISK}/beside-work/${name}`]
    : [`${DISK}/views/${name}`, `${DISK}/work/${name}`];
}
