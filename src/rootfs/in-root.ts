import { Check, type List, Memory, OPEN_HOW_BYTES, openHow, type Result, type Call } from "../plan/index.ts";
import {
  AT_EMPTY_PATH,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_TRUNC,
  O_WRONLY,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_SYMLINKS,
  S_IFCHR,
  S_IFMT,
  S_IFREG,
} from "./flags.ts";

/**
 * The container's root file system while a plan is written. Every path in it is resolved by the kernel with
 * RESOLVE_IN_ROOT from `descriptor`, which holds the same directory before and after `pivot_root`.
 */
export interface RootView {
  /** The container's list: who acts. */
  readonly list: List;
  readonly descriptor: Result;
  /** `struct open_how` by its values: one block of plan memory serves all calls alike. */
  readonly hows: { readonly flags: number; readonly resolve: number; readonly memory: Memory }[];
  /** What has been mounted, in order. */
  readonly mounts: NotedMount[];
}

/** Something mounted in the root while the plan is written. */
export interface NotedMount {
  readonly path: string;
  /** Of a file system that husk has just made: nobody else has ever seen it, what is done in it needs no defence. */
  readonly own: Result | undefined;
  /** Directories cannot be made in it: proc and sysfs have what they have. */
  readonly fixed: boolean;
}

export function rootView(list: List, descriptor: Result): RootView {
  return { list, descriptor, hows: [], mounts: [] };
}

function how(root: RootView, flags: number, resolve: number): Memory {
  const { hows } = root;
  for (let i = 0; i < hows.length; i++) {
    const known = hows[i] as RootView["hows"][number];
    if (known.flags === flags && known.resolve === resolve) return known.memory;
  }
  const memory = openHow(flags, (flags & O_CREAT) === 0 ? 0 : 0o644, resolve);
  hows.push({ flags, resolve, memory });
  return memory;
}

/**
 * Opens a path of the container: symbolic links and `..` cannot lead out of its root (openat2(2)).
 * `resolve` adds to or replaces RESOLVE_IN_ROOT; O_CLOEXEC is always set.
 */
export function openInRoot(
  root: RootView,
  path: string,
  flags: number = O_PATH,
  resolve: number = RESOLVE_IN_ROOT,
  from: Result = root.descriptor,
): Call {
  return root.list
    .call("openat2", from, path, how(root, flags | O_CLOEXEC, resolve), OPEN_HOW_BYTES)
    .about(path);
}

/** Lexically cleaned absolute path: no `.`, `..`, doubled or final slashes; relative ones count from `/`. */
export function cleanPath(path: string): string {
  if (path.charCodeAt(0) === 47 && !path.includes("//") && !path.includes("/.") && !path.endsWith("/"))
    return path;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** In places where no symbolic link has any business. */
export const STRICT: number = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS;

/** The descriptor of a directory of the container, which is made (0755) when it is missing. */
export function directoryInRoot(root: RootView, path: string, resolve: number = RESOLVE_IN_ROOT): Result {
  const { list, mounts } = root;
  if (path === "/") return root.descriptor;
  const slash = path.lastIndexOf("/");
  for (let i = mounts.length - 1; i >= 0; i--) {
    const { path: above, own, fixed } = mounts[i] as NotedMount;
    if (above !== path && !(path.startsWith(above) && path.charCodeAt(above.length) === 47)) continue;
    if (own === undefined || above === path) {
      if (own !== undefined) return own;
      break;
    }
    const inside = path.slice(above.length + 1);
    if (fixed) return openInRoot(root, inside, O_PATH | O_DIRECTORY, STRICT, own).about(path);
    if (slash !== above.length) break;
    list.call("mkdirat", own, inside, 0o755).accept("EEXIST").about(path);
    return list.call("openat", own, inside, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0).about(path);
  }
  if (slash === 0) {
    // Cheaper than asking first: on an existing one, also on a link or a read-only root, this is EEXIST.
    list.call("mkdirat", root.descriptor, path.slice(1), 0o755).accept("EEXIST").about(path);
    return openInRoot(root, path, O_PATH | O_DIRECTORY, resolve);
  }
  const found = openInRoot(root, path, O_PATH | O_DIRECTORY, resolve).accept("ENOENT");
  return otherwise(list, found, () => makeDirectories(root, path, resolve));
}

/** Takes note of a mount: what it covers is not to be used any more, and it may be one of husk's own. */
export function noteMount(root: RootView, path: string, own?: Result, fixed = false): void {
  const { mounts } = root;
  for (let i = mounts.length - 1; i >= 0; i--) {
    const known = (mounts[i] as NotedMount).path;
    if (known === path || known.startsWith(`${path}/`)) mounts.splice(i, 1);
  }
  mounts.push({ path, own, fixed });
}

/** Whether what stands at a path is a file system of husk's own. */
export function isOwnMount(root: RootView, path: string): boolean {
  for (const mount of root.mounts) if (mount.path === path && mount.own !== undefined) return true;
  return false;
}

/** The descriptor of a file of the container (not a directory), which is made, empty, when it is missing. */
export function fileInRoot(root: RootView, path: string, flags = 0): Result {
  const found = openInRoot(root, path, O_PATH | flags).accept("ENOENT");
  return otherwise(root.list, found, () => makeFile(root, path));
}

/** `first` unless it failed, then the result of what `make` adds. */
function otherwise(list: List, first: Result, make: () => Result): Result {
  const cell = new Memory(4);
  list.store(first, cell, 0);
  list.when(first, "failed", () => {
    list.store(make(), cell, 0);
  });
  return list.load(cell, 0);
}

/**
 * Makes each missing directory by mkdirat(2) of one name in a parent that was opened inside the root, so nothing
 * is ever made outside, whoever swaps directories for links meanwhile (CVE-2024-45310). Returns the last one.
 */
export function makeDirectories(root: RootView, path: string, resolve: number = RESOLVE_IN_ROOT): Result {
  let parent = root.descriptor;
  for (let start = 1; start <= path.length; ) {
    let end = path.indexOf("/", start);
    if (end < 0) end = path.length;
    root.list
      .call("mkdirat", parent, path.slice(start, end), 0o755)
      .accept("EEXIST")
      .about(path.slice(0, end));
    parent = openInRoot(root, path.slice(0, end), O_PATH | O_DIRECTORY, resolve);
    start = end + 1;
  }
  return parent;
}

/** The parent directory (made when missing) and last name of a path of the container. */
export function parentInRoot(root: RootView, path: string): { parent: Result; name: string } {
  const slash = path.lastIndexOf("/");
  return {
    parent: slash <= 0 ? root.descriptor : directoryInRoot(root, path.slice(0, slash)),
    name: path.slice(slash + 1),
  };
}

function makeFile(root: RootView, path: string): Result {
  const slash = path.lastIndexOf("/");
  const parent = slash <= 0 ? root.descriptor : makeDirectories(root, path.slice(0, slash));
  return emptyFile(root, parent, path.slice(slash + 1), path);
}

/**
 * An empty file to mount something on; an existing one of any kind will do, but no symbolic link. It is never opened
 * for writing, as that would keep its file system from becoming read-only.
 */
export function emptyFile(root: RootView, parent: Result, name: string, path: string): Result {
  root.list
    .call("mknodat", parent, name, S_IFREG | 0o644, 0)
    .accept("EEXIST")
    .about(path);
  return openInRoot(root, name, O_PATH | O_NOFOLLOW, STRICT, parent).about(path);
}

/**
 * Writes one of husk's own files (resolv.conf, hosts, hostname) into the container's root, replacing what is there.
 * A symbolic link in its place is replaced, never followed (CVE-2025-24965).
 *
 * @param mode permission bits, whatever the umask
 */
export function writeFileInRoot(root: RootView, path: string, content: string, mode = 0o644): void {
  const { list } = root;
  const { parent, name } = parentInRoot(root, cleanPath(path));
  list.call("unlinkat", parent, name, 0).accept("ENOENT").about(path);
  writeNewFile(list, parent, name, content, mode, path);
}

/** Makes a symbolic link in the container's root, replacing what is there. */
export function linkInRoot(root: RootView, path: string, target: string): void {
  const { parent, name } = parentInRoot(root, cleanPath(path));
  root.list.call("unlinkat", parent, name, 0).accept("ENOENT").about(path);
  root.list.call("symlinkat", target, parent, name).about(path);
}

/** Writes a file that must not exist yet into an open directory. */
export function writeNewFile(
  list: List,
  directory: Result,
  name: string,
  content: string,
  mode: number,
  path: string = name,
): void {
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
  const file = list.call("openat", directory, name, flags, mode).about(path);
  list.call("fchmod", file, mode).about(path);
  const bytes = new TextEncoder().encode(content);
  if (bytes.length > 0) list.call("write", file, bytes, bytes.length).expect(bytes.length).about(path);
  list.call("close", file);
}

/** Attaches a detached mount to an open place. */
export function attach(list: List, tree: Result, place: Result, path: string): Call {
  return list
    .call("move_mount", tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)
    .about(path);
}

const STATX_TYPE = 1;
const STATX_BYTES = 256;
const STX_MODE = 28;
const STX_RDEV_MAJOR = 128;
const STX_RDEV_MINOR = 132;

/** Fails (ENODEV) unless an open file is the character device `major`:`minor`; `minor` undefined: any (statx(2)). */
export function checkCharacterDevice(
  list: List,
  file: Result,
  major: number,
  minor: number | undefined,
  path: string,
): void {
  checkDevice(list, file, S_IFCHR, major, minor, path);
}

/** Fails (ENODEV) unless an open file is a device of that kind and number (statx(2)). */
export function checkDevice(
  list: List,
  file: Result,
  kind: number,
  major: number,
  minor: number | undefined,
  path: string,
): void {
  const info = new Memory(STATX_BYTES);
  list.call("statx", file, "", AT_EMPTY_PATH, STATX_TYPE, info).about(path);
  list.add(new Check(info, STX_MODE, "u32", kind, "ENODEV", S_IFMT, path));
  list.add(new Check(info, STX_RDEV_MAJOR, "u32", major, "ENODEV", 0xffffffff, path));
  if (minor !== undefined)
    list.add(new Check(info, STX_RDEV_MINOR, "u32", minor, "ENODEV", 0xffffffff, path));
}
