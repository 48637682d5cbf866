import { existsSync, fstatSync } from "node:fs";
import { evacuate, groupsLeft, outOfMemoryKills, removeGroups } from "../../cgroup/index.ts";
import { errnoName, errnoWords, type Report } from "../../plan/index.ts";
import { HuskError } from "../../platform/error.ts";
import { installKeeper } from "../../platform/keeper-file.ts";
import type { ContainerStream } from "../../platform/keeper-process.ts";
import { type KeeperOutcome, launch, type Launched } from "../../runtime/launch.ts";
import { containerPaths } from "../container/paths.ts";
import { isHeld, readHeldLocks } from "../container/held-locks.ts";
import { withContainer } from "../container/lock.ts";
import type { ContainerRecord } from "../container/record.ts";
import { claimRun, forgetRun, runMark } from "../container/run-record.ts";
import { makeRoot, settleRoot } from "../copied-root/index.ts";
import { tellContainer } from "../events/container-event.ts";
import { entryOf } from "../exec/entry.ts";
import type { Home } from "../home.ts";
import { shortId } from "../id.ts";
import { findJoins } from "../joins.ts";
import { type PreparedContainer, prepareContainer } from "../prepare.ts";
import { hasWritableFolder } from "../rootfs-source.ts";
import type { RunOptions } from "../run-options.ts";
import { mountVolumes } from "../volume/mount.ts";
import { forgetRemoval, noteRemoval } from "./removing.ts";
import { supervisionOf, type SupervisionOptions } from "./supervision.ts";
import { settleOwnRun } from "./sweep-home.ts";

/** What the caller of an attached container decides about its streams. */
export interface StreamOptions {
  /**
   * Absent: the caller's own descriptors 0, 1 and 2; of input only if `interactive` or `tty` asks for it.
   */
  readonly stdin?: ContainerStream;
  readonly stdout?: ContainerStream;
  readonly stderr?: ContainerStream;
  /** Descriptors of this process that the program gets as 3, 4, …. */
  readonly descriptors?: readonly number[];
}

/** A container that is decided on and planned, with what its keeper will do for it. */
export interface Planned {
  readonly record: ContainerRecord;
  readonly options: RunOptions;
  /** Milliseconds since 1970; no other run of the container has the same. */
  readonly started: number;
  readonly prepared: PreparedContainer;
  readonly how: SupervisionOptions;
}

/**
 * Decides how a container is started. Changes nothing, but that it may be tried whether overlays can be had here.
 *
 * @param asked what the record says, with its source on this machine
 * @param isNew what its folder has to have is still to be made
 * @throws HuskError what cannot be had
 */
export async function planRun(
  home: Home,
  record: ContainerRecord,
  asked: RunOptions,
  how: SupervisionOptions & { readonly isNew: boolean; readonly streams?: StreamOptions },
): Promise<Planned> {
  const paths = containerPaths(home.folders, record.id);
  const { running, pid, folder } = paths;
  const started = Date.now();
  const { options, warnings } = await settleRoot(home, record.id, asked, how.isNew);
  const prepared = await prepareContainer(withMounts(home, options), {
    id: record.id,
    joins: (privileged) => findJoins(home.folders, options, privileged),
    pipes: needsPipes(options, how.detached ? DETACHED : (how.streams ?? {})),
    ...(hasWritableFolder(options)
      ? { writable: { path: folder, isNew: how.isNew, volatile: options.rm === true } }
      : {}),
    life: {
      lockFile: running,
      lockMark: runMark(started),
      files: [running],
      pidFile: pid,
      supervision: supervisionOf(home, record, paths, how),
    },
  });
  return {
    record,
    options,
    started,
    prepared: { ...prepared, warnings: [...warnings, ...prepared.warnings] },
    how,
  };
}

/** Volumes as the folders they are. */
function withMounts({ folders }: Home, options: RunOptions): RunOptions {
  const { mounts } = options;
  if (mounts?.some(({ type }) => type === "volume") !== true) return options;
  return { ...options, mounts: mountVolumes(folders.root, mounts) };
}

const DETACHED: StreamOptions = { stdin: "ignore", stdout: "ignore", stderr: "ignore" };

/** A container in the hands of its keeper. */
export interface Handed extends Launched {
  /** When its run was planned: what its record says. */
  readonly started: number;
  /** Undoes what is left when the keeper could not: groups, the run's record. Not of a next run's, if there is one. */
  forget(): void;
}

/**
 * Records a run and hands its plan to a keeper. The caller has the container's lock.
 *
 * @param make makes the container's folder, if it is not there yet: what is recorded as running, others clear up
 * @throws HuskError "conflict" when it runs; nothing is left of the run then
 */
export async function handOver(
  home: Home,
  { record, options, started, prepared, how }: Planned,
  streams: StreamOptions & { readonly timed?: boolean; readonly starting?: () => void } = {},
  make?: () => void,
): Promise<Handed> {
  const { folders } = home;
  const { id } = record;
  const { planned } = prepared;
  const { cgroups } = planned;
  const keeper = installKeeper(home.keeper, folders.root);
  claimRun(
    folders,
    {
      id,
      started,
      rootfs: prepared.rootfs.name,
      cgroups: cgroups?.folders,
      restarts: how.restarts,
      delay: how.delay,
      entry: entryOf(prepared.spec, planned.seccomp),
    },
    how.restarts > 0,
  );
  const forget = (): void => {
    if (isHeld(containerPaths(folders, id).running, readHeldLocks()) === true) return;
    if (cgroups !== undefined) removeGroups(cgroups.folders);
    forgetRun(folders, id);
  };
  try {
    if (options.rm === true) noteRemoval(folders, id);
    if (cgroups?.evacuate !== undefined) evacuate(cgroups.evacuate);
    make?.();
    await makeRoot(home, options, prepared);
    if (options.health !== undefined) await beginHealth(home, id);
    tellContainer(folders, record, "start");
    const own = how.detached ? DETACHED : streams;
    const launched = await launch(planned.plan, {
      keeper,
      id: shortId(id),
      reportDirectory: folders.run,
      stdin: own.stdin ?? (options.interactive === true || options.tty === true ? 0 : "ignore"),
      stdout: own.stdout ?? 1,
      stderr: own.stderr ?? 2,
      timed: streams.timed ?? false,
      ...(streams.starting === undefined ? {} : { encoded: streams.starting }),
      ...(own.descriptors === undefined ? {} : { descriptors: own.descriptors }),
    });
    if (isCopied(options.log)) {
      const { spawnInternal } = await import("./spawn-internal.ts");
      spawnInternal(home, "log", id);
    }
    return { ...launched, started, forget };
  } catch (error) {
    forget();
    if (!existsSync(containerPaths(folders, id).record)) forgetRemoval(folders, id);
    throw error;
  }
}

/** What was found out about the last run says nothing of this one. */
async function beginHealth({ folders }: Home, id: string): Promise<void> {
  const { writeHealth } = await import("../container/health.ts");
  const { BEGINNING } = await import("../health/judge.ts");
  writeHealth(containerPaths(folders, id).health, BEGINNING);
}

/** Other tools look for its log elsewhere. */
function isCopied(log: RunOptions["log"]): boolean {
  return log?.driver === "json-file" || log?.driver === "journald";
}

/** How an attached run ended. */
export interface RunEnd {
  /** The program's exit status; 128 + n after signal n. */
  readonly exitCode: number;
  /** Signal that ended it, or 0. */
  readonly signal: number;
  readonly timedOut: boolean;
  /** The kernel killed a process of it for lack of memory. */
  readonly outOfMemory: boolean;
  /** Why the program's output could not be written where it was to go, in words; it is in the log. */
  readonly outputLost?: string;
  readonly report: Report | undefined;
}

/** A container's keeper was killed: what its run's record says by now counts. */
export class KeeperLost extends HuskError {}

/**
 * What became of a run whose keeper has ended, or, detached, has let go.
 *
 * @param hasLock the caller has the container's lock
 * @throws HuskError when a step failed or the program could not be executed; {@link KeeperLost}
 */
export async function settle(
  home: Home,
  outcome: KeeperOutcome,
  { prepared }: Planned,
  { encoded, started, forget }: Pick<Handed, "encoded" | "started" | "forget">,
  hasLock: boolean,
): Promise<RunEnd> {
  if (outcome.kind === "lost") {
    const { id } = prepared;
    const bury = (): Promise<void> => settleOwnRun(home, id, started);
    await (hasLock ? bury() : withContainer(home.folders, id, bury));
    const { sent } = outcome;
    if (sent > 0)
      return { exitCode: 128 + sent, signal: sent, timedOut: false, outOfMemory: false, report: undefined };
    throw new KeeperLost(
      "failed",
      `the keeper of container ${shortId(prepared.id)} was killed (${outcome.signal}), and the container with it`,
    );
  }
  const { report } = outcome;
  // What lived below the container's own group, or would not die in time, the keeper leaves to us.
  if (groupsLeft(report.exports)) forget();
  if (report.outcome === "failed") {
    const { launchError } = await import("./launch-error.ts");
    throw launchError(prepared, encoded, report);
  }
  return {
    exitCode: report.exitCode,
    signal: report.exitSignal,
    timedOut: report.timedOut,
    outOfMemory: outOfMemoryKills(report.exports) > 0,
    ...(report.outputErrno === 0 ? {} : { outputLost: errnoText(report.outputErrno) }),
    report,
  };
}

function errnoText(errno: number): string {
  return `${errnoWords(errno)} (${errnoName(errno)})`;
}

/**
 * Whether the program's output goes through pipes of its own. A terminal of the caller's is never handed over unless
 * asked for (`tty`): who may write to one may as well read what is typed there, and change its settings.
 */
function needsPipes({ tty }: RunOptions, { stdout = 1, stderr = 2 }: StreamOptions): boolean {
  if (stdout === "pipe" || stderr === "pipe") return true;
  return tty !== true && (mayBeTerminal(stdout) || mayBeTerminal(stderr));
}

/** /dev/null, /dev/full and the like (mem(4)). */
const MEMORY_DEVICES = 1;

function mayBeTerminal(stream: number | "ignore"): boolean {
  if (stream === "ignore") return false;
  const { mode, rdev } = fstatSync(stream);
  return (mode & 0o170000) === 0o020000 && rdev >> 8 !== MEMORY_DEVICES;
}
