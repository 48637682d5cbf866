import { closeSync, openSync, readSync, type Stats } from "node:fs";
import { findInRoot, type RootView } from "../platform/in-root.ts";
import { HuskError } from "../platform/error.ts";
import type { ReadAt } from "./elf-file.ts";

/** Opened by way of a descriptor that refers to a regular file already: nothing can block or be redirected. */
const O_RDONLY_CLOEXEC = 0o2000000;

/** A regular file below a root, open for reading. */
export interface RootFile {
  /** Path below the root, without symbolic links. */
  readonly path: string;
  readonly stats: Stats;
  readonly read: ReadAt;
}

/**
 * Calls `use` with a regular file below a root; undefined when there is none.
 *
 * @throws HuskError "denied" when this user may not read it
 */
export function withFile<T>(root: RootView, path: string, use: (file: RootFile) => T): T | undefined {
  let fd: number | undefined;
  try {
    const found = findInRoot(root, path);
    if (found === undefined) return undefined;
    try {
      if (!found.stats.isFile()) return undefined;
      fd = openSync(`/proc/self/fd/${found.fd}`, O_RDONLY_CLOEXEC);
    } finally {
      closeSync(found.fd);
    }
    const file = fd;
    return use({
      path: found.path,
      stats: found.stats,
      read: (offset, length) => readAt(file, offset, length),
    });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EPERM") throw cause;
    const below = root.root === "/" ? path : `${path} below ${root.root}`;
    throw new HuskError("denied", `cannot read ${below}: permission denied`, {
      cause,
      hint: "run husk as root, or as a user who may read it",
    });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** What `look` gives, or undefined where this user may not look: a search goes on elsewhere, as the kernel's and the loader's do. */
export function whereAllowed<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "denied" || code === "EACCES" || code === "EPERM") return undefined;
    throw error;
  }
}

function readAt(fd: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let used = 0;
  while (used < length) {
    const count = readSync(fd, bytes, used, length - used, offset + used);
    if (count === 0) break;
    used += count;
  }
  return bytes.subarray(0, used);
}
