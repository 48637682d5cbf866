import { linkSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { isRunning, ownIdentity } from "../../platform/process-identity.ts";

const PATIENCE_MS = 60_000;

/**
 * Does something while no other command changes the same container. The lock is a symbolic link that says who has
 * it; a dead owner's is taken over.
 *
 * @throws HuskError "conflict" when another command does not finish within a minute, "not-found" when the
 *   container vanishes meanwhile
 */
export function withLock<T>(lock: string, body: () => T): T {
  const { pid, startTime } = ownIdentity();
  const own = `${pid}-${startTime}`;
  const deadline = Date.now() + PATIENCE_MS;
  for (let pause = 1; !claim(lock, own); pause = Math.min(2 * pause, 20)) {
    if (Date.now() > deadline) {
      throw new HuskError(
        "conflict",
        `another command has been working on the container for a minute: ${lock}`,
      );
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
  }
  const release = (): void => {
    try {
      if (readlinkSync(lock) === own) unlinkSync(lock);
    } catch {
      // The container is gone, and the lock with it.
    }
  };
  let result: T;
  try {
    result = body();
  } catch (error) {
    release();
    throw error;
  }
  if (result instanceof Promise) return result.finally(release) as T;
  release();
  return result;
}

function claim(lock: string, own: string): boolean {
  try {
    symlinkSync(own, lock);
    return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new HuskError("not-found", "container does not exist", { cause });
    if (code !== "EEXIST") throw cause;
  }
  const owner = ownerOf(lock);
  if (owner === undefined || isAlive(owner)) return false;
  // Whoever renames the link has it; if it was a living one's meanwhile, it is given back.
  const taken = `${lock}.${own}`;
  try {
    renameSync(lock, taken);
    if (ownerOf(taken) !== owner) linkSync(taken, lock);
    unlinkSync(taken);
  } catch {
    // Somebody else was first.
  }
  return false;
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
