import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { HuskError } from "../platform/error.ts";
import { findInRoot, type RootView, statInRoot } from "../platform/in-root.ts";
import { type RootFile, withFile } from "./root-files.ts";

const O_NEW = 0o2 | 0o100 | 0o200 | 0o400000 | 0o2000000; // O_RDWR|O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC
const O_FOLDER = 0o200000 | 0o400000 | 0o2000000; // O_RDONLY|O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC
const CHUNK_BYTES = 1 << 20;
const SETID = 0o6000;

/** Something that was made in a jail, or needed not be. */
export interface JailChange {
  readonly action: "made" | "linked" | "copied" | "replaced" | "kept";
  /** Path in the jail. */
  readonly path: string;
  /** Where a link points to. */
  readonly target?: string;
  /** Size of a file. */
  readonly bytes?: number;
  /** What a file is there for, and for whom. */
  role?: "program" | "interpreter" | "loader" | "library";
  of?: string;
}

/**
 * A jail that is being filled. Every name is looked up below the jail's folder as a jailed program would, and made
 * in a folder that is held open, so that links in the jail never lead anything out of it.
 */
export interface JailTree {
  readonly view: RootView;
  readonly replace: boolean;
  readonly changes: JailChange[];
  /** Owners can be kept. */
  readonly asRoot: boolean;
  /** Folders that were made, with what they are to look like in the end. */
  readonly folders: { readonly path: string; readonly like: Stats }[];
}

/** A jail in which nothing has been done yet. */
export function openJail(folder: string, replace: boolean): JailTree {
  const asRoot = process.geteuid?.() === 0;
  return { view: { root: folder }, replace, changes: [], asRoot, folders: [] };
}

/** Sees to it that `path` leads to the same file in the jail as in `source`, with the links on its way. */
export function bringFile(jail: JailTree, source: RootView, path: string): void {
  withFile(source, path, (file) => {
    const present = keepIfSame(jail, path, file);
    if (present) return;
    statInRoot(source, path, ({ path: name, stats, target }) => {
      if (target !== undefined) bringLink(jail, name, target, stats);
      else if (stats.isDirectory()) bringFolder(jail, name, stats);
      else copyFile(jail, name, file);
    });
    // A folder of the jail's own may stand where the source has a link: /lib64 beside /usr/lib64.
    if (!leadsToFile(jail, path)) linkTo(jail, path, file.path);
  });
}

/** Makes a link at `path`, and the folders above it; something else in its place stays. */
export function linkTo(jail: JailTree, path: string, target: string): void {
  const parts = path.split("/").slice(1, -1);
  for (let count = 1; count <= parts.length; count++)
    bringFolder(jail, `/${parts.slice(0, count).join("/")}`);
  if (!bringLink(jail, path, target) && !leadsToFile(jail, path)) throw inTheWay(jail, path, "a link");
}

/** Makes a link where nothing is; false: something is there already. */
export function bringLink(jail: JailTree, path: string, target: string, like?: Stats): boolean {
  return inFolderOf(jail, path, (place) => {
    if (lstatSync(place, { throwIfNoEntry: false }) !== undefined) return false;
    symlinkSync(target, place);
    jail.changes.push({ action: "linked", path, target });
    if (like !== undefined) {
      if (jail.asRoot) tolerate(() => lchownSync(place, like.uid, like.gid));
      lutimesSync(place, like.atimeMs / 1000, like.mtimeMs / 1000);
    }
    return true;
  });
}

/** Makes a folder where there is none. */
export function bringFolder(jail: JailTree, path: string, like?: Stats): void {
  const found = statInRoot(jail.view, path);
  if (found !== undefined) {
    if (!found.stats.isDirectory()) throw inTheWay(jail, path, "a folder");
    return;
  }
  inFolderOf(jail, path, (place) => {
    // A link that leads nowhere is not found, and not replaced.
    if (lstatSync(place, { throwIfNoEntry: false }) !== undefined) throw inTheWay(jail, path, "a folder");
    mkdirSync(place, { mode: 0o755 });
    jail.changes.push({ action: "made", path });
    if (like !== undefined) jail.folders.push({ path, like });
  });
}

/** Gives the folders that were made the modes, owners and times of those they stand for. */
export function finishFolders(jail: JailTree): void {
  for (const { path, like } of jail.folders.toReversed()) {
    inFolderOf(jail, path, (place) => {
      const fd = openSync(place, O_FOLDER);
      try {
        dress(jail, fd, like, jail.asRoot ? 0 : 0o700);
      } finally {
        closeSync(fd);
      }
    });
  }
}

/** Takes away what was made, last first; what others have put beside it stays. */
export function undo(jail: JailTree): void {
  for (const { action, path } of jail.changes.toReversed()) {
    if (action === "kept" || action === "replaced") continue;
    tolerate(() =>
      inFolderOf(jail, path, (place) => (action === "made" ? rmdirSync(place) : unlinkSync(place))),
    );
  }
}

/** Notes a file that is there already; false: there is none at that path. */
function keepIfSame(jail: JailTree, path: string, file: RootFile): boolean {
  const found = statInRoot(jail.view, path);
  if (found === undefined) return false;
  if (!found.stats.isFile()) throw inTheWay(jail, found.path, "a file");
  const same = withFile(jail.view, path, (present) => hasSameContent(present, file));
  if (same === true) {
    if (!jail.changes.some(({ path: known }) => known === found.path))
      jail.changes.push({ action: "kept", path: found.path, bytes: file.stats.size });
  } else if (jail.replace) writeFile(jail, found.path, file, "replaced");
  else {
    throw new HuskError("conflict", `${jail.view.root}${found.path} is another file than ${file.path}`, {
      hint: "--replace puts the one of the source in its place",
    });
  }
  return true;
}

/** Copies a file to a path of the jail; the same content there already is kept. */
export function copyFile(jail: JailTree, path: string, file: RootFile): void {
  if (!keepIfSame(jail, path, file)) writeFile(jail, path, file, "copied");
}

/** Writes a whole file under another name and renames it: there is never half a file. */
function writeFile(jail: JailTree, path: string, file: RootFile, action: "copied" | "replaced"): void {
  inFolderOf(jail, path, (place) => {
    const present = lstatSync(place, { throwIfNoEntry: false });
    if (present !== undefined && !present.isFile()) throw inTheWay(jail, path, "a file");
    const temporary = `${place.slice(0, place.lastIndexOf("/"))}/.husk-${process.pid}`;
    const fd = openSync(temporary, O_NEW, 0o600);
    try {
      for (let at = 0; at < file.stats.size; ) {
        const bytes = file.read(at, CHUNK_BYTES);
        if (bytes.length === 0) break;
        for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
        at += bytes.length;
      }
      dress(jail, fd, file.stats);
      renameSync(temporary, place);
    } catch (error) {
      unlinkSync(temporary);
      throw error;
    } finally {
      closeSync(fd);
    }
    jail.changes.push({ action, path, bytes: file.stats.size });
  });
}

/** Mode, owner and times; set-user-id and set-group-id only together with the owner they stand for. */
function dress(jail: JailTree, fd: number, like: Stats, more = 0): void {
  if (jail.asRoot) tolerate(() => fchownSync(fd, like.uid, like.gid));
  const { uid, gid } = fstatSync(fd);
  const owned = uid === like.uid && gid === like.gid;
  fchmodSync(fd, ((owned ? like.mode : like.mode & ~SETID) & 0o7777) | more);
  futimesSync(fd, like.atimeMs / 1000, like.mtimeMs / 1000);
}

function hasSameContent(a: RootFile, b: RootFile): boolean {
  if (a.stats.size !== b.stats.size) return false;
  for (let at = 0; at < a.stats.size; at += CHUNK_BYTES) {
    if (Buffer.compare(a.read(at, CHUNK_BYTES), b.read(at, CHUNK_BYTES)) !== 0) return false;
  }
  return true;
}

function leadsToFile(jail: JailTree, path: string): boolean {
  return statInRoot(jail.view, path)?.stats.isFile() === true;
}

/** Calls `use` with a path that means the last name of `path`, in its folder, whatever happens to the jail meanwhile. */
function inFolderOf<T>(jail: JailTree, path: string, use: (place: string) => T): T {
  const slash = path.lastIndexOf("/");
  const folder = findInRoot(jail.view, path.slice(0, slash));
  if (folder === undefined) throw inTheWay(jail, path.slice(0, slash), "a folder");
  try {
    return use(`/proc/self/fd/${folder.fd}/${path.slice(slash + 1)}`);
  } finally {
    closeSync(folder.fd);
  }
}

function inTheWay(jail: JailTree, path: string, wanted: string): HuskError {
  const { root } = jail.view;
  let what = "something else is there";
  try {
    what = `it is a link to ${readlinkSync(`${root}${path}`)}, where nothing usable is`;
  } catch {
    // No link: the general words fit.
  }
  return new HuskError("conflict", `${root}${path} cannot become ${wanted}: ${what}`, {
    hint: `rename or remove ${root}${path}, or make another jail`,
  });
}

function tolerate(action: () => void): void {
  try {
    action();
  } catch {
    // Less than asked is all that can be had: an owner outside the user namespace, a folder that is not empty.
  }
}
