import { readlinkSync, symlinkSync, unlinkSync } from "node:fs";
import { isRunning, ownIdentity } from "./process-identity.ts";

/**
 * Takes a lock, which is a symbolic link that says which process has it; a dead process's is taken over.
 *
 * @returns what gives it back; undefined while somebody (this process too) has it
 * @throws what symlink(2) throws, such as ENOENT for a missing folder
 */
export function tryLock(lock: string): (() => void) | undefined {
  const { pid, startTime } = ownIdentity();
  const own = `${pid}-${startTime}`;
  if (!claim(lock, own) && !(removeDead(lock) && claim(lock, own))) return undefined;
  return () => {
    try {
      if (readlinkSync(lock) === own) unlinkSync(lock);
    } catch {
      // Its folder is gone, and the lock with it.
    }
  };
}

function claim(lock: string, own: string): boolean {
  try {
    symlinkSync(own, lock);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    return false;
  }
}

/** Whether the lock was one of a dead process, which is no more now. */
function removeDead(lock: string): boolean {
  const owner = ownerOf(lock);
  if (owner === undefined || isAlive(owner)) return false;
  // One at a time removes a dead one's lock: a second one would remove that of whoever has it next.
  const release = tryLock(`${lock}.${owner}`);
  if (release === undefined) return false;
  try {
    if (ownerOf(lock) !== owner) return false;
    unlinkSync(lock);
    return true;
  } finally {
    release();
  }
}

function ownerOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

function isAlive(owner: string): boolean {
  const dash = owner.indexOf("-");
  return isRunning({ pid: Number(owner.slice(0, dash)), startTime: owner.slice(dash + 1) });
}
