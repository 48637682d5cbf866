import {
  chmodSync,
  closeSync,
  constants,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from "node:fs";
import { inFolder } from "./in-folder.ts";

const { O_DIRECTORY, O_NOFOLLOW } = constants;
const O_PATH = 0o10000000;
/** Folders in each other that are held open; what is deeper is moved up first. */
const MOST_OPEN = 64;

/**
 * Removes a name in a folder with everything below it, following no link; nothing happens where there is none.
 * Works by descriptors, with names in any encoding. The time it takes grows with the tree, however deep that is; that of
 * rmSync() grows with the square of its depth, to minutes.
 *
 * @param name bytes as characters (latin1)
 */
export function removeTree(folder: number, name: string): void {
  removeAll(inFolder(folder, name));
}

/** The same by a path, whose folders are this user's own. */
export function removeAll(path: string | Buffer): void {
  if (removed(path)) return;
  emptyFolder(path);
  rmdirSync(path);
}

/** Removes what is in a folder, except names that `keeps` wants. */
export function emptyFolder(path: string | Buffer, keeps: (name: string) => boolean = () => false): void {
  const top = openFolder(path);
  const moved: string[] = [];
  try {
    for (const name of namesIn(top)) if (!keeps(name)) remove(top, name, 1, top, moved);
    for (let name = moved.pop(); name !== undefined; name = moved.pop()) remove(top, name, 1, top, moved);
  } finally {
    closeSync(top);
  }
}

function remove(folder: number, name: string, depth: number, top: number, moved: string[]): void {
  const path = inFolder(folder, name);
  if (removed(path)) return;
  const place = openFolder(path);
  try {
    if (depth === MOST_OPEN) {
      const away = `husk-removes-${process.pid}-${Math.random().toString(36).slice(2)}`;
      renameSync(path, inFolder(top, away));
      moved.push(away);
      return;
    }
    for (const inner of namesIn(place)) remove(place, inner, depth + 1, top, moved);
  } finally {
    closeSync(place);
  }
  rmdirSync(path);
}

/** Whether there is nothing any more; false for a folder with something in it. */
function removed(path: string | Buffer): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return true;
    if (code !== "EISDIR" && code !== "EPERM") throw error;
  }
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}

function openFolder(path: string | Buffer): number {
  const place = openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  // There may be folders that even their owner may not change.
  if (process.geteuid?.() === 0) return place;
  try {
    chmodSync(`/proc/self/fd/${place}`, 0o700);
    return place;
  } catch (error) {
    closeSync(place);
    throw error;
  }
}

function namesIn(folder: number): string[] {
  return readdirSync(`/proc/self/fd/${folder}`, { encoding: "latin1" });
}
