import { existsSync, writeFileSync } from "node:fs";
import { readExit } from "../container/exit.ts";
import { withContainer } from "../container/lock.ts";
import { type ContainerPaths, containerPaths } from "../container/paths.ts";
import { readRecord } from "../container/read-record.ts";
import { forgetRun, readRun } from "../container/run-record.ts";
import type { Home } from "../home.ts";
import { noteFailure } from "./note-failure.ts";
import { wantsRestart } from "./restart-policy.ts";
import { launchAgain, type RestartsSoFar } from "./start.ts";

/**
 * Starts a container again because its restart policy wants it: called by what its keeper has become, which still
 * holds the lock on the run's record, or by who found the keeper gone.
 *
 * @param soFar absent: what the run's record says
 */
export async function startAgain(home: Home, id: string, soFar?: RestartsSoFar): Promise<void> {
  const { folders } = home;
  const paths = containerPaths(folders, id);
  await withContainer(folders, id, async () => {
    const record = readRecord(paths.record);
    const exit = readExit(paths.exit);
    if (record === undefined || exit === undefined || exit.kind === "running") return;
    // Somebody has started it since the keeper was found gone.
    if (soFar !== undefined && existsSync(paths.running)) return;
    const { restarts, delay } = soFar ?? readRun(paths.running) ?? { restarts: 0, delay: 0 };
    const wanted =
      !existsSync(paths.stopped) && wantsRestart(record.options.restart, restarts, exit.exitCode);
    if (!wanted) return forgetRun(folders, id);
    noteRestarts(paths, restarts + 1);
    try {
      await launchAgain(home, record, paths, { restarts: restarts + 1, delay });
    } catch (error) {
      noteFailure(paths, error);
      forgetRun(folders, id);
      throw error;
    }
  });
}

/** What cannot be counted, because the disk is full, is started all the same. */
function noteRestarts({ restarts }: ContainerPaths, count: number): void {
  try {
    writeFileSync(restarts, String(count), { mode: 0o600 });
  } catch {
    // The number is for people only.
  }
}
