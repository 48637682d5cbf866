import { existsSync } from "node:fs";
import type { GroupFolders } from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import { pause } from "../../platform/pause.ts";
import { canFreeze, setFrozen } from "../../runtime/oci/freezer.ts";
import { withContainer } from "../container/lock.ts";
import { readRun } from "../container/run-record.ts";
import type { Home } from "../home.ts";
import { readTarget, type Target } from "../life/target.ts";

const LOOKS = 500;
const LOOK_MS = 10;

/** A container in which nothing runs on, as far as that can be had. */
export interface StillTarget {
  readonly target: Target;
  /** It runs, and there is no control group to freeze it by. */
  readonly moves: boolean;
  /** What was frozen goes on. May be called again. */
  letGo(): void;
}

/**
 * Does something with a container while nobody else changes it and nothing runs in it; a running one is frozen. Its
 * files are read by their paths, so nobody in there may exchange a folder for a link meanwhile.
 *
 * @param id its whole id
 * @throws HuskError "conflict" for a running one that cannot be frozen; what `signal` says while it waits
 */
export function whileStill<T>(
  home: Home,
  id: string,
  body: (target: Target) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const stand = async (): Promise<T> => {
    const { target, moves, letGo } = await holdStill(home, id, signal);
    const { name } = target.record;
    if (moves)
      throw new HuskError("conflict", `${name} runs, and there is no control group to freeze it by`, {
        hint: `husk stop ${name}`,
      });
    try {
      return await body(target);
    } finally {
      letGo();
    }
  };
  return withContainer(home.folders, id, stand, signal);
}

/**
 * Freezes a container if it runs. One that was killed just now is waited for, until its keeper has written how it
 * ended. The caller has its lock.
 */
export async function holdStill(home: Home, id: string, signal?: AbortSignal): Promise<StillTarget> {
  for (let look = 0; ; look++) {
    const target = readTarget(home, id);
    const still = { target, moves: false, letGo: () => {} };
    // One that waits to be started again needs the lock for it.
    if (target.state.status !== "running") return still;
    const groups = readRun(target.paths.running)?.cgroups;
    const hasGroups = groups !== undefined && groups.groups.length > 0;
    // Groups come and go one after the other.
    const areThere = hasGroups && groups.groups.every((path) => existsSync(path));
    if (existsSync(target.paths.running) && (!hasGroups || (areThere && !canFreeze(groups))))
      return { ...still, moves: true };
    if (areThere && freeze(groups)) return { ...still, letGo: () => thaw(groups) };
    if (look === LOOKS)
      throw new HuskError("conflict", `${target.record.name} is ending, and does not come to its end`, {
        hint: "its keeper does not answer: ps -eo pid,stat,args shows it as husk-keeper",
      });
    await pause(LOOK_MS, signal);
  }
}

/** False: what ran there has ended. */
function freeze(groups: GroupFolders): boolean {
  try {
    setFrozen(groups, true);
    return true;
  } catch (error) {
    if (error instanceof HuskError && (error.code === "conflict" || !canFreeze(groups))) return false;
    throw error;
  }
}

/** Somebody may have killed it meanwhile. */
function thaw(groups: GroupFolders): void {
  try {
    setFrozen(groups, false);
  } catch (error) {
    if (canFreeze(groups)) throw error;
  }
}
