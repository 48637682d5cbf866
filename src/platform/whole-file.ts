import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { HuskError } from "./error.ts";

/**
 * Writes a file that others see whole or not at all. Any number of processes may write the same at once, and be
 * killed at it: what they leave is removed by the next one. A missing folder is made, 0700.
 *
 * @param mode exact, whatever the umask
 * @throws HuskError "failed": no space, no right, read-only
 */
export function writeWhole(path: string, content: string | Uint8Array, mode: number): void {
  const temporary = `${path}.${process.pid}`;
  try {
    mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    removeAbandoned(path);
    const fd = openSync(temporary, "wx", mode);
    try {
      writeFileSync(fd, content);
      fchmodSync(fd, mode);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (cause) {
    remove(temporary);
    throw writeError(path, cause);
  }
}

/** An error of the file system that husk's state lies on, for people. */
export function writeError(path: string, cause: unknown): HuskError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new HuskError("failed", `cannot write ${path}: ${message}`, {
    cause,
    hint:
      code === "ENOSPC" || code === "EDQUOT"
        ? "free some space there, or give other folders with --root DIR and --run DIR"
        : "--root and --run have to name folders this user can write to",
  });
}

/** Files of this name and a process's number, whose process is gone or was another one with our number. */
function removeAbandoned(path: string): void {
  const slash = path.lastIndexOf("/") + 1;
  const prefix = `${path.slice(slash)}.`;
  for (const name of readdirSync(path.slice(0, slash))) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
    if (!Number.isInteger(pid)) continue;
    if (pid === process.pid || statSync(`/proc/${pid}`, { throwIfNoEntry: false }) === undefined)
      remove(path.slice(0, slash) + name);
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A file system that became read-only: the first error counts.
  }
}
