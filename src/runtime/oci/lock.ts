import { HuskError } from "../../platform/error.ts";
import { tryLock } from "../../platform/lock.ts";
import { writeError } from "../../platform/whole-file.ts";

const PATIENCE_MS = 60_000;

/**
 * Does something while no other command changes the same container.
 *
 * @throws HuskError "conflict" when another command does not finish within a minute, "not-found" when the
 *   container vanishes meanwhile
 */
export function withLock<T>(lock: string, body: () => T): T {
  const deadline = Date.now() + PATIENCE_MS;
  let release: (() => void) | undefined;
  for (let pause = 1; (release = take(lock)) === undefined; pause = Math.min(2 * pause, 20)) {
    if (Date.now() > deadline) {
      throw new HuskError(
        "conflict",
        `another command has been working on the container for a minute: ${lock}`,
      );
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
  }
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

function take(lock: string): (() => void) | undefined {
  try {
    return tryLock(lock);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw writeError(lock, cause);
    throw new HuskError("not-found", "container does not exist", { cause });
  }
}
