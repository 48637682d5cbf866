import type {
  HistoryStep,
  ImageFilter,
  ImageStore,
  FoundRepository,
  MakeContext,
  Platform,
  Recipe,
  Removed,
  StoredImage,
} from "../../image/index.ts";
import type { Home } from "../home.ts";
import type {
  BootstrapSettings,
  ImageSummary,
  ImportSettings,
  MakeSettings,
  OfPlatform,
  PrunedImages,
  PullSettings,
  PushSettings,
  SaveSettings,
  Warned,
} from "./image-settings.ts";
import type { Abortable } from "./options.ts";
import { type ByteSource, piecesOf, streamOf } from "./streams.ts";

/** The images of an engine. They are named as on the command line: by name, id, or the beginning of an id. */
export class Images {
  readonly #home: Home;

  /** @internal */
  constructor(home: Home) {
    this.#home = home;
  }

  /**
   * Brings an image from its registry, with the credentials, mirrors and certificates of this machine and user.
   *
   * @throws HuskError "not-found", "denied", "failed"; what was downloaded is kept for the next try
   */
  async pull(name: string, { platform, progress, warn, signal }: PullSettings = {}): Promise<ImageSummary> {
    signal?.throwIfAborted();
    const { pull } = await import("../image-source.ts");
    const wanted = await platformOf(platform);
    await pull(this.#home, name, wanted, {
      missing: () => {},
      layer: (told) => progress?.(told),
      done: () => {},
      warn: warn ?? (() => {}),
      ...(signal === undefined ? {} : { signal }),
    });
    return this.get(name, platform === undefined ? {} : { platform });
  }

  /** Brings an image to the registry of its name. @throws HuskError "not-found", "denied", "failed" */
  async push(
    name: string,
    { platform, progress, warn, signal }: PushSettings = {},
  ): Promise<{ readonly digest: string; readonly size: number }> {
    signal?.throwIfAborted();
    const { parseReference, pushImage } = await import("../../image/index.ts");
    const { registryContext } = await import("../registry-context.ts");
    return pushImage(await this.#store(), parseReference(name), {
      ...registryContext(signal),
      platform: await platformOf(platform),
      parallel: 3,
      progress: progress ?? (() => {}),
      warn: warn ?? (() => {}),
    });
  }

  /** Those of the store, by name; a filter takes names as patterns (`team/*`), labels, and times in milliseconds. */
  async list(filter: ImageFilter = {}): Promise<ImageSummary[]> {
    const { filterImages, listImages } = await import("../../image/index.ts");
    const found = filterImages(listImages(await this.#store()), filter);
    return Promise.all(found.map(summaryOf));
  }

  /** @throws HuskError "not-found"; "invalid" when several ids begin so */
  async get(name: string, { platform }: OfPlatform = {}): Promise<ImageSummary> {
    return summaryOf(await this.#find(name, platform));
  }

  /** All that is known of one, in docker's layout (`GET /images/{name}/json`). @throws HuskError "not-found" */
  async inspect(name: string, { platform }: OfPlatform = {}): Promise<Record<string, unknown>> {
    const { inspectImage } = await import("../../image/index.ts");
    return inspectImage(await this.#store(), await this.#find(name, platform)) as Record<string, unknown>;
  }

  /** The steps one was made in, the newest first. @throws HuskError "not-found" */
  async history(name: string, { platform }: OfPlatform = {}): Promise<HistoryStep[]> {
    const { imageHistory } = await import("../../image/index.ts");
    return imageHistory(await this.#store(), await this.#find(name, platform));
  }

  /** Gives an image a further name. @throws HuskError "not-found", "invalid" */
  async tag(image: string, name: string): Promise<void> {
    const { parseTag, tagImage } = await import("../../image/index.ts");
    await tagImage(await this.#store(), await this.#find(image), parseTag(name));
  }

  /**
   * Takes a name from an image; with the last one, or by an id, it goes with what nobody else needs of it.
   *
   * @throws HuskError "not-found"; "conflict" when containers stand on it; `force` then overrules those that do not run
   */
  async remove(name: string, { force = false }: { readonly force?: boolean } = {}): Promise<Removed> {
    const { collectGarbage, removeImage } = await import("../../image/index.ts");
    const { imageUse } = await import("../image-users.ts");
    const store = await this.#store();
    const { users, layers } = imageUse(this.#home.folders);
    const removed = await removeImage(store, name, { force, users });
    await collectGarbage(store, layers);
    return removed;
  }

  /** Removes images without a name, with `all` those no container stands on, as far as the filter lets them through. */
  async prune({
    all = false,
    ...filter
  }: { readonly all?: boolean } & ImageFilter = {}): Promise<PrunedImages> {
    const { filterImages, pruneImages } = await import("../../image/index.ts");
    const { imageUse } = await import("../image-users.ts");
    const { users, layers: keepLayers } = imageUse(this.#home.folders);
    return pruneImages(await this.#store(), {
      all,
      users,
      keepLayers,
      choose: (unneeded) => filterImages(unneeded, filter),
    });
  }

  /** Images as one archive: the same images give the same bytes. The stream fails with "not-found". */
  save(
    names: string | readonly string[],
    { form = "docker", platform, warn, signal }: SaveSettings = {},
  ): ReadableStream<Uint8Array> {
    return streamOf(async (take) => {
      const { saveImages } = await import("../../image/index.ts");
      const wanted = await platformOf(platform);
      const options = { form, platform: wanted, warn: warn ?? (() => {}) };
      const only = platform === undefined ? options : { ...options, only: wanted };
      await take(saveImages(await this.#store(), [names].flat(), only));
    }, signal);
  }

  /**
   * Brings the images of an archive in, docker's or OCI's, compressed or not.
   *
   * @param source its bytes, or the path of a file or of an OCI layout's folder
   * @throws HuskError "invalid" for what is no archive of images, and then nothing of it is here
   */
  async load(
    source: string | ByteSource,
    { platform, warn, signal }: OfPlatform & Abortable & Warned = {},
  ): Promise<ImageSummary[]> {
    const { loadImages } = await import("../../image/index.ts");
    const context = await this.#context(warn);
    const loaded = await loadImages(context, await archiveOf(source, signal), {
      ...(platform === undefined ? {} : { platform: await platformOf(platform) }),
      progress: () => {},
    });
    const summaries: ImageSummary[] = [];
    for (const { id } of loaded)
      summaries.push(await this.get(id, platform === undefined ? {} : { platform }));
    return summaries;
  }

  /** Makes an image of one layer, of a root file system's archive. @throws HuskError "invalid" for what is none */
  async import(
    source: string | ByteSource,
    { name, platform, changes, message, warn, signal }: ImportSettings = {},
  ): Promise<ImageSummary> {
    const { importImage, parseTag } = await import("../../image/index.ts");
    const { readInput } = await import("../../platform/read-pieces.ts");
    const context = await this.#context(warn);
    const pieces = piecesOf(typeof source === "string" ? readInput(source) : source, signal);
    const made = await importImage(context, pieces, {
      platform: await platformOf(platform),
      ...(changes === undefined ? {} : { changes }),
      ...(message === undefined ? {} : { message }),
      ...(name === undefined ? {} : { reference: parseTag(name) }),
    });
    return this.get(made.id, platform === undefined ? {} : { platform });
  }

  /**
   * Makes an image of programs of this machine with the libraries they need, and nothing else.
   *
   * @param programs names that are looked up in PATH, or absolute paths
   * @throws HuskError "not-found" for what is missing
   */
  async make(
    name: string,
    programs: readonly string[],
    { include = [], links = [], from = "/", config = {}, warn, signal }: MakeSettings = {},
  ): Promise<ImageSummary> {
    signal?.throwIfAborted();
    const { parseTag } = await import("../../image/index.ts");
    const { makeProgramImage, USUAL_PATH } = await import("../program-image.ts");
    const path = from === "/" ? (process.env["PATH"] ?? USUAL_PATH) : USUAL_PATH;
    const made = await makeProgramImage(await this.#context(warn, signal), {
      reference: parseTag(name),
      programs,
      searchPath: path.split(":").filter((folder) => folder !== ""),
      from,
      include,
      links,
      config,
    });
    for (const note of made.jail.notes) warn?.(note);
    return this.get(made.id);
  }

  /**
   * Makes an image of a distribution's packages, by mmdebstrap or debootstrap: `debian:bookworm`, `ubuntu:jammy`.
   *
   * @throws HuskError "unavailable" without a tool, "failed" with the tool's words; nothing is left behind
   */
  async bootstrap(
    system: string,
    { name, tool, noCache = false, line, warn, signal, ...recipe }: BootstrapSettings = {},
  ): Promise<ImageSummary> {
    signal?.throwIfAborted();
    const { bootstrapImage, debianArchitecture, hostPlatform, parseSystem, parseTag, usualName } =
      await import("../../image/index.ts");
    const own = debianArchitecture(hostPlatform().architecture);
    const usual = {
      variant: "minbase",
      architecture: own,
      include: [],
      exclude: [],
      components: [],
    } as const;
    const whole: Recipe = { ...usual, ...recipe, ...parseSystem(system) };
    const chosen = name ?? usualName(whole, own);
    let stop = (): void => {};
    const giveUp = (): void => stop();
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      await bootstrapImage(await this.#context(warn), {
        recipe: whole,
        reference: parseTag(chosen),
        cache: !noCache,
        line: line ?? (() => {}),
        started: (end) => {
          stop = end;
          if (signal?.aborted === true) end();
        },
        ...(tool === undefined ? {} : { tool }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
    return this.get(chosen, { platform: `linux/${whole.architecture}` });
  }

  /**
   * Looks for repositories at docker's hub, or at another registry (`registry.example/term`).
   *
   * @param limit at most so many; absent: 25
   * @throws HuskError "unavailable" for a registry that cannot be searched, "denied", "failed"
   */
  async search(
    term: string,
    { limit = 25, signal }: { readonly limit?: number } & Abortable = {},
  ): Promise<FoundRepository[]> {
    signal?.throwIfAborted();
    const { searchRepositories } = await import("../../image/index.ts");
    const { registryContext } = await import("../registry-context.ts");
    return searchRepositories(term, { ...registryContext(signal), limit });
  }

  async #store(): Promise<ImageStore> {
    const { openImages } = await import("../image-context.ts");
    return openImages(this.#home);
  }

  async #context(warn: ((message: string) => void) | undefined, signal?: AbortSignal): Promise<MakeContext> {
    const { imageContext } = await import("../image-context.ts");
    return imageContext(this.#home, warn ?? (() => {}), signal);
  }

  async #find(name: string, platform?: string): Promise<StoredImage> {
    const { findByNameOrId } = await import("../../image/index.ts");
    const wanted = platform === undefined ? undefined : await platformOf(platform);
    return findByNameOrId(await this.#store(), name, wanted);
  }
}

async function platformOf(text: string | undefined): Promise<Platform> {
  const { hostPlatform, parsePlatform } = await import("../../image/index.ts");
  return text === undefined ? hostPlatform() : parsePlatform(text);
}

async function archiveOf(
  source: string | ByteSource,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<Uint8Array> | { readonly folder: string }> {
  if (typeof source !== "string") return piecesOf(source, signal);
  const { statSync } = await import("node:fs");
  if (statSync(source, { throwIfNoEntry: false })?.isDirectory() === true) return { folder: source };
  const { readInput } = await import("../../platform/read-pieces.ts");
  return piecesOf(readInput(source), signal);
}

async function summaryOf(image: StoredImage): Promise<ImageSummary> {
  const { familiarReference, madeAt, parseReference } = await import("../../image/index.ts");
  return {
    id: image.id,
    names: image.names.map((name) => familiarReference(parseReference(name))),
    digest: image.top.digest,
    created: madeAt(image),
    size: image.size,
    labels: image.config.config?.Labels ?? {},
  };
}
