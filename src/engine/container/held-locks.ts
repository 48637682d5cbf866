import { readFileSync, statSync } from "node:fs";

/**
 * The files that somebody holds flock(2) on, by their inodes, from /proc/locks (proc_locks(5)):
 * `1: FLOCK  ADVISORY  WRITE 4711 00:19:131 0 EOF`, the last number of the triple being the inode.
 *
 * The device is not compared: overlay and btrfs show another one there than in stat(2), and a lock too many only means
 * that a dead container waits for the next sweep.
 */
export type HeldLocks = ReadonlySet<number>;

export function readHeldLocks(): HeldLocks {
  const text = readFileSync("/proc/locks", "latin1");
  const held = new Set<number>();
  for (let at = text.indexOf(" FLOCK "); at >= 0; at = text.indexOf(" FLOCK ", at)) {
    const end = lineEnd(text, at);
    const second = text.indexOf(":", text.indexOf(":", at) + 1);
    held.add(Number.parseInt(text.slice(second + 1, end), 10));
    at = end;
  }
  return held;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

/** Whether somebody holds a lock on a file; undefined: there is no such file. */
export function isHeld(file: string, held: HeldLocks): boolean | undefined {
  const inode = statSync(file, { throwIfNoEntry: false })?.ino;
  return inode === undefined ? undefined : held.has(inode);
}
