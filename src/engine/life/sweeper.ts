import { existsSync } from "node:fs";
import { removeGroups } from "../../cgroup/index.ts";
import { completeExit, readExit } from "../container/exit.ts";
import { containerPaths } from "../container/paths.ts";
import { readRecord } from "../container/read-record.ts";
import type { RunRecord } from "../container/run-record.ts";
import { KEEPER_LOST, LOST } from "../container/state.ts";
import type { Sweeper } from "../container/sweep.ts";
import { tellContainer } from "../events/container-event.ts";
import type { Home } from "../home.ts";
import { repairLog } from "../log/repair.ts";
import { dropContainer, removeFolder } from "./remove.ts";
import { wantsRestart } from "./restart-policy.ts";
import { spawnInternal } from "./spawn-internal.ts";

/** What is done to what killed processes left of a home's containers. */
export function sweeperOf(home: Home): Sweeper {
  return {
    removeGroups,
    lost: (id, run) => settleLost(home, id, run),
    removeFolder: (path) => removeFolder(home, path),
  };
}

/**
 * Settles a run whose keeper is gone: how it ended is written down, if the keeper did not get that far, and what
 * `--rm` and the restart policy say is done. Nothing runs any more; the caller has the container's lock.
 */
async function settleLost(home: Home, id: string, run: RunRecord | undefined): Promise<void> {
  const { folders } = home;
  const paths = containerPaths(folders, id);
  const record = readRecord(paths.record);
  if (record === undefined) return;
  const exit = readExit(paths.exit);
  if (exit?.kind === "running") {
    repairLog(paths.log);
    completeExit(paths.exit, LOST, KEEPER_LOST);
    tellContainer(folders, record, "die", { exitCode: String(LOST) });
  }
  if (record.options.rm === true) return dropContainer(home, record, true);
  if (exit === undefined || existsSync(paths.stopped)) return;
  const code = exit.kind === "running" ? LOST : exit.exitCode;
  const restarts = run?.restarts ?? 0;
  if (wantsRestart(record.options.restart, restarts, code))
    spawnInternal(home, "restart", id, [String(restarts), String(run?.delay ?? 0)]);
}
