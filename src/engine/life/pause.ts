import { rmSync, writeFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { setFrozen } from "../../runtime/oci/freezer.ts";
import { withContainer } from "../container/lock.ts";
import { containerPaths } from "../container/paths.ts";
import { readRun } from "../container/run-record.ts";
import { tellContainer } from "../events/container-event.ts";
import type { Folders } from "../folders.ts";
import type { Home } from "../home.ts";
import { notRunning } from "./not-running.ts";
import { readTarget } from "./target.ts";

/**
 * Stops everything in a container until it is unpaused.
 *
 * @param id its whole id
 * @throws HuskError "conflict" when it does not run or is paused; "unavailable" where nothing can freeze it
 */
export function pauseContainer(home: Home, id: string, signal?: AbortSignal): Promise<void> {
  const pause = (): void => {
    const { record, paths, state } = readTarget(home, id);
    if (state.status === "paused") throw new HuskError("conflict", `Container ${id} is already paused`);
    if (state.status !== "running") throw notRunning("cannot pause container", id);
    const run = readRun(paths.running);
    if (run === undefined) throw notRunning("cannot pause container", id);
    // The mark comes first: it tells where to look, and the groups tell whether it is so.
    writeFileSync(paths.paused, "", { mode: 0o600 });
    try {
      setFrozen(run.cgroups, true);
    } catch (error) {
      rmSync(paths.paused, { force: true });
      throw error;
    }
    tellContainer(home.folders, record, "pause");
  };
  return withContainer(home.folders, id, pause, signal);
}

/** Lets everything in a paused container go on. @throws HuskError "conflict" when it is not paused */
export function unpauseContainer(home: Home, id: string, signal?: AbortSignal): Promise<void> {
  const unpause = (): void => {
    const { record, state } = readTarget(home, id);
    if (state.status !== "paused") throw new HuskError("conflict", `Container ${id} is not paused`);
    thaw(home.folders, id);
    tellContainer(home.folders, record, "unpause");
  };
  return withContainer(home.folders, id, unpause, signal);
}

/** Lets a container go on that stands still. */
export function thaw(folders: Folders, id: string): void {
  const { running, paused } = containerPaths(folders, id);
  const groups = readRun(running)?.cgroups;
  if (groups !== undefined) setFrozen(groups, false);
  rmSync(paused, { force: true });
}
