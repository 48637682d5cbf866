import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { pause } from "../../platform/pause.ts";
import { writeError } from "../../platform/whole-file.ts";
import { ensureBindSources } from "../bind-sources.ts";
import { type ExitRecord, readExit } from "../container/exit.ts";
import { withContainer } from "../container/lock.ts";
import type { ContainerPaths } from "../container/paths.ts";
import type { ContainerRecord } from "../container/record.ts";
import { isComposed } from "../container/writable.ts";
import { isAlive } from "../container/state.ts";
import { completeFork } from "../fork/fork-layers.ts";
import type { Home } from "../home.ts";
import type { RunOptions, RunSource } from "../run-options.ts";
import { handOver, planRun, settle } from "./launch.ts";
import { noteFailure } from "./note-failure.ts";
import { nextDelay } from "./restart-policy.ts";
import { settleRun } from "./sweep-home.ts";
import { readTarget } from "./target.ts";

/** How often, in a row, the restart policy has started a container so far, and how long its keeper then waited. */
export interface RestartsSoFar {
  readonly restarts: number;
  readonly delay: number;
}

/**
 * Starts a container, to live on its own; nothing happens if it runs already.
 *
 * @param id its whole id
 * @returns what is stricter than asked, once its program is executed
 * @throws HuskError "conflict" for a paused one; what cannot be had; when a step failed or the program could not be
 *   executed
 */
export async function startContainer(
  home: Home,
  id: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<readonly string[]> {
  return withContainer(home.folders, id, () => startLocked(home, id), signal);
}

/**
 * The same for who has the container's lock.
 *
 * @param goesOn it was ended only to be started, which is no end for `--rm`
 */
export async function startLocked(home: Home, id: string, goesOn = false): Promise<readonly string[]> {
  let target = readTarget(home, id);
  const { state } = target;
  if (state.status === "paused")
    throw new HuskError("conflict", "cannot start a paused container, try unpause instead");
  if (isAlive(state)) return [];
  await untilKeeperLeft(target.paths);
  if (existsSync(target.paths.running) || readExit(target.paths.exit)?.kind === "running") {
    await settleRun(home, id);
    target = readTarget(home, id);
  }
  const { record, paths } = target;
  if (record.options.rm === true && readExit(paths.exit)?.launched === true) {
    if (!goesOn) {
      // Whoever was to remove it was killed, or waits for us.
      const { dropContainer } = await import("./remove.ts");
      await dropContainer(home, record, true);
      throw new HuskError("conflict", "container is marked for removal and cannot be started");
    }
    renewWork(paths);
  }
  for (const mark of [paths.stopped, paths.restarts]) rmSync(mark, { force: true });
  return launchAgain(home, record, paths);
}

/**
 * Puts overlayfs's own folder out of the way: one that was mounted as volatile is not taken again
 * (Documentation/filesystems/overlayfs.rst, "Volatile mount"), since a crash may have made it untrue. There was none.
 */
function renewWork({ folder }: ContainerPaths): void {
  for (const name of ["work", "beside-work"]) renew(`${folder}/${name}`);
}

function renew(work: string): void {
  const found = statSync(work, { throwIfNoEntry: false });
  if (found === undefined) return;
  try {
    renameSync(work, `${work}-${Date.now()}`);
    mkdirSync(work);
    chownSync(work, found.uid, found.gid);
    chmodSync(work, found.mode & 0o7777);
  } catch (cause) {
    throw writeError(work, cause);
  }
}

/** A keeper that has written how its container ended has a few things to do before its record is gone. */
async function untilKeeperLeft({ running, exit }: ContainerPaths): Promise<void> {
  for (let attempt = 0; attempt < 400 && existsSync(running) && readExit(exit)?.kind !== "running"; attempt++)
    await pause(5);
}

/**
 * Starts a container that does not run, whose lock the caller has.
 *
 * @param again absent: it is not its restart policy that wants it
 */
export async function launchAgain(
  home: Home,
  record: ContainerRecord,
  paths: ContainerPaths,
  again?: RestartsSoFar,
): Promise<readonly string[]> {
  const { before, isNew, options } = await runOptionsOf(home, record, paths);
  if (options.mounts !== undefined) ensureBindSources(options.mounts);
  const planned = await planRun(home, record, options, {
    isNew,
    detached: true,
    restarts: again?.restarts ?? 0,
    delay: nextDelay(again === undefined ? undefined : { delay: again.delay, exit: before }),
  });
  const handed = await handOver(home, planned);
  try {
    await settle(home, await handed.outcome, planned, handed, true);
  } catch (error) {
    noteFailure(paths, error);
    throw error;
  }
  return planned.prepared.warnings;
}

/** What a container that exists is started with. The caller has its lock. */
export async function runOptionsOf(
  home: Home,
  record: ContainerRecord,
  paths: ContainerPaths,
): Promise<{
  readonly options: RunOptions;
  readonly before: ExitRecord | undefined;
  readonly isNew: boolean;
}> {
  const before = readExit(paths.exit);
  const isNew = isUnmade(record, paths, before);
  const source = await sourceOf(home, record, paths);
  return {
    options: { ...record.options, source, name: record.name },
    before,
    isNew,
  };
}

/**
 * Whether its root file system is still to be made, in whole or, after a start that came only so far, in part. A fork
 * may have begun with what the first one had written.
 */
function isUnmade(
  { forked, source }: ContainerRecord,
  paths: ContainerPaths,
  before: ExitRecord | undefined,
): boolean {
  if (source.kind === "host") return !isComposed(paths);
  return before === undefined && (forked === undefined || !existsSync(paths.upper));
}

async function sourceOf(home: Home, record: ContainerRecord, paths: ContainerPaths): Promise<RunSource> {
  const { source } = record;
  if (source.kind !== "image") return source;
  if (source.forks !== undefined) completeFork(home.folders.root, record, paths);
  const { findImageSource } = await import("../image-source.ts");
  return findImageSource(home, source, existsSync(paths.copy) ? paths.copy : paths.upper);
}
