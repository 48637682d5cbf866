import { containerPaths } from "../container/paths.ts";
import type { ContainerRecord } from "../container/record.ts";
import { type ContainerState, readState } from "../container/state.ts";
import type { Home } from "../home.ts";
import type { RemoveOptions } from "../life/remove.ts";
import type { StopOptions } from "../life/stop.ts";
import { readTarget } from "../life/target.ts";
import type { UpdateOptions } from "../life/update.ts";
import { signalNumber } from "../../platform/signal.ts";
import { HuskError } from "../../platform/error.ts";
import type { Attachment, AttachOptions } from "../attach/attach.ts";
import type { ExecResult, RunningExec } from "../exec/exec.ts";
import type { ExecOptions } from "../exec/program.ts";
import type { ContainerLogOptions } from "../log/container-log.ts";
import type { LogChunk } from "../log/index.ts";
import type { ProcessTable } from "../processes/ps.ts";
import type { Usage } from "../usage/sample.ts";
import { bytesOf, feed, type Input } from "./collect.ts";
import type { Abortable } from "./options.ts";

const SIGKILL = 9;

/** What {@link Container.exec} can be asked for. */
export interface ExecSettings extends Omit<ExecOptions, "command" | "interactive">, Abortable {
  /** What the program reads from its standard input; absent: nothing. */
  readonly stdin?: Input;
}

/** How a program ended, and what it printed; with a terminal, everything is in `stdout`. */
export interface ExecOutput extends ExecResult {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/**
 * A container, whether it runs or not. It lives on its own: this object only names it. Every method may throw a
 * HuskError "not-found" when the container was removed meanwhile.
 */
export class Container implements AsyncDisposable {
  readonly id: string;
  readonly #home: Home;

  /** @internal */
  constructor(home: Home, id: string) {
    this.#home = home;
    this.id = id;
  }

  /** What it was asked to be, with its present name. */
  record(): ContainerRecord {
    return readTarget(this.#home, this.id).record;
  }

  /** Its present name. */
  get name(): string {
    return this.record().name;
  }

  /** How it fares now. */
  state(): ContainerState {
    readTarget(this.#home, this.id);
    return readState(this.#home.folders, this.id);
  }

  /**
   * Starts it, and returns once its program is executed; nothing happens if it runs already.
   *
   * @returns what is stricter than asked
   * @throws HuskError "conflict" for a paused one, "command-not-found", "cannot-execute", or what this machine refuses
   */
  async start(options: Abortable = {}): Promise<readonly string[]> {
    const { startContainer } = await import("../life/start.ts");
    return startContainer(this.#home, this.id, options);
  }

  /** Asks its program to end, and kills it when it takes too long; nothing happens if it does not run. */
  async stop(options: StopOptions = {}): Promise<void> {
    const { stopContainer } = await import("../life/stop.ts");
    await stopContainer(this.#home, this.id, options);
  }

  /**
   * Sends a signal to its first process.
   *
   * @param signal a name (`TERM`, `SIGKILL`) or number; absent: SIGKILL
   * @throws HuskError "conflict" when it does not run
   */
  async kill(signal: string | number = "KILL"): Promise<void> {
    const number = typeof signal === "number" ? signal : signalNumber(signal);
    if (number === undefined) throw new HuskError("invalid", `Invalid signal: ${signal}`);
    const { killContainer } = await import("../life/kill.ts");
    await killContainer(this.#home, this.id, number);
  }

  /** Ends it, if it runs, and starts it. */
  async restart(options: StopOptions = {}): Promise<readonly string[]> {
    const { restartContainer } = await import("../life/restart.ts");
    return restartContainer(this.#home, this.id, options);
  }

  /** Waits until its present run has ended. @returns the exit code; 128 + n after signal n */
  async wait({ signal }: Abortable = {}): Promise<number> {
    const { waitForContainer } = await import("../life/wait.ts");
    return waitForContainer(this.#home, this.id, signal);
  }

  /** Stops everything in it until {@link unpause}. @throws HuskError "conflict", "unavailable" */
  async pause(): Promise<void> {
    const { pauseContainer } = await import("../life/pause.ts");
    await pauseContainer(this.#home, this.id);
  }

  async unpause(): Promise<void> {
    const { unpauseContainer } = await import("../life/pause.ts");
    await unpauseContainer(this.#home, this.id);
  }

  /** Changes limits and restart policy, whether it runs or not. */
  async update(changes: UpdateOptions): Promise<void> {
    const { updateContainer } = await import("../life/update.ts");
    await updateContainer(this.#home, this.id, changes);
  }

  /** @throws HuskError "conflict" for a name that is taken */
  async rename(name: string): Promise<void> {
    const { renameContainer } = await import("../life/rename.ts");
    await renameContainer(this.#home, this.id, name);
  }

  /**
   * Runs a program in it to its end, with its own rights and limits. The program ends with this process, or `signal`.
   *
   * @throws HuskError "conflict" when the container does not run, "command-not-found", "cannot-execute"
   */
  async exec(command: readonly string[], options: ExecSettings = {}): Promise<ExecOutput> {
    const { signal, stdin, ...rest } = options;
    signal?.throwIfAborted();
    const program = await this.spawn(command, {
      ...rest,
      ...(stdin === undefined ? {} : { interactive: true }),
    });
    const abort = (): void => program.kill(SIGKILL);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const [stdout, stderr, end] = await Promise.all([
        bytesOf(program.stdout),
        bytesOf(program.stderr),
        program.ended,
        stdin === undefined ? undefined : feed(stdin, program.stdin),
      ]);
      signal?.throwIfAborted();
      return { ...end, stdout, stderr };
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /**
   * Starts a program in it, whose streams are the caller's to read: `interactive` for a standard input, `detach` for
   * one that goes on when this process ends.
   *
   * @throws HuskError as {@link exec} does; of a program that cannot be executed `ended` tells
   */
  async spawn(
    command: readonly string[],
    { detach = false, ...options }: Omit<ExecOptions, "command"> & { readonly detach?: boolean } = {},
  ): Promise<RunningExec> {
    const { exec } = await import("../exec/exec.ts");
    const streams = {
      stdin: options.interactive === true ? "pipe" : "ignore",
      stdout: "pipe",
      stderr: "pipe",
    } as const;
    return exec(this.#home, this.id, { ...options, command }, detach ? { detach } : streams);
  }

  /**
   * Its input and output, beside any number of others.
   *
   * @throws HuskError "conflict" when it does not run
   */
  async attach(options: AttachOptions = {}): Promise<Attachment> {
    const { attach } = await import("../attach/attach.ts");
    return attach(this.#home, this.id, options);
  }

  /**
   * What it wrote, as it is read: `for await (const { stream, bytes } of container.logs({ follow: true }))`.
   *
   * @throws HuskError "unsupported" where no log is kept, "failed" for a damaged one
   */
  async *logs(options: ContainerLogOptions = {}): AsyncGenerator<LogChunk, void> {
    const { containerLogs } = await import("../log/container-log.ts");
    yield* containerLogs(this.#home, this.id, options);
  }

  /** What it uses, once a `interval` (milliseconds; absent: 1000), until it ends or `signal` is aborted. */
  async *stats(options: { readonly interval?: number } & Abortable = {}): AsyncGenerator<Usage, void> {
    const { watchUsage } = await import("../usage/watch.ts");
    for await (const [one] of watchUsage(this.#home, { ...options, containers: [this.id] })) {
      if (one?.usage === undefined) return;
      yield one.usage;
    }
  }

  /**
   * Its processes, as ps(1) shows them on this machine.
   *
   * @param options as ps takes them; none: `-ef`
   * @throws HuskError "conflict" when it does not run
   */
  async top(options: readonly string[] = []): Promise<ProcessTable> {
    const { containerTop } = await import("../processes/container-top.ts");
    return containerTop(this.#home, this.id, options);
  }

  /** All that is known of it, in docker's layout (`GET /containers/{id}/json`). */
  async inspect(): Promise<Record<string, unknown>> {
    const { inspectContainer } = await import("../inspect/container.ts");
    return inspectContainer(this.#home.folders, this.id);
  }

  /** Removes it with everything it wrote. @throws HuskError "conflict" when it runs, unless `force` is given */
  async remove(options: RemoveOptions = {}): Promise<void> {
    const { removeContainer } = await import("../life/remove.ts");
    await removeContainer(this.#home, this.id, options);
  }

  /** The folder on this machine that keeps what it writes, its log and its record. */
  get folder(): string {
    return containerPaths(this.#home.folders, this.id).folder;
  }

  /** `await using`: it is killed and removed; that it is gone already is no error. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.remove({ force: true, volumes: true });
    } catch (error) {
      if (!(error instanceof HuskError) || error.code !== "not-found") throw error;
    }
  }
}
