import { forgetRemoval } from "./removing.ts";
import { existsSync, rmSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { takeFolder } from "../container/folder.ts";
import { containerPaths } from "../container/paths.ts";
import { withContainer } from "../container/lock.ts";
import { removeTree } from "../container/remove-tree.ts";
import type { ContainerRecord } from "../container/record.ts";
import { isAlive } from "../container/state.ts";
import { tellContainer } from "../events/container-event.ts";
import type { Home } from "../home.ts";
import { readTarget, type Target } from "./target.ts";

export interface RemoveOptions {
  /** Kill it, if it runs. */
  readonly force?: boolean;
  /** Its anonymous volumes, too. */
  readonly volumes?: boolean;
  /** Gives up waiting for whoever works on it, or for its end; what has begun to be removed goes. */
  readonly signal?: AbortSignal;
}

/**
 * Removes a container with everything it wrote.
 *
 * @param id its whole id
 * @throws HuskError "conflict" when it runs and `force` does not say that it may be killed
 */
export async function removeContainer(home: Home, id: string, options: RemoveOptions = {}): Promise<void> {
  const { signal } = options;
  const remove = async (): Promise<void> => {
    const target = await targetOf(home, id, options.force === true);
    const { record, paths, state } = target;
    if (isAlive(state)) {
      if (options.force !== true) throw stillAlive(record.name, state.status);
      const { endContainer } = await import("./stop.ts");
      await endContainer(home, target, { stopSignal: SIGKILL, ...(signal && { signal }) });
    }
    if (existsSync(paths.running)) {
      // Its keeper was killed, or leaves just now.
      const { settleRun } = await import("./sweep-home.ts");
      await settleRun(home, id);
      if (!existsSync(paths.record)) return;
    }
    await dropContainer(home, record, options.volumes === true);
  };
  await withContainer(home.folders, id, remove, signal);
}

/** With `force` also one whose record is damaged. */
async function targetOf(home: Home, id: string, force: boolean): Promise<Target> {
  try {
    return readTarget(home, id);
  } catch (error) {
    const { damagedTarget, isDamage } = await import("./damaged-target.ts");
    if (!force || !isDamage(error)) throw error;
    return damagedTarget(home, id);
  }
}

/** docker's words. */
function stillAlive(name: string, status: string): HuskError {
  const mend =
    status === "paused"
      ? "container is paused and must be unpaused first"
      : `container is ${status}: stop the container before removing or force remove`;
  return new HuskError("conflict", `cannot remove container "/${name}": ${mend}`, {
    hint: "husk rm -f kills it",
  });
}

const SIGKILL = 9;

/** Removes a container that does not run. The caller has its lock. */
export async function dropContainer(home: Home, record: ContainerRecord, volumes: boolean): Promise<void> {
  const paths = containerPaths(home.folders, record.id);
  if (existsSync(paths.applying)) (await import("../changes/apply-container.ts")).clearPending(paths);
  const folder = takeFolder(home.folders, record.id, record.name);
  rmSync(paths.paused, { force: true });
  if (volumes && record.options.mounts !== undefined) {
    const { dropAnonymousVolumes } = await import("../volume/for-container.ts");
    await dropAnonymousVolumes(home, record);
  }
  await removeFolder(home, folder);
  if (record.source.kind === "image" && record.source.forks !== undefined) {
    const { dropForks } = await import("../fork/fork-layers.ts");
    await dropForks(home);
  }
  forgetRemoval(home.folders, record.id);
  tellContainer(home.folders, record, "destroy");
}

/** Removes a folder that has been taken away from everybody else. */
export async function removeFolder(home: Home, folder: string): Promise<void> {
  await removeTree(folder, async (path) => {
    const { removeAsOwners } = await import("./remove-as-owners.ts");
    await removeAsOwners(home, path);
  });
}
