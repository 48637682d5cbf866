import { type Call, type List, Memory, type Result } from "../plan/index.ts";
import { changeMount } from "./file-system.ts";
import {
  AT_FDCWD,
  AT_RECURSIVE,
  AT_REMOVEDIR,
  FSMOUNT_CLOEXEC,
  MOUNT_ATTR_RDONLY,
  O_CLOEXEC,
  O_PATH,
  OPEN_TREE_CLONE,
} from "./flags.ts";
import {
  attach,
  directoryInRoot,
  openInRoot,
  type RootView,
  linkInRoot,
  writeFileInRoot,
  writeNewFile,
} from "./in-root.ts";
import type { RootPart } from "./types.ts";

/** What making a view of a host's folder needs. */
export interface ViewContext {
  readonly list: List;
  /** The tmpfs the root is composed in. */
  readonly stage: Result;
  readonly root: RootView;
  readonly userNamespace: boolean;
}

/** An overlay on a folder that is on an overlay itself: it may or may not have been made. */
export interface NestedAttempt {
  /** Makes the file system; EINVAL when overlays already stand two deep here. */
  readonly create: Call;
  readonly context: Result;
  readonly place: Result;
  readonly view: Extract<RootPart, { kind: "copy-on-write" }>;
  readonly hidden: readonly string[];
  /** Files and links that stand in the view. */
  readonly files: readonly RootPart[];
  /** Those of them that are not in the writable layer yet. */
  readonly later: readonly RootPart[];
}

/**
 * Where the host's folder is on an overlay (husk in a container), the reading overlay has no room. One overlay deep,
 * what others may not read is removed from the writable view; two deep, the folder is bound read-only and those
 * files are covered. Returns the mount.
 */
export function addNestedView(context: ViewContext, attempt: NestedAttempt): Result {
  const { list } = context;
  const cell = new Memory(4);
  list.when(attempt.create, "succeeded", () => list.store(writableView(context, attempt), cell, 0));
  list.when(attempt.create, "failed", () => list.store(readOnlyView(context, attempt), cell, 0));
  return list.load(cell, 0);
}

function writableView({ list, root }: ViewContext, attempt: NestedAttempt): Result {
  const { path } = attempt.view;
  const mount = list.call("fsmount", attempt.context, FSMOUNT_CLOEXEC, 0).about(`overlay on ${path}`);
  attach(list, mount, attempt.place, path);
  for (const name of attempt.hidden) {
    const isFolder = name.endsWith("/");
    const target = isFolder ? name.slice(0, -1) : name;
    list
      .call("unlinkat", mount, target, isFolder ? AT_REMOVEDIR : 0)
      .accept("ENOENT")
      .about(`${path}/${target}`);
  }
  addLater(root, attempt.later);
  return mount;
}

function readOnlyView({ list, stage, root, userNamespace }: ViewContext, attempt: NestedAttempt): Result {
  const { path, from } = attempt.view;
  // Under a user namespace the kernel keeps what is mounted below, lest it show what those mounts hide.
  const recursive = userNamespace ? AT_RECURSIVE : 0;
  const mount = list.call("open_tree", AT_FDCWD, from, OPEN_TREE_CLONE | O_CLOEXEC | recursive).about(from);
  changeMount(list, mount, { set: MOUNT_ATTR_RDONLY, recursive: userNamespace }, path);
  attach(list, mount, attempt.place, path);
  if (attempt.hidden.length > 0) {
    list.call("mkdirat", stage, "covers", 0o755).accept("EEXIST");
    list.call("mkdirat", stage, "covers/folder", 0).accept("EEXIST");
    list.call("mknodat", stage, "covers/file", 0o100000, 0).accept("EEXIST");
  }
  for (const name of attempt.hidden) {
    const isFolder = name.endsWith("/");
    const target = isFolder ? name.slice(0, -1) : name;
    cover(list, mount, target, stage, isFolder ? "covers/folder" : "covers/file", `${path}/${target}`);
  }
  for (const part of attempt.files) {
    if (part.kind !== "file") continue;
    const name = `f${part.path.replaceAll("/", "_")}`;
    writeNewFile(list, stage, name, part.content, part.mode, part.path);
    const target = openInRoot(root, part.path).accept("ENOENT");
    list.when(target, "succeeded", () => {
      const tree = list.call("open_tree", stage, name, OPEN_TREE_CLONE | O_CLOEXEC).about(part.path);
      attach(list, tree, target, part.path);
    });
  }
  return mount;
}

function cover(list: List, mount: Result, target: string, stage: Result, with_: string, path: string): void {
  const found = list
    .call("openat", mount, target, O_PATH | O_CLOEXEC, 0)
    .accept("ENOENT")
    .about(path);
  list.when(found, "succeeded", () => {
    const tree = list.call("open_tree", stage, with_, OPEN_TREE_CLONE | O_CLOEXEC).about(path);
    changeMount(list, tree, { set: MOUNT_ATTR_RDONLY }, path);
    attach(list, tree, found, path);
  });
}

/** Adds what could not be put into the writable layer before it was mounted. */
export function addLater(root: RootView, parts: readonly RootPart[]): void {
  for (const part of parts) {
    if (part.kind === "file") writeFileInRoot(root, part.path, part.content, part.mode);
    else if (part.kind === "directory") directoryInRoot(root, part.path);
    else if (part.kind === "link") linkInRoot(root, part.path, part.target);
  }
}
