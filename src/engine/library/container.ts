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
import type { Abortable } from "./options.ts";

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
