import { existsSync } from "node:fs";
import { removeGroups } from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import { pause } from "../../platform/pause.ts";
import {
  isSilence,
  signalContainer,
  stopContainer as tellKeeperToStop,
  waitForContainer as waitForKeeper,
} from "../../platform/keeper-socket.ts";
import { withContainer } from "../container/lock.ts";
import { isRunning } from "../../platform/process-identity.ts";
import { readRun } from "../container/run-record.ts";
import { isAlive, isPaused } from "../container/state.ts";
import { tellContainer } from "../events/container-event.ts";
import type { Home } from "../home.ts";
import { shortId } from "../id.ts";
import { finish } from "./finish.ts";
import { markStopped } from "./mark-stopped.ts";
import { thaw } from "./pause.ts";
import { readTarget, type Target } from "./target.ts";

const SIGKILL = 9;
const SIGTERM = 15;
const PATIENCE_MS = 10_000;
const SOON_MS = 1000;

export interface StopOptions {
  /** Milliseconds until it is killed; -1: never; absent: what the container says, or 10 seconds. */
  readonly timeout?: number;
  /** Absent: what the container says, or SIGTERM. */
  readonly stopSignal?: number;
  readonly signal?: AbortSignal;
}

/**
 * Ends a container: asks its program to end, and kills it when it takes too long. Nothing happens if it does not run.
 *
 * @param id its whole id
 * @throws HuskError "failed" when it cannot be ended
 */
export async function stopContainer(home: Home, id: string, options: StopOptions = {}): Promise<void> {
  const target = readTarget(home, id);
  if (!isAlive(target.state)) return;
  const unmarked = markStopped(target);
  await endContainer(home, target, options);
  await endNextRun(home, id, options);
  tellContainer(home.folders, target.record, "stop");
  if (target.record.options.rm === true) await finish(home, id);
  if (unmarked !== undefined) throw unmarked;
}

/**
 * Ends a container before the machine is shut down: nobody asked for it, so that its restart policy starts it again
 * after a reboot, as it does what a crash ended. Nothing happens if it does not run.
 *
 * @param id its whole id
 * @throws HuskError "failed" when it cannot be ended
 */
export async function stopForShutdown(home: Home, id: string, options: StopOptions = {}): Promise<void> {
  const target = readTarget(home, id);
  if (!isAlive(target.state)) return;
  await endContainer(home, target, options);
  await endNextRun(home, id, options);
}

/**
 * The restart policy may have been just about to start it: whoever does so has the lock, or sees the mark when they
 * get it.
 */
async function endNextRun(home: Home, id: string, options: StopOptions): Promise<void> {
  for (let attempt = 0; attempt < LOOKS; attempt++) {
    const status = await withContainer(home.folders, id, async () => {
      const target = tryTarget(home, id);
      if (target === undefined || !isAlive(target.state)) return "ended";
      if (target.state.status !== "restarting") await endContainer(home, target, options);
      return target.state.status;
    });
    if (status === "ended") return;
    await pause(LOOK_MS);
  }
}

const LOOKS = 300;
const LOOK_MS = 10;

/** Undefined: with `--rm` it is gone already. */
function tryTarget(home: Home, id: string): Target | undefined {
  try {
    return readTarget(home, id);
  } catch (error) {
    if (error instanceof HuskError && error.code === "not-found") return undefined;
    throw error;
  }
}

/** Ends a container that runs; returns when its keeper has written down how. */
export async function endContainer(
  home: Home,
  { record, paths }: Target,
  { timeout, stopSignal, signal }: StopOptions,
): Promise<void> {
  const { options, id } = record;
  const first = stopSignal ?? options.stopSignal ?? SIGTERM;
  const patience = timeout ?? options.stopTimeout ?? PATIENCE_MS;
  await untilListening(paths);
  const ended = ignoringGone(waitForKeeper(paths.socket, signal));
  tellContainer(home.folders, record, "kill", { signal: String(first) });
  try {
    await ignoringGone(neverAgain(paths.socket, first));
  } catch (error) {
    if (!isSilence(error)) throw error;
    return killGroups(home, paths.running, ended, id, SOON_MS);
  }
  if (isPaused(home.folders, id)) thaw(home.folders, id);
  if (await within(ended, patience, signal)) return;
  if (first !== SIGKILL) {
    tellContainer(home.folders, record, "kill", { signal: String(SIGKILL) });
    await ignoringGone(signalContainer(paths.socket, SIGKILL));
    // Somebody may have paused it meanwhile, and a frozen process of v1 does not die.
    if (isPaused(home.folders, id)) thaw(home.folders, id);
  }
  if (await within(ended, PATIENCE_MS, signal)) return;
  await killGroups(home, paths.running, ended, id);
}

/** A keeper that was handed its container a moment ago is not to be missed. */
async function untilListening({ running, socket }: Target["paths"]): Promise<void> {
  for (let look = 0; look < LOOKS && !existsSync(socket); look++) {
    const run = readRun(running);
    if (run === undefined || !isRunning(run.creator)) return;
    await pause(LOOK_MS);
  }
}

/** The keeper does not get its container to end, or does not answer: it may be stopped. */
async function killGroups(
  home: Home,
  running: string,
  ended: Promise<void>,
  id: string,
  patience: number = PATIENCE_MS,
): Promise<void> {
  const groups = readRun(running)?.cgroups;
  if (groups !== undefined) removeGroups(groups);
  if (await within(ended, patience)) return;
  throw new HuskError("failed", `container ${shortId(id)} does not end`, {
    hint: "its keeper does not answer: ps -eo pid,stat,args shows it as husk-keeper; kill -CONT or kill -KILL it",
  });
}

/** A keeper that waits to start its container again has nobody to send the signal to. */
async function neverAgain(socket: string, signal: number): Promise<void> {
  try {
    await tellKeeperToStop(socket, signal);
  } catch (error) {
    if (!(error instanceof HuskError) || error.code !== "conflict") throw error;
    await tellKeeperToStop(socket, 0);
  }
}

/** A keeper that is gone has ended its container. */
export async function ignoringGone(answer: Promise<void>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    if (!(error instanceof HuskError) || error.code !== "not-found") throw error;
  }
}

/** What setTimeout takes: for anything longer, some 25 days, it does not wait at all. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Whether it ends within so many milliseconds; -1, and what no timer can measure: waits for ever. */
async function within(ended: Promise<void>, milliseconds: number, signal?: AbortSignal): Promise<boolean> {
  if (milliseconds < 0 || milliseconds > LONGEST_TIMER_MS) {
    await ended;
    return true;
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  let giveUp = (): void => {};
  const late = new Promise<boolean>((resolve, reject) => {
    timer = setTimeout(() => resolve(false), milliseconds);
    giveUp = () => reject(signal?.reason as Error);
    signal?.addEventListener("abort", giveUp, { once: true });
  });
  try {
    return await Promise.race([ended.then(() => true), late]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}
