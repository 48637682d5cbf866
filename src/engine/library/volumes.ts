import type { Home } from "../home.ts";
import type { PrunedVolumes } from "../volume/remove.ts";
import type { Volume, VolumeOptions } from "../volume/record.ts";

/** The volumes of an engine: folders that outlive containers. */
export class Volumes {
  readonly #home: Home;

  /** @internal */
  constructor(home: Home) {
    this.#home = home;
  }

  /**
   * Makes a volume; one of that name and these options that exists is taken as it is.
   *
   * @param options without a name it is anonymous, and `prune` removes it
   * @throws HuskError "invalid" for a name or option; "conflict" if there is one with other options
   */
  async create(options: Omit<VolumeOptions, "anonymous"> = {}): Promise<Volume> {
    const { createVolume } = await import("../volume/store.ts");
    const anonymous = options.name === undefined ? { anonymous: true } : {};
    return createVolume(this.#home.folders, { ...options, ...anonymous }).volume;
  }

  /** @throws HuskError "not-found" */
  async get(name: string): Promise<Volume> {
    const { getVolume } = await import("../volume/store.ts");
    return getVolume(this.#home.folders.root, name);
  }

  /** All of them, by name. */
  async list(): Promise<Volume[]> {
    const { listVolumes } = await import("../volume/list.ts");
    return listVolumes(this.#home.folders.root);
  }

  /** All that is known of one, in docker's layout (`GET /volumes/{name}`). @throws HuskError "not-found" */
  async inspect(name: string): Promise<Record<string, unknown>> {
    const { inspectVolume } = await import("../volume/inspect.ts");
    return inspectVolume(await this.get(name));
  }

  /** Removes one with its files. @throws HuskError "not-found", "conflict" when a container uses it */
  async remove(name: string): Promise<void> {
    const { deleteVolume } = await import("../volume/remove.ts");
    await deleteVolume(this.#home, name);
  }

  /** Removes those no container uses: those nobody named, or `all`; of these the ones that `wants` names. */
  async prune({
    all = false,
    wants,
  }: {
    readonly all?: boolean;
    readonly wants?: (volume: Volume) => boolean;
  } = {}): Promise<PrunedVolumes> {
    const { pruneVolumes } = await import("../volume/remove.ts");
    return pruneVolumes(this.#home, all, wants);
  }
}
