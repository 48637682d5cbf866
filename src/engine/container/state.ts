import { existsSync, readFileSync } from "node:fs";
import { isRunning } from "../../platform/process-identity.ts";
import { freezerState } from "../../runtime/oci/freezer.ts";
import type { Folders } from "../folders.ts";
import { type ExitRecord, readExit } from "./exit.ts";
import type { HealthStatus } from "./health.ts";
import { type HeldLocks, isHeld, readHeldLocks } from "./held-locks.ts";
import { containerPaths } from "./paths.ts";
import type { ContainerRecord } from "./record.ts";
import { readRun } from "./run-record.ts";

/** docker's words for how a container fares. */
export type ContainerStatus =
  | "created"
  | "running"
  | "paused"
  | "restarting"
  | "removing"
  | "exited"
  | "dead";

/** How a container fares at one moment. */
export interface ContainerState {
  readonly status: ContainerStatus;
  /** Process id of its first process as the host counts; 0: none runs. */
  readonly pid: number;
  /** Of the last run: status, 128 + n after signal n; 0 while it runs. */
  readonly exitCode: number;
  /** Of the last run: the kernel killed something in it for lack of memory. */
  readonly outOfMemory: boolean;
  /** Milliseconds since 1970; 0: never, or nobody knows. */
  readonly started: number;
  readonly finished: number;
  /** What took the last run its end or its beginning, where that was not the program; "": nothing. */
  readonly error: string;
  /** Absent without a health check. */
  readonly health?: HealthStatus;
}

/** A container as lists show it. */
export interface ContainerSummary extends ContainerState {
  readonly record: ContainerRecord;
}

/** Whether a program of the container runs, or is about to be started again. */
export function isAlive({ status }: ContainerState): boolean {
  return status === "running" || status === "paused" || status === "restarting";
}

/** Whether its keeper was killed, and nobody has cleared that up yet: a sweep does, and applies its restart policy. */
export function isLost(folders: Folders, id: string, { error }: ContainerState): boolean {
  return error === KEEPER_LOST && existsSync(containerPaths(folders, id).running);
}

/** The same of a container whose record is known: between its end and its keeper's, no policy means no restart. */
export function readStateOf(
  folders: Folders,
  { id, options: { restart } }: ContainerRecord,
  held: HeldLocks = readHeldLocks(),
): ContainerState {
  const state = readState(folders, id, held);
  if (state.status !== "restarting") return state;
  const ends =
    restart === undefined || restart.kind === "no" || (restart.kind === "on-failure" && state.exitCode === 0);
  return ends ? { ...state, status: "exited" } : state;
}

/** How a container fares; of one that does not exist: "created". */
export function readState(folders: Folders, id: string, held: HeldLocks = readHeldLocks()): ContainerState {
  const paths = containerPaths(folders, id);
  for (let locks = held, attempt = 0; ; attempt++) {
    const locked = isHeld(paths.running, locks);
    const exit = readExit(paths.exit);
    if (locked === true) {
      // Its keeper has tidied up, and is about to leave.
      if (exit !== undefined && exit.kind !== "running" && !existsSync(paths.running))
        return endedState(exit);
      return liveState(folders, id, exit);
    }
    const run = locked === undefined ? undefined : readRun(paths.running);
    const starting = run !== undefined && isRunning(run.creator);
    // It was started, or ended, between two looks.
    const changed = starting ? exit?.kind === "running" : existsSync(paths.running) !== (locked === false);
    if (changed && attempt < 5) {
      locks = readHeldLocks();
      continue;
    }
    // Its keeper has been handed it, and is about to take the lock.
    if (starting && exit === undefined) return liveState(folders, id, exit);
    if (exit === undefined) return nothingYet;
    if (exit.kind !== "running") return endedState(exit);
    return { ...endedState(exit), exitCode: LOST, error: locked === undefined ? REBOOT : KEEPER_LOST };
  }
}

/** Exit code of what ended with its keeper: as by SIGKILL, which is what ended the program. */
export const LOST = 137;
export const KEEPER_LOST = "keeper lost";
const REBOOT = "the machine was restarted";

const nothingYet: ContainerState = {
  status: "created",
  pid: 0,
  exitCode: 0,
  outOfMemory: false,
  started: 0,
  finished: 0,
  error: "",
};

function endedState(exit: ExitRecord): ContainerState {
  const { kind, exitCode, outOfMemory, started, finished, error } = exit;
  const status = kind === "failed" ? "created" : "exited";
  return { status, pid: 0, exitCode, outOfMemory, started, finished, error };
}

function liveState(folders: Folders, id: string, exit: ExitRecord | undefined): ContainerState {
  const paths = containerPaths(folders, id);
  if (exit !== undefined && exit.kind !== "running") return { ...endedState(exit), status: "restarting" };
  return {
    ...nothingYet,
    status: isPaused(folders, id) ? "paused" : "running",
    pid: readPid(paths.pid),
    started: exit?.started || (readRun(paths.running)?.started ?? 0),
  };
}

/** The mark saves a look into the control groups, which alone count. */
export function isPaused(folders: Folders, id: string): boolean {
  const { paused, running } = containerPaths(folders, id);
  if (!existsSync(paused)) return false;
  const groups = readRun(running)?.cgroups;
  return groups !== undefined && freezerState(groups) === "frozen";
}

function readPid(file: string): number {
  try {
    return Number.parseInt(readFileSync(file, "latin1"), 10) || 0;
  } catch {
    return 0;
  }
}
