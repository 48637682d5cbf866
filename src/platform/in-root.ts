import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, type Stats } from "node:fs";
import { HuskError } from "./error.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const O_PATH = 0o10000000;

/** A root file system as its programs will see it. */
export interface RootView {
  /** Absolute path of the root directory on this machine. */
  readonly root: string;
  /** Host folders and files mounted over it: path in the container to path on this machine. */
  readonly binds?: ReadonlyMap<string, string>;
}

/** A file found below a root; `fd` refers to it by O_PATH and is the caller's to close. */
export interface FoundFile {
  readonly fd: number;
  readonly stats: Stats;
  /** Path below the root, without symbolic links. */
  readonly path: string;
}

/** One name on the way to a file: a folder, a symbolic link that is followed, or the file itself. */
export interface PathStep {
  /** Path below the root, without symbolic links before its last name. */
  readonly path: string;
  readonly stats: Stats;
  /** Where a symbolic link points to. */
  readonly target?: string;
}

/**
 * Finds a file as a program whose root is `view.root` would: symbolic links and ".." never lead out.
 *
 * Every part is opened without following links, relative to a descriptor that is held, so that
 * nobody who changes the tree meanwhile can redirect the walk to a file outside of it.
 *
 * @param visit is told of every name on the way
 * @returns undefined when a part does not exist, is no directory, or links go round in circles
 */
export function findInRoot(
  view: RootView,
  path: string,
  visit?: (step: PathStep) => void,
): FoundFile | undefined {
  const held: number[] = [];
  const names: string[] = [];
  const todo = path.split("/").toReversed();
  let links = 0;
  try {
    held.push(openSync(view.root, O_PATH | O_DIRECTORY));
    for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (names.pop() !== undefined) closeSync(held.pop() as number);
        continue;
      }
      const inside = `/${[...names, part].join("/")}`;
      const bind = view.binds?.get(inside);
      const here = bind ?? `/proc/self/fd/${held.at(-1)}/${part}`;
      const fd = openSync(here, bind === undefined ? O_PATH | O_NOFOLLOW : O_PATH);
      held.push(fd);
      names.push(part);
      const stats = fstatSync(fd);
      if (!stats.isSymbolicLink()) {
        visit?.({ path: inside, stats });
        continue;
      }
      if (++links > 40) return undefined;
      const target = readlinkSync(here);
      visit?.({ path: inside, stats, target });
      closeSync(held.pop() as number);
      names.pop();
      if (target.startsWith("/")) {
        while (names.pop() !== undefined) closeSync(held.pop() as number);
      }
      todo.push(...target.split("/").toReversed());
    }
    const fd = held.pop() as number;
    return { fd, stats: fstatSync(fd), path: `/${names.join("/")}` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return undefined;
    throw error;
  } finally {
    for (const fd of held) closeSync(fd);
  }
}

/** As {@link findInRoot}, without keeping the file open. */
export function statInRoot(
  view: RootView,
  path: string,
  visit?: (step: PathStep) => void,
): Omit<FoundFile, "fd"> | undefined {
  const found = findInRoot(view, path, visit);
  if (found !== undefined) closeSync(found.fd);
  return found;
}

/**
 * Reads a regular file below a root, at most `limit` bytes of it; undefined when there is none.
 *
 * @throws HuskError "denied" when this user may not read it
 */
export function readInRoot(view: RootView, path: string, limit: number): Uint8Array | undefined {
  try {
    const found = findInRoot(view, path);
    if (found === undefined) return undefined;
    try {
      // Anything else could block (a FIFO) or have side effects (a device).
      if (!found.stats.isFile()) return undefined;
      return readStart(`/proc/self/fd/${found.fd}`, limit);
    } finally {
      closeSync(found.fd);
    }
  } catch (cause) {
    throw new HuskError("denied", `cannot read ${path} below ${view.root}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function readStart(path: string, limit: number): Uint8Array {
  const fd = openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    const bytes = new Uint8Array(Math.min(limit, fstatSync(fd).size));
    let length = 0;
    while (length < bytes.length) {
      const count = readSync(fd, bytes, length, bytes.length - length, null);
      if (count === 0) break;
      length += count;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}
