import type { EncodedPlan, Report } from "../../plan/index.ts";
import { ensureBindSources } from "../bind-sources.ts";
import { withContainer } from "../container/lock.ts";
import { containerPaths } from "../container/paths.ts";
import type { ContainerRecord } from "../container/record.ts";
import { openFolders } from "../folders.ts";
import type { Home } from "../home.ts";
import type { PreparedContainer } from "../prepare.ts";
import type { RunOptions } from "../run-options.ts";
import { settleJoins } from "../joins.ts";
import { withDefaults } from "../settings/defaults.ts";
import { readSettings } from "../settings/read-settings.ts";
import { type CreateOptions, FIRST_START, recordContainer, withDraft, withOwnVolumes } from "./create.ts";
import {
  type Handed,
  handOver,
  type Planned,
  planRun,
  type RunEnd,
  settle,
  type StreamOptions,
} from "./launch.ts";
import { noteFailure } from "./note-failure.ts";
import { sweepNowAndThen } from "./sweep-home.ts";

/** What the caller decides about a run besides the container itself. */
export interface RunHow extends StreamOptions {
  /** Absent: a new one. */
  readonly id?: string;
  /** Measure each step: {@link RunResult.trace}. */
  readonly timed?: boolean;
  /** What has to be typed at the terminal to leave the container alone. */
  readonly detachKeys?: Uint8Array;
  /** Is called right before the program may begin: from then on signals are its matter. */
  readonly starting?: () => void;
}

/** A container at work that ends when this process ends. */
export interface AttachedRun {
  readonly id: string;
  readonly name: string;
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
export interface RunResult extends Omit<RunEnd, "report"> {
  readonly id: string;
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
 * Creates a container and starts it, with this process's streams or pipes.
 *
 * @throws HuskError "invalid", "not-found", "denied", "unavailable", "unsupported" for what was asked for and cannot
 *   be had; "conflict" when the name is taken; nothing is left behind then
 */
export async function runAttached(home: Home, options: RunOptions, how: RunHow = {}): Promise<AttachedRun> {
  const inputOnce = options.interactive === true;
  const { planned, handed } = await beginRun(home, options, { ...how, inputOnce, detached: false });
  const { record, prepared } = planned;
  const { warnings } = prepared;
  const { keeper } = handed;
  const { stdin, stdout, stderr } = keeper;
  return {
    id: record.id,
    name: record.name,
    warnings,
    stdin,
    stdout,
    stderr,
    kill: (signal) => keeper.kill(signal),
    ended: endOf(home, planned, handed),
  };
}

/**
 * Creates a container and starts it, to live on its own.
 *
 * @returns once its program is executed
 * @throws HuskError as {@link runAttached} does, and when a step failed or the program could not be executed
 */
export async function runDetached(
  home: Home,
  options: RunOptions,
  how: CreateOptions = {},
): Promise<{ readonly record: ContainerRecord; readonly warnings: readonly string[] }> {
  const { planned, handed } = await beginRun(home, options, { ...how, detached: true });
  const { record, prepared } = planned;
  try {
    await settle(home, await handed.outcome, planned, handed, false);
  } catch (error) {
    noteFailure(containerPaths(home.folders, record.id), error);
    await tidy(home, record);
    throw error;
  }
  return { record, warnings: prepared.warnings };
}

async function beginRun(
  home: Home,
  options: RunOptions,
  how: RunHow & CreateOptions & { readonly detached: boolean },
): Promise<{ readonly planned: Planned; readonly handed: Handed }> {
  const { folders } = home;
  openFolders(folders);
  await sweepNowAndThen(home);
  if (options.mounts !== undefined) ensureBindSources(options.mounts);
  const { detached, detachKeys } = how;
  const begin = { ...FIRST_START, detached, streams: how, ...(detachKeys && { detachKeys }) };
  return withOwnVolumes(home, settleJoins(home.folders, withDefaults(options, readSettings())), (settled) =>
    withDraft(settled, how, (record) =>
      withContainer(folders, record.id, async () => {
        const planned = await planRun(home, record, settled, begin);
        const handed = await handOver(home, planned, how, () => {
          recordContainer(home, record);
          how.created?.(record.id);
        });
        // Nobody may take for dead what is just being started.
        if (detached) await handed.outcome.catch(() => {});
        return { planned, handed };
      }),
    ),
  );
}

async function endOf(home: Home, planned: Planned, handed: Handed): Promise<RunResult> {
  const { record, prepared } = planned;
  const { encoded } = handed;
  try {
    const { report, ...end } = await settle(home, await handed.outcome, planned, handed, false);
    return {
      id: record.id,
      ...end,
      warnings: prepared.warnings,
      ...(encoded.timed && report !== undefined ? { trace: { prepared, encoded, report } } : {}),
    };
  } catch (error) {
    noteFailure(containerPaths(home.folders, record.id), error);
    throw error;
  } finally {
    await tidy(home, record);
  }
}

/** What `--rm` asks for. */
async function tidy(home: Home, { id, options }: ContainerRecord): Promise<void> {
  if (options.rm !== true) return;
  const { finish } = await import("./finish.ts");
  await finish(home, id);
}
