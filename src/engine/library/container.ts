import { containerPaths } from "../container/paths.ts";
import type { ContainerRecord } from "../container/record.ts";
import { withHealth } from "../container/read-health.ts";
import type { ContainerState } from "../container/state.ts";
import type { Home } from "../home.ts";
import type { RemoveOptions } from "../life/remove.ts";
import type { StopOptions } from "../life/stop.ts";
import { readTarget } from "../life/target.ts";
import type { UpdateOptions } from "../life/update.ts";
import { signalNumber } from "../../platform/signal.ts";
import { HuskError } from "../../platform/error.ts";
import type { ExecResult, RunningExec } from "../exec/exec.ts";
import type { ExecOptions } from "../exec/program.ts";
import type { ContainerLogOptions } from "../log/container-log.ts";
import type { LogChunk } from "../log/index.ts";
import type { ProcessTable } from "../processes/ps.ts";
import type { Usage } from "../usage/sample.ts";
import type { ApplyOptions } from "../changes/apply-container.ts";
import type { CommitContainerOptions } from "../copy/commit.ts";
import type { CopyOptions } from "../copy/copy.ts";
import type { ForkOptions } from "../fork/fork.ts";
import { attachmentOf, type AttachSettings, type ContainerAttachment } from "./attachment.ts";
import { collect, type CollectSettings } from "./collect.ts";
import { checkCommand } from "./complete-options.ts";
import type { ImageSummary } from "./image-settings.ts";
import type { Abortable } from "./options.ts";
import { type ByteSource, piecesOf, streamOf } from "./streams.ts";

/** What {@link Container.exec} can be asked for. */
export interface ExecSettings extends Omit<ExecOptions, "command" | "interactive">, CollectSettings {}

/** What {@link Container.spawn} can be asked for. */
export interface SpawnSettings extends Omit<ExecOptions, "command">, Abortable {
  /** It goes on when this process ends, without input and output; nobody learns of its end. */
  readonly detach?: boolean;
}

/** How a program ended, and what it printed; with a terminal, everything is in `stdout`. */
export interface ExecOutput extends ExecResult {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** What a container did to a path, as docker writes it: Added, Changed, Deleted. */
export interface FileChange {
  readonly kind: "A" | "C" | "D";
  readonly path: string;
}

/** What {@link Container.apply} did, or would do. */
export interface AppliedChanges {
  readonly steps: readonly {
    readonly action: "make" | "replace" | "remove" | "mode";
    readonly path: string;
  }[];
  /** If there are any, nothing was done; `why` is half a sentence. */
  readonly conflicts: readonly { readonly path: string; readonly why: string }[];
  /** Changes that nobody named and that are not for this machine: of /tmp, /run and the like. */
  readonly leftOut: readonly string[];
}

const SIGKILL = 9;

function killWith(program: RunningExec, signal: AbortSignal): void {
  const kill = (): void => program.kill(SIGKILL);
  const forget = (): void => signal.removeEventListener("abort", kill);
  if (signal.aborted) return kill();
  signal.addEventListener("abort", kill, { once: true });
  program.ended.then(forget, forget);
}

/** Paths are bytes; those that are no UTF-8 are shown with replacement characters. */
function textOf(path: string): string {
  return Buffer.from(path, "latin1").toString();
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
    const { record, state } = readTarget(this.#home, this.id);
    return withHealth(this.#home.folders, record, state);
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
  async kill(signal: string | number = "KILL", options: Abortable = {}): Promise<void> {
    options.signal?.throwIfAborted();
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
  async pause({ signal }: Abortable = {}): Promise<void> {
    const { pauseContainer } = await import("../life/pause.ts");
    await pauseContainer(this.#home, this.id, signal);
  }

  /** Lets everything in it go on. @throws HuskError "conflict" when it is not paused */
  async unpause({ signal }: Abortable = {}): Promise<void> {
    const { unpauseContainer } = await import("../life/pause.ts");
    await unpauseContainer(this.#home, this.id, signal);
  }

  /**
   * Changes limits and restart policy, whether it runs or not.
   *
   * @returns what of it counts from the next start on only
   * @throws HuskError "invalid" for values out of range
   */
  async update(changes: UpdateOptions, { signal }: Abortable = {}): Promise<readonly string[]> {
    const { updateContainer } = await import("../life/update.ts");
    return updateContainer(this.#home, this.id, changes, signal);
  }

  /** Gives it another name. @throws HuskError "invalid"; "conflict" for one that is taken */
  async rename(name: string, { signal }: Abortable = {}): Promise<void> {
    const { renameContainer } = await import("../life/rename.ts");
    await renameContainer(this.#home, this.id, name, signal);
  }

  /**
   * Runs a program in it to its end, with its own rights and limits. The program ends with this process, or `signal`.
   *
   * @throws HuskError "conflict" when the container does not run, "command-not-found", "cannot-execute"; "failed" for
   *   too much output
   */
  async exec(command: readonly string[], options: ExecSettings = {}): Promise<ExecOutput> {
    const { signal, stdin, maxOutput: _collected, ...rest } = options;
    signal?.throwIfAborted();
    const program = await this.spawn(command, {
      ...rest,
      ...(stdin === undefined ? {} : { interactive: true }),
    });
    const { end, stdout, stderr } = await collect(program, options);
    return { ...end, stdout, stderr };
  }

  /**
   * Starts a program in it, whose streams are the caller's to read: `interactive` for a standard input, `detach` for
   * one that goes on when this process ends. `signal` kills it, unless it is detached; `ended` then tells so.
   *
   * @throws HuskError as {@link exec} does; of a program that cannot be executed `ended` tells
   */
  async spawn(
    command: readonly string[],
    { detach = false, signal, ...options }: SpawnSettings = {},
  ): Promise<RunningExec> {
    checkCommand(command);
    signal?.throwIfAborted();
    const { exec } = await import("../exec/exec.ts");
    const streams = {
      stdin: options.interactive === true ? "pipe" : "ignore",
      stdout: "pipe",
      stderr: "pipe",
    } as const;
    const program = await exec(this.#home, this.id, { ...options, command }, detach ? { detach } : streams);
    if (!detach && signal !== undefined) killWith(program, signal);
    return program;
  }

  /**
   * Its input and output, beside any number of others; output is what it writes from now on, or with `from: "start"`
   * all of its log.
   *
   * @throws HuskError "conflict" when it does not run
   */
  async attach({ signal, ...options }: AttachSettings = {}): Promise<ContainerAttachment> {
    signal?.throwIfAborted();
    const { attach } = await import("../attach/attach.ts");
    const attachment = attachmentOf(await attach(this.#home, this.id, options), signal);
    signal?.throwIfAborted();
    return attachment;
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

  /** What it uses, every `interval` milliseconds (absent: 1000), until it ends or `signal` is aborted. */
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

  /**
   * Copies a file or folder of this machine into it, running or not, as `docker cp` does: into `target` if that is a
   * folder, else under that name; of a source that ends in `/.` the content. Owners are its root, unless `archive`
   * keeps them.
   *
   * @returns bytes of the archive that travelled
   * @throws HuskError "not-found", "invalid", "failed"
   */
  async copyTo(source: string, target: string, options: CopyOptions = {}): Promise<number> {
    const { copyToContainer } = await import("../copy/copy.ts");
    return copyToContainer(this.#home, this.id, source, target, options);
  }

  /** Copies a file or folder of it to this machine, as {@link copyTo} does the other way. */
  async copyFrom(source: string, target: string, options: CopyOptions = {}): Promise<number> {
    const { copyFromContainer } = await import("../copy/copy.ts");
    return copyFromContainer(this.#home, this.id, source, target, options);
  }

  /** Unpacks a tar archive into a folder of it. @throws HuskError "not-found"; "invalid" for what is no folder or archive */
  async putArchive(folder: string, archive: ByteSource, { signal }: Abortable = {}): Promise<void> {
    const { writeToContainer } = await import("../copy/copy.ts");
    await writeToContainer(this.#home, this.id, folder, piecesOf(archive, signal), signal);
  }

  /**
   * A file or folder of it as a tar archive; the stream fails with "not-found". Until it is read or cancelled a running
   * container stands still, and nobody else may change it.
   */
  getArchive(path: string, { signal }: Abortable = {}): ReadableStream<Uint8Array> {
    return streamOf(async (take) => {
      const { readFromContainer } = await import("../copy/copy.ts");
      await readFromContainer(this.#home, this.id, path, take, { ...(signal && { signal }) });
    }, signal);
  }

  /**
   * Its whole root file system as a tar archive, without volumes. Until it is read or cancelled a running container
   * stands still, and nobody else may change it. The stream fails with "unsupported" for a container of `host`.
   */
  export({ signal }: Abortable = {}): ReadableStream<Uint8Array> {
    return streamOf(async (take) => {
      const { exportContainer } = await import("../copy/export.ts");
      await exportContainer(this.#home, this.id, take, signal);
    }, signal);
  }

  /**
   * Makes an image of it: its own, and what it wrote as a further layer. A running one is frozen meanwhile.
   *
   * @throws HuskError "unsupported" for one that is not of an image; "invalid" for a name or change
   */
  async commit(options: CommitContainerOptions = {}): Promise<ImageSummary> {
    const { commitContainer } = await import("../copy/commit.ts");
    const { id } = await commitContainer(this.#home, this.id, options);
    const { Images } = await import("./images.ts");
    return new Images(this.#home).get(id);
  }

  /** What it changed in its root file system, in the order of the paths. @throws HuskError "unsupported" */
  async diff(): Promise<FileChange[]> {
    const { containerChanges } = await import("../changes/container-changes.ts");
    const changes = await containerChanges(this.#home, this.id);
    return changes.map(({ kind, path }) => ({ kind, path: textOf(path) }));
  }

  /**
   * Brings what a container of `host` changed over to this machine: all of what is chosen, or nothing if something here
   * changed meanwhile (`conflicts` says what).
   *
   * @throws HuskError "conflict" while it runs; "unsupported" for one that is not of `host`
   */
  async apply(options: ApplyOptions = {}): Promise<AppliedChanges> {
    const { applyContainer } = await import("../changes/apply-container.ts");
    const { steps, conflicts, leftOut } = await applyContainer(this.#home, this.id, options);
    return {
      steps: steps.map(({ action, path }) => ({ action, path: textOf(path) })),
      conflicts: conflicts.map(({ path, why }) => ({ path: textOf(path), why })),
      leftOut: leftOut.map(textOf),
    };
  }

  /**
   * Makes a new container, not started yet, whose files are what those of this one are at this moment, and which is as
   * it in everything else.
   *
   * @throws HuskError "conflict" for a name that is taken; "unsupported" for one that writes into a folder itself
   */
  async fork(options: ForkOptions = {}): Promise<Container> {
    const { forkContainer } = await import("../fork/fork.ts");
    return new Container(this.#home, (await forkContainer(this.#home, this.id, options)).id);
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
