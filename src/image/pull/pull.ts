import { HuskError } from "../../platform/error.ts";
import { type KeeperTools, type LayerWorker, spreadFolders, type UnpackOptions } from "../layer/index.ts";
import { type Descriptor, type ImageConfig, type Manifest, type Platform } from "../oci.ts";
import { parseConfig, parseManifest } from "../parse-oci.ts";
import { choosePlatform, fitness, formatPlatform } from "../platform.ts";
import { familiarReference, formatName, manifestName, type Reference } from "../reference.ts";
import {
  endpointsOf,
  type FetchedManifest,
  type RegistryRule,
  Repository,
  Session,
  type SessionOptions,
} from "../registry/index.ts";
import {
  BlobWriter,
  findLayer,
  hasBlob,
  type ImageStore,
  nameImage,
  putBlob,
  readBlob,
  useStore,
} from "../store/index.ts";
import { download } from "./download.ts";
import { type LayerContext, type LayerProgress, pullLayer } from "./pull-layer.ts";

export interface PullOptions {
  readonly platform: Platform;
  readonly rules: readonly RegistryRule[];
  readonly session: Omit<SessionOptions, "insecure">;
  readonly unpack: UnpackOptions;
  readonly tools: KeeperTools;
  /** Layers that come in at the same time. */
  readonly parallel: number;
  /** A new thread that unpacks a layer; absent: this one does. */
  readonly worker?: () => LayerWorker;
  readonly progress: (progress: LayerProgress) => void;
}

/** An image that is in the store now. */
export interface Pulled {
  /** What the name stands for: an index or a manifest. */
  readonly digest: string;
  /** The manifest for the platform. */
  readonly manifestDigest: string;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}

/**
 * Gets an image into the store, with its layers unpacked. What is there already is not asked for again.
 *
 * @throws HuskError "not-found", "denied", "invalid", "failed": what was downloaded is kept for the next try
 */
export async function pullImage(
  store: ImageStore,
  reference: Reference,
  options: PullOptions,
): Promise<Pulled> {
  const use = await useStore(store);
  try {
    const { sources, fetched } = await findSource(reference, options);
    const name = familiarReference(reference);
    const blobs: FetchedManifest[] = [fetched];
    let chosen = fetched;
    const top = parseManifest(fetched.bytes, fetched.mediaType, `the manifest of ${name}`);
    if (top.kind === "index") {
      const descriptor = choosePlatform(top.index, options.platform, name);
      chosen = hasBlob(store, descriptor.digest, descriptor.size)
        ? {
            bytes: readBlob(store, descriptor.digest),
            mediaType: descriptor.mediaType,
            digest: descriptor.digest,
          }
        : await fromFirst(sources, (source) => source.fetchManifest(descriptor.digest));
      blobs.push(chosen);
    }
    const inner =
      chosen === fetched ? top : parseManifest(chosen.bytes, chosen.mediaType, `the manifest of ${name}`);
    if (inner.kind === "index")
      throw new HuskError("unsupported", `${name} is an index of indexes`, {
        hint: "pull one of them by its digest",
      });
    const { manifest } = inner;
    const config = await fetchConfig(store, manifest, sources, options, name);
    if (top.kind !== "index" && fitness(options.platform, config) === 0)
      options.unpack.warn(
        `${name} is made for ${formatPlatform(config)}, not for ${formatPlatform(options.platform)}`,
      );
    await pullLayers(
      { store, sources, retries: options.session.retries, ...options },
      manifest,
      config,
      options.parallel,
    );
    for (const { bytes, digest } of blobs) putBlob(store, bytes, digest);
    await nameImage(store, reference, {
      mediaType: fetched.mediaType,
      digest: fetched.digest,
      size: fetched.bytes.length,
    });
    const shown = familiarReference(reference);
    store.tell?.("pull", shown, shown);
    return { digest: fetched.digest, manifestDigest: chosen.digest, manifest, config };
  } finally {
    use.release();
  }
}

/** The first place, mirrors included, that has the image; the others may help out with blobs. */
async function findSource(
  reference: Reference,
  options: PullOptions,
): Promise<{ sources: Repository[]; fetched: FetchedManifest }> {
  const endpoints = endpointsOf(options.rules, formatName(reference), reference.digest !== undefined);
  const all = endpoints.map(
    ({ registry, repository, insecure }) =>
      new Repository(new Session(registry, { ...options.session, insecure }), repository),
  );
  const failures: string[] = [];
  for (const [i, source] of all.entries()) {
    try {
      const fetched = await source.fetchManifest(manifestName(reference));
      return { sources: [source, ...all.slice(i + 1)], fetched };
    } catch (error) {
      if (i + 1 === all.length) {
        if (failures.length > 0) options.unpack.warn(`mirrors without success: ${failures.join("; ")}`);
        throw error;
      }
      failures.push((error as Error).message);
    }
  }
  throw new HuskError("invalid", `no place is known for ${formatName(reference)}`, {
    hint: "see registries.conf",
  });
}

async function fromFirst<T>(
  sources: readonly Repository[],
  get: (source: Repository) => Promise<T>,
): Promise<T> {
  for (const [i, source] of sources.entries()) {
    try {
      return await get(source);
    } catch (error) {
      if (i + 1 === sources.length) throw error;
    }
  }
  throw new Error("no source");
}

async function fetchConfig(
  store: ImageStore,
  manifest: Manifest,
  sources: readonly Repository[],
  options: PullOptions,
  name: string,
): Promise<ImageConfig> {
  const { config } = manifest;
  if (!hasBlob(store, config.digest, config.size)) {
    const writer = new BlobWriter(store, config);
    try {
      await download(config, writer, sources, options.session.retries, () => {});
      writer.commit();
    } catch (error) {
      writer.discard();
      throw error;
    }
  }
  const parsed = parseConfig(readBlob(store, config.digest), `the configuration of ${name}`);
  if (parsed.rootfs.diff_ids.length !== manifest.layers.length)
    throw new HuskError(
      "invalid",
      `${name} has ${manifest.layers.length} layers, but its configuration tells of ${parsed.rootfs.diff_ids.length}`,
      { hint: "the image was made wrongly" },
    );
  return parsed;
}

/** Brings all layers in, a few at a time and the largest first; after the first failure no further one is begun. */
async function pullLayers(
  context: LayerContext,
  manifest: Manifest,
  config: ImageConfig,
  parallel: number,
): Promise<void> {
  const todo = new Map<string, { layer: Descriptor; diffId: string }>();
  for (const [i, layer] of manifest.layers.entries()) {
    todo.set(layer.digest, { layer, diffId: config.rootfs.diff_ids[i] as string });
    context.progress({ digest: layer.digest, state: "waiting", current: 0, total: layer.size });
  }
  const queue = [...todo.values()].toSorted((one, other) => other.layer.size - one.layer.size);
  if (queue.some(({ diffId }) => findLayer(context.store, diffId) === undefined))
    await spreadFolders(context.store.layers, context.tools);
  let failure: { error: unknown } | undefined;
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && failure === undefined; next = queue.shift()) {
      try {
        await pullLayer(context, next.layer, next.diffId);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, parallel) }, work));
  if (failure !== undefined) throw failure.error;
}
