import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import type { GroupFolders } from "../../cgroup/index.ts";
import { tryLock } from "../../platform/lock.ts";
import { pause } from "../../platform/pause.ts";
import { isRunning, ownIdentity, type ProcessIdentity } from "../../platform/process-identity.ts";
import type { Folders } from "../folders.ts";
import { readExit } from "./exit.ts";
import { takeAbandonedFolders } from "./folder.ts";
import { type HeldLocks, isHeld, isListening, readHeldLocks } from "./held-locks.ts";
import { lockContainer } from "./lock.ts";
import { containerPaths } from "./paths.ts";
import { forgetRun, readRun, type RunRecord, workFile } from "./run-record.ts";

/** What a sweep does to what it finds; passed in, so that nothing is loaded for an engine that is in order. */
export interface Sweeper {
  /** Kills what is left in a container's control groups and removes them. */
  removeGroups(folders: GroupFolders): void;
  /**
   * The container exists, and its run did not end by itself: its keeper was killed. Called once nothing of the run is
   * left but its record; the caller has the container's lock.
   */
  lost(id: string, record: RunRecord | undefined): Promise<void>;
  /** Removes the folder of a container that is gone. */
  removeFolder(path: string): Promise<void>;
}

/**
 * Finishes what killed processes left: containers whose husk and keeper were killed, folders that were being made or
 * removed, locks. Each husk command begins with it; usually there is nothing to do.
 *
 * A run is dead when nobody holds its lock, and its creator is gone or its keeper had begun. Any number of commands may sweep at once: who has
 * the container's lock and renames the record has it, and a keeper that took the lock meanwhile finds its record gone
 * and gives up.
 *
 * @returns ids of the runs that were cleared up
 */
export async function sweep(folders: Folders, load: () => Promise<Sweeper>): Promise<string[]> {
  const cleared: string[] = [];
  const abandoned = takeAbandonedFolders(folders);
  if (abandoned.length > 0) await tryRemove(abandoned, await load());
  let held: HeldLocks | undefined;
  for (const entry of entriesOf(folders)) {
    if (entry.includes(".lock")) {
      tryLock(`${folders.run}/containers/${entry}`)?.();
      continue;
    }
    const isWork = entry.startsWith(".");
    if (!isWork && !entry.endsWith(".json")) continue;
    const id = isWork ? idOfDead(entry) : entry.slice(0, -".json".length);
    if (id === undefined) continue;
    held ??= readHeldLocks();
    if (!isWork && (isListening(id, held) || !isDead(folders, id, held))) continue;
    const release = lockContainer(folders, id);
    if (release === undefined) continue;
    try {
      const dead = isWork ? takeAbandoned(folders, entry, id) : takeDead(folders, id);
      if (dead !== undefined && (await bury(folders, dead, await load()))) cleared.push(id);
    } finally {
      release();
    }
  }
  return cleared;
}

/** What cannot be removed stays where it is: a later command tries again. */
async function tryRemove(folders: readonly string[], sweeper: Sweeper): Promise<void> {
  for (const folder of folders) await sweeper.removeFolder(folder).catch(() => {});
}

/**
 * Finishes what is left of a container's run, if its keeper was killed: before anybody starts it again, who would meet
 * its groups and mounts. The caller has the container's lock.
 */
export async function buryLost(folders: Folders, id: string, load: () => Promise<Sweeper>): Promise<void> {
  for (const entry of entriesOf(folders)) {
    if (!entry.startsWith(".") || idOfDead(entry) !== id) continue;
    const dead = takeAbandoned(folders, entry, id);
    if (dead !== undefined) await bury(folders, dead, await load());
  }
  // An attached one's keeper may be about to take the lock.
  for (let look = 0; look < LOOKS && isUnclear(folders, id); look++) await pause(LOOK_MS);
  const dead = takeDead(folders, id);
  if (dead !== undefined) await bury(folders, dead, await load());
}

/**
 * Finishes a run that this process began and whose keeper it knows to be gone, whoever of the container is still about
 * to end and holds the record until then. The caller has the container's lock.
 *
 * @param started what its record says, for the container may have another run by now
 */
export async function buryOwn(
  folders: Folders,
  id: string,
  started: number,
  load: () => Promise<Sweeper>,
): Promise<void> {
  const { running } = containerPaths(folders, id);
  const record = readRun(running);
  const own = ownIdentity();
  if (record?.started !== started || record.creator.pid !== own.pid) return;
  const taken = take(folders, running, id);
  if (taken !== undefined) await bury(folders, { id, file: taken, record, settled: false }, await load());
}

const LOOKS = 500;
const LOOK_MS = 10;

/** Its creator is there, and its keeper does not hold its record yet: it is just being started. */
function isUnclear(folders: Folders, id: string): boolean {
  const { running } = containerPaths(folders, id);
  if (hasBegun(folders, id) || isHeld(running, readHeldLocks()) !== false) return false;
  const record = readRun(running);
  return record !== undefined && isRunning(record.creator);
}

function entriesOf({ run }: Folders): string[] {
  try {
    return readdirSync(`${run}/containers`);
  } catch {
    return [];
  }
}

/** A dead run that this process alone clears up. */
interface Dead {
  readonly id: string;
  /** Its record under its present name. */
  readonly file: string;
  readonly record: RunRecord | undefined;
  /** Nothing but this file is left of it; or there never was more, as it was not in place yet. */
  readonly settled: boolean;
}

function isDead(folders: Folders, id: string, held: HeldLocks): boolean {
  const { running } = containerPaths(folders, id);
  const hadKeeper = hasBegun(folders, id);
  if (isHeld(running, held) !== false) return false;
  const record = readRun(running);
  return record === undefined ? existsSync(running) : hadKeeper || !isRunning(record.creator);
}

/** Whether a keeper has had the record: it takes the lock before it writes that anything begins. */
function hasBegun(folders: Folders, id: string): boolean {
  try {
    return readExit(containerPaths(folders, id).exit)?.kind === "running";
  } catch {
    return false; // Of a newer husk.
  }
}

function takeDead(folders: Folders, id: string): Dead | undefined {
  if (!isDead(folders, id, readHeldLocks())) return undefined;
  const { running } = containerPaths(folders, id);
  const record = readRun(running);
  const taken = take(folders, running, id);
  if (taken === undefined) return undefined;
  if (isHeld(taken, readHeldLocks()) === true) {
    // The keeper was just starting, and had looked for its record already.
    renameSync(taken, running);
    return undefined;
  }
  return { id, file: taken, record, settled: false };
}

/** Takes over the file of a process that died in the middle of its work. */
function takeAbandoned(folders: Folders, entry: string, id: string): Dead | undefined {
  const { run } = folders;
  const taken = take(folders, `${run}/containers/${entry}`, id);
  if (taken === undefined) return undefined;
  // Who started it again since has cleared up before, and what is there by that name now is another run's.
  const isPast = existsSync(containerPaths(folders, id).running) && !isDead(folders, id, readHeldLocks());
  const settled = entry.startsWith(".new-") || isPast;
  return { id, file: taken, record: settled ? undefined : readRun(taken), settled };
}

/** The id in the name of a file that a dead process worked on (`workFile`). */
function idOfDead(entry: string): string | undefined {
  const [what, pid, startTime, ...rest] = entry.slice(1).split("-");
  if ((what !== "new" && what !== "dead") || startTime === undefined || rest.length === 0) return undefined;
  const owner: ProcessIdentity = { pid: Number(pid), startTime };
  return isRunning(owner) ? undefined : rest.join("-");
}

/** Renames a record to this process's own; undefined when somebody else was first. */
function take({ run }: Pick<Folders, "run">, file: string, id: string): string | undefined {
  const taken = workFile(run, "dead", ownIdentity(), id);
  try {
    renameSync(file, taken);
    return taken;
  } catch {
    return undefined;
  }
}

/** False when something could not be removed: the record stays, and a later command tries again. */
async function bury(
  folders: Folders,
  { id, file, record, settled }: Dead,
  sweeper: Sweeper,
): Promise<boolean> {
  const paths = containerPaths(folders, id);
  try {
    if (!settled) {
      if (record?.cgroups !== undefined) sweeper.removeGroups(record.cgroups);
      if (record !== undefined && (record.cgroups?.groups ?? []).length === 0)
        (await import("./survivor.ts")).killSurvivor(record, paths.pid);
      forgetRun(folders, id);
      if (existsSync(paths.record)) await sweeper.lost(id, record);
    }
    rmSync(file, { force: true });
    return true;
  } catch {
    return false;
  }
}
