import { nanoseconds } from "../../platform/nanoseconds.ts";
import { packagedHusk, packagedKeeper } from "../../platform/package-files.ts";
import { chooseFolders, type Folders, openFolders } from "../folders.ts";
import type { DiskUsage } from "../disk-usage.ts";
import type { EngineEvent, EventOptions } from "../events/read-events.ts";
import type { Home } from "../home.ts";
import type { EngineInfo } from "../info.ts";
import { runAttached } from "../life/run.ts";
import { sweepHome } from "../life/sweep-home.ts";
import { completeOptions } from "./complete-options.ts";
import { collect, type CollectSettings } from "./collect.ts";
import { Containers } from "./containers.ts";
import { Images } from "./images.ts";
import type { ContainerOptions, EngineOptions, ImageSource } from "./options.ts";
import { Volumes } from "./volumes.ts";

/** How a program in a container ended, and what it printed. */
export interface RunOutput {
  readonly exitCode: number;
  /** Signal that ended it, or 0. */
  readonly signal: number;
  readonly timedOut: boolean;
  /** The kernel killed a process of it for lack of memory. */
  readonly outOfMemory: boolean;
  /** With a terminal, everything is in here. */
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** What {@link Engine.run} can be asked for besides. */
export interface RunSettings extends ContainerOptions, CollectSettings {}

/** An engine: containers on this machine, without a daemon. Any number may be open for the same folders. */
export class Engine implements AsyncDisposable {
  readonly containers: Containers;
  readonly images: Images;
  readonly volumes: Volumes;
  /** Where it keeps its state. */
  readonly folders: Folders;
  readonly #home: Home;

  /** @internal */
  constructor(home: Home) {
    this.#home = home;
    this.folders = home.folders;
    this.containers = new Containers(home);
    this.images = new Images(home);
    this.volumes = new Volumes(home);
  }

  /**
   * Runs a program in a new container to its end, which removes the container unless `rm` is false. The container ends
   * with this process; {@link Containers.run} makes one that does not.
   *
   * @param command program and arguments; empty: what the image says
   * @throws HuskError "command-not-found", "cannot-execute", or what cannot be had here; "failed" for too much output;
   *   what `signal` gives as reason. The container has ended then, too
   */
  async run(
    image: ImageSource,
    command: readonly string[] = [],
    { signal, stdin, maxOutput, ...options }: RunSettings = {},
  ): Promise<RunOutput> {
    const settings = {
      ...(signal === undefined ? {} : { signal }),
      ...(stdin === undefined ? {} : { stdin }),
      ...(maxOutput === undefined ? {} : { maxOutput }),
    };
    const asked = {
      rm: true,
      ...options,
      ...(stdin === undefined ? {} : { interactive: true }),
      ...(signal === undefined ? {} : { signal }),
    };
    const complete = await completeOptions(this.#home, image, command, asked);
    try {
      const run = await runAttached(this.#home, complete.options, {
        stdin: stdin === undefined ? "ignore" : "pipe",
        stdout: "pipe",
        stderr: "pipe",
      });
      for (const warning of run.warnings) options.warn?.(warning);
      const { end, stdout, stderr } = await collect(run, settings);
      const { exitCode, timedOut, outOfMemory } = end;
      return { exitCode, signal: end.signal, timedOut, outOfMemory, stdout, stderr };
    } finally {
      complete.release();
    }
  }

  /**
   * What happens, as it happens: `for await (const { Type, Action, Actor } of husk.events())`, in docker's words. It is
   * everything that any process does with this engine, of the time before too if `since` says so; there is no end
   * without `until` or `signal`.
   */
  events(options: EventOptions = {}): AsyncGenerator<EngineEvent, void> {
    // "From now on" is from this call on, not from when somebody first looks.
    return eventsOf(this.folders, { since: nanoseconds(), ...options });
  }

  /** What this engine is, and the machine it is on. */
  async info(): Promise<EngineInfo> {
    const { engineInfo } = await import("../info.ts");
    return engineInfo(this.folders);
  }

  /** What it takes of the disk; this reads every folder. */
  async diskUsage(): Promise<DiskUsage> {
    const { diskUsage } = await import("../disk-usage.ts");
    return diskUsage(this.#home);
  }

  /** Nothing of an engine lives in this process, so there is nothing to give back. Containers go on. */
  async close(): Promise<void> {}

  /** `await using`: as {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function* eventsOf(folders: Folders, options: EventOptions): AsyncGenerator<EngineEvent, void> {
  const { readEvents } = await import("../events/read-events.ts");
  yield* readEvents(folders, options);
}

/**
 * Opens the engine that the options, or HUSK_ROOT and HUSK_RUN, name, and makes its folders. Whatever killed processes
 * left in it is cleared up first.
 *
 * @throws HuskError "denied" for folders somebody else could write to, "unsupported" for those of a newer husk
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const home: Home = {
    folders: openFolders(chooseFolders(options)),
    keeper: { path: options.keeper ?? packagedKeeper() },
    husk: options.husk ?? packagedHusk(),
  };
  await sweepHome(home);
  return new Engine(home);
}
