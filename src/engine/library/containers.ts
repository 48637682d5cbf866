import { findId } from "../container/find.ts";
import { listContainers } from "../container/list.ts";
import { type ContainerSummary, isAlive } from "../container/state.ts";
import type { Home } from "../home.ts";
import type { Pruned } from "../life/prune.ts";
import { completeOptions } from "./complete-options.ts";
import { Container } from "./container.ts";
import type { ContainerOptions, ImageSource } from "./options.ts";

/** The containers of an engine. */
export class Containers {
  readonly #home: Home;

  /** @internal */
  constructor(home: Home) {
    this.#home = home;
  }

  /**
   * Creates a container without starting it.
   *
   * @param command program and arguments; empty: what the image says
   * @throws HuskError "conflict" for a name that is taken; what cannot be had here
   */
  async create(
    image: ImageSource,
    command: readonly string[] = [],
    options: ContainerOptions = {},
  ): Promise<Container> {
    const complete = await completeOptions(this.#home, image, command, options);
    try {
      const { createContainer } = await import("../life/create.ts");
      const inputOnce = options.interactive === true;
      const { record, warnings } = await createContainer(this.#home, complete.options, { inputOnce });
      for (const warning of warnings) options.warn?.(warning);
      return new Container(this.#home, record.id);
    } finally {
      complete.release();
    }
  }

  /**
   * Creates a container and starts it, to live on its own; returns once its program is executed.
   *
   * @throws HuskError as {@link create} and {@link Container.start} do
   */
  async run(
    image: ImageSource,
    command: readonly string[] = [],
    options: ContainerOptions = {},
  ): Promise<Container> {
    const complete = await completeOptions(this.#home, image, command, options);
    try {
      const { runDetached } = await import("../life/run.ts");
      const { record, warnings } = await runDetached(this.#home, complete.options);
      for (const warning of warnings) options.warn?.(warning);
      return new Container(this.#home, record.id);
    } finally {
      complete.release();
    }
  }

  /** Finds one by its name, id or the beginning of its id. @throws HuskError "not-found" */
  get(name: string): Container {
    return new Container(this.#home, findId(this.#home.folders, name));
  }

  /** How they fare now, the newest first; without `all` those that run. */
  list({
    all = false,
    warn = () => {},
  }: {
    all?: boolean;
    warn?: (message: string) => void;
  } = {}): ContainerSummary[] {
    const list = listContainers(this.#home.folders, warn);
    return all ? list : list.filter(isAlive);
  }

  /** Removes those that do not run, or of these the ones that `wants` names. */
  async prune(wants?: (container: ContainerSummary) => boolean): Promise<Pruned> {
    const { pruneContainers } = await import("../life/prune.ts");
    return pruneContainers(this.#home, wants);
  }
}
