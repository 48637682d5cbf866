import { mkdirSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { tryLock } from "../../platform/lock.ts";
import { pause } from "../../platform/pause.ts";
import type { Folders } from "../folders.ts";
import { shortId } from "../id.ts";
import { containerPaths } from "./paths.ts";

const PATIENCE_MS = 60_000;

/**
 * Does something while nobody else, in this process or another, changes the same container. The lock goes with a
 * boot, as what it guards does.
 *
 * @throws HuskError "conflict" when somebody else does not finish within a minute; what `signal` says
 */
export async function withContainer<T>(
  folders: Folders,
  id: string,
  body: () => T | Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const release = lockContainer(folders, id) ?? (await waitForLock(folders, id, signal));
  try {
    return await body();
  } finally {
    release();
  }
}

/** What gives the lock back; undefined while somebody else has it. */
export function lockContainer(folders: Folders, id: string): (() => void) | undefined {
  const { lock } = containerPaths(folders, id);
  try {
    return tryLock(lock);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(`${folders.run}/containers`, { recursive: true, mode: 0o700 });
    return tryLock(lock);
  }
}

async function waitForLock(folders: Folders, id: string, signal?: AbortSignal): Promise<() => void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let wait = 1; ; wait = Math.min(2 * wait, 20)) {
    await pause(wait, signal);
    const release = lockContainer(folders, id);
    if (release !== undefined) return release;
    if (Date.now() > deadline) {
      throw new HuskError(
        "conflict",
        `somebody else has been working on container ${shortId(id)} for a minute`,
        {
          hint: `${containerPaths(folders, id).lock} says which process`,
        },
      );
    }
  }
}
