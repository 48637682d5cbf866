import { closeSync, fstatSync, openSync, readdirSync, statSync } from "node:fs";

/**
 * A container's log is `log`, and what rotation made of earlier ones: `log.1`, the newest of them, `log.2`, …. Files
 * are told apart by their inodes: their names change under a reader's feet.
 */
export interface LogFile {
  readonly fd: number;
  readonly path: string;
  readonly inode: number;
}

/** Opens one of a log's files; undefined when there is none of that name. */
export function openLogFile(path: string): LogFile | undefined {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return { fd, path, inode: fstatSync(fd).ino };
}

/** The paths of a log's files, the oldest first. */
function logPaths(folder: string): string[] {
  let entries: string[];
  try {
    entries = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const numbers: number[] = [];
  for (const entry of entries) {
    const number = /^log(?:\.([1-9]\d*))?$/.exec(entry);
    if (number !== null) numbers.push(Number(number[1] ?? 0));
  }
  return numbers
    .toSorted((a, b) => b - a)
    .map((number) => (number === 0 ? `${folder}/log` : `${folder}/log.${number}`));
}

/** Opens all files of a log, the oldest first. */
export function openLogFiles(folder: string): LogFile[] {
  for (let turn = 0; ; turn++) {
    const opened: LogFile[] = [];
    for (const path of logPaths(folder)) {
      const file = openLogFile(path);
      if (file !== undefined) opened.push(file);
    }
    // While files are renamed, one can be met under two names, and another under none.
    const again = logPaths(folder).map((path) => statSync(path, { throwIfNoEntry: false })?.ino);
    const same = again.length === opened.length && again.every((inode, i) => inode === opened[i]?.inode);
    if (same || turn === 20) return opened;
    for (const { fd } of opened) closeSync(fd);
  }
}

/** What stands after a file in its log. */
export interface Successor {
  readonly file: LogFile | undefined;
  /** The file itself is gone, and maybe others between it and the oldest that is left. */
  readonly gap: boolean;
}

/** Finds the file that was begun after the one with `inode`. */
export function successorOf(folder: string, inode: number): Successor {
  const files = openLogFiles(folder);
  const at = files.findIndex((file) => file.inode === inode);
  const file = files[at + 1];
  for (const other of files) if (other !== file) closeSync(other.fd);
  return { file, gap: at < 0 && file !== undefined };
}
