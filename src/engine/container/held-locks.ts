import { readFileSync, statSync } from "node:fs";

/**
 * Who holds flock(2) on run records, as it is when it is first asked.
 *
 * Reading /proc/locks makes the kernel wait for an RCU grace period, 5–14 ms on an idle machine (locks_start() in
 * fs/locks.c takes a percpu semaphore for writing). So a keeper is first looked for by the socket it listens at while
 * it holds the lock: it is named after the container's id, which nobody else has if it is a random one. A keeper in
 * another network namespace is not seen there; then the locks tell.
 */
export interface HeldLocks {
  /** Ids of containers whose keepers listen. */
  listening?: ReadonlySet<string>;
  inodes?: ReadonlySet<number>;
}

export function readHeldLocks(): HeldLocks {
  return {};
}

/** Whether somebody holds a lock on a run record; undefined: there is no such file. */
export function isHeld(file: string, held: HeldLocks): boolean | undefined {
  const id = idOf(file);
  if (id !== undefined && isListening(id, held)) return true;
  const inode = statSync(file, { throwIfNoEntry: false })?.ino;
  if (inode === undefined) return undefined;
  held.inodes ??= lockedInodes(readFileSync("/proc/locks", "latin1"));
  return held.inodes.has(inode);
}

/** Whether the container's keeper is seen at its socket; if not, it may live all the same. */
export function isListening(id: string, held: HeldLocks): boolean {
  held.listening ??= listeningIds(readFileSync("/proc/net/unix", "latin1"));
  return held.listening.has(id);
}

const ID_LENGTH = 64;
const SUFFIX = ".json";

/** The id that a run record is named after; undefined for another file. */
function idOf(file: string): string | undefined {
  const from = file.lastIndexOf("/") + 1;
  if (file.length - from !== ID_LENGTH + SUFFIX.length || !file.endsWith(SUFFIX)) return undefined;
  return file.slice(from, from + ID_LENGTH);
}

/** The names of sockets that are ids, from the text of /proc/net/unix, whose lines end with the name a socket was bound to. */
function listeningIds(text: string): Set<string> {
  const ids = new Set<string>();
  for (let at = text.indexOf(".sock\n"); at >= 0; at = text.indexOf(".sock\n", at + 1))
    if (text.charCodeAt(at - ID_LENGTH - 1) === 0x20) ids.add(text.slice(at - ID_LENGTH, at));
  return ids;
}

/**
 * The inodes of files with a flock(2), from the text of /proc/locks (proc_locks(5)):
 * `1: FLOCK  ADVISORY  WRITE 4711 00:19:131 0 EOF`, the last number of the triple being the inode.
 *
 * The device is not compared: overlay and btrfs show another one there than in stat(2), and a lock too many only means
 * that a dead container waits for the next sweep.
 */
function lockedInodes(text: string): Set<number> {
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
