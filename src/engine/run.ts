import { fstatSync } from "node:fs";
import { evacuate, groupsLeft, outOfMemoryKills, removeGroups } from "../cgroup/index.ts";
import type { Exec } from "../plan/index.ts";
import { type EncodedPlan, failureError, findFailure, type Report } from "../plan/index.ts";
import { HuskError } from "../platform/error.ts";
import { installKeeper, type KeeperSource } from "../platform/keeper-file.ts";
import type { ContainerStream } from "../platform/keeper-process.ts";
import { hintForRootfs, type Mount } from "../rootfs/index.ts";
import { type KeeperOutcome, launch } from "../runtime/launch.ts";
import { explainExecFailure } from "../runtime/program.ts";
import { ensureBindSources } from "./bind-sources.ts";
import { type Folders, openFolders } from "./folders.ts";
import { checkContainerId, shortId } from "./id.ts";
import { type PreparedContainer, prepareContainer, type RuntimeOptions } from "./prepare.ts";
import { claimContainer, recordPaths, releaseContainer } from "./record.ts";
import type { RunOptions } from "./run-options.ts";
import { sweep } from "./sweep.ts";

/** Where an engine keeps its state, and the keeper it starts. */
export interface Engine {
  readonly folders: Folders;
  readonly keeper: KeeperSource;
}

/** What the caller decides about a start besides the container itself. */
export interface StartOptions {
  /** Absent: a new one. */
  readonly id?: string;
  /**
   * Absent: the caller's own descriptors 0, 1 and 2; of input only if `interactive` or `tty` asks for it.
   */
  readonly stdin?: ContainerStream;
  readonly stdout?: ContainerStream;
  readonly stderr?: ContainerStream;
  /** Descriptors of this process that the program gets as 3, 4, …. */
  readonly descriptors?: readonly number[];
  /** Measure each step: {@link RunResult.trace}. */
  readonly timed?: boolean;
  readonly runtime?: RuntimeOptions;
}

/** A container at work. It ends when this process ends. */
export interface RunningContainer {
  readonly id: string;
  /** What is stricter than asked, or mended: for the user to know. */
  readonly warnings: readonly string[];
  readonly stdin: WritableStream<Uint8Array> | undefined;
  readonly stdout: ReadableStream<Uint8Array> | undefined;
  readonly stderr: ReadableStream<Uint8Array> | undefined;
  /** Sends a signal to the container's first process. */
  kill(signal: number): void;
  /** Rejects with a HuskError when a step failed, the program could not be executed, or the keeper was killed. */
  readonly ended: Promise<RunResult>;
}

/** How a container ended. */
export interface RunResult {
  readonly id: string;
  /** The program's exit status; 128 + n after signal n. */
  readonly exitCode: number;
  /** Signal that ended it, or 0. */
  readonly signal: number;
  readonly timedOut: boolean;
  /** The kernel killed a process of it for lack of memory. */
  readonly outOfMemory: boolean;
  readonly warnings: readonly string[];
  /** With `timed`: the plan, as it was performed. */
  readonly trace?: Trace;
}

/** A performed plan with its times. */
export interface Trace {
  readonly prepared: PreparedContainer;
  readonly encoded: EncodedPlan;
  readonly report: Report;
}

/**
 * Runs a container until it ends.
 *
 * @throws HuskError; see {@link start} and {@link RunningContainer.ended}
 */
export async function run(engine: Engine, options: RunOptions, how: StartOptions = {}): Promise<RunResult> {
  return (await start(engine, options, how)).ended;
}

/**
 * Starts a container: decides, plans, records, and hands the plan to a keeper.
 *
 * @throws HuskError "invalid", "not-found", "denied", "unavailable", "unsupported" for what was asked
 *   for and cannot be had; "conflict" when the name is taken; nothing is left behind
 */
export async function start(
  engine: Engine,
  options: RunOptions,
  how: StartOptions = {},
): Promise<RunningContainer> {
  if (how.id !== undefined) checkContainerId(how.id);
  const { root, run: runFolder } = openFolders(engine.folders);
  await sweep(runFolder, async () => removeGroups);
  if (options.mounts !== undefined) ensureBindSources(options.mounts);
  const { name } = options;
  const prepared = await prepareContainer(options, {
    ...(how.id === undefined ? {} : { id: how.id }),
    ...(how.runtime === undefined ? {} : { runtime: how.runtime }),
    pipes: needsPipes(options, how),
    record: (id) => recordPaths(runFolder, id, name),
  });
  const { id, planned, warnings } = prepared;
  const keeper = installKeeper(engine.keeper, root);
  const { cgroups } = planned;
  claimContainer(runFolder, { id, name, rootfs: prepared.rootfs.name, cgroups: cgroups?.folders });
  const forget = (): void => {
    if (cgroups !== undefined) removeGroups(cgroups.folders);
    releaseContainer(runFolder, id, name);
  };
  try {
    if (cgroups?.evacuate !== undefined) evacuate(cgroups.evacuate);
    const launched = await launch(planned.plan, {
      keeper,
      id: shortId(id),
      reportDirectory: runFolder,
      stdin: how.stdin ?? (options.interactive === true || options.tty === true ? 0 : "ignore"),
      stdout: how.stdout ?? 1,
      stderr: how.stderr ?? 2,
      timed: how.timed ?? false,
      ...(how.descriptors === undefined ? {} : { descriptors: how.descriptors }),
    });
    const { keeper: child, encoded } = launched;
    const ended = launched.outcome.then(
      (outcome) => settle(outcome, prepared, encoded, forget),
      (error: unknown) => {
        forget();
        throw error;
      },
    );
    const { stdin, stdout, stderr } = child;
    return { id, warnings, stdin, stdout, stderr, kill: (signal) => child.kill(signal), ended };
  } catch (error) {
    forget();
    throw error;
  }
}

/**
 * Whether the program's output goes through pipes of its own. A terminal of the caller's is never handed over unless
 * asked for (`tty`): who may write to one may as well read what is typed there, and change its settings.
 */
function needsPipes({ tty }: RunOptions, { stdout = 1, stderr = 2, runtime }: StartOptions): boolean {
  if (stdout === "pipe" || stderr === "pipe") return true;
  // The callers of OCI runtimes decide themselves what they hand over.
  return tty !== true && runtime === undefined && (mayBeTerminal(stdout) || mayBeTerminal(stderr));
}

/** /dev/null, /dev/full and the like (mem(4)). */
const MEMORY_DEVICES = 1;

function mayBeTerminal(stream: number | "ignore"): boolean {
  if (stream === "ignore") return false;
  const { mode, rdev } = fstatSync(stream);
  return (mode & 0o170000) === 0o020000 && rdev >> 8 !== MEMORY_DEVICES;
}

function settle(
  outcome: KeeperOutcome,
  prepared: PreparedContainer,
  encoded: EncodedPlan,
  forget: () => void,
): RunResult {
  const { id, warnings } = prepared;
  if (outcome.kind === "lost") {
    forget();
    const { sent } = outcome;
    if (sent > 0)
      return { id, exitCode: 128 + sent, signal: sent, timedOut: false, outOfMemory: false, warnings };
    throw new HuskError(
      "failed",
      `the keeper of container ${shortId(id)} was killed (${outcome.signal}), and the container with it`,
    );
  }
  const { report } = outcome;
  // What lived below the container's own group, or would not die in time, the keeper leaves to us.
  if (groupsLeft(report.exports)) forget();
  if (report.outcome === "failed") throw launchError(prepared, encoded, report);
  return {
    id,
    exitCode: report.exitCode,
    signal: report.exitSignal,
    timedOut: report.timedOut,
    outOfMemory: outOfMemoryKills(report.exports) > 0,
    warnings,
    ...(encoded.timed ? { trace: { prepared, encoded, report } } : {}),
  };
}

function launchError(prepared: PreparedContainer, encoded: EncodedPlan, report: Report): HuskError {
  const failure = findFailure(prepared.planned.plan, encoded.operations, report);
  if (failure === undefined)
    return new HuskError("failed", `the keeper failed at an unknown step (${report.ordinal})`);
  if (failure.operation.kind === "exec") return execError(prepared, failure.operation, report);
  return failureError(failure, hintForRootfs);
}

function execError({ spec, rootfs }: PreparedContainer, { paths }: Exec, report: Report): HuskError {
  const path = paths[report.path];
  return explainExecFailure({
    program: spec.process.args[0] as string,
    paths,
    path: report.path,
    errno: report.errno,
    mode: report.detail,
    bytes: report.exhibit,
    rootfs: rootfs.name,
    noexec: path !== undefined && isOnNoexec(spec.mounts ?? [], path),
  });
}

/** Whether the innermost mount of the configuration around `path` forbids executing. */
function isOnNoexec(mounts: readonly Mount[], path: string): boolean {
  let innermost = "";
  let noexec = false;
  for (const { destination, options } of mounts) {
    if (destination.length < innermost.length || !path.startsWith(`${destination}/`)) continue;
    innermost = destination;
    noexec = (options?.lastIndexOf("noexec") ?? -1) > (options?.lastIndexOf("exec") ?? -1);
  }
  return noexec;
}
