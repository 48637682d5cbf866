import { statSync } from "node:fs";
import type { ImageStore, LayerProgress, Platform, Pulled, StoredImage } from "../image/index.ts";
import { forkFolders } from "./fork/fork-layers.ts";
import { HuskError } from "../platform/error.ts";
import { readInRoot, statInRoot } from "../platform/in-root.ts";
import { applyImageConfig } from "./image-config.ts";
import type { Home } from "./home.ts";
import type { ImageIdentity, RunOptions, RunSource } from "./run-options.ts";

/** An image that a container shall be made of. */
export interface WantedImage {
  /** As people write it: `debian:12`. */
  readonly name: string;
  readonly pull: "missing" | "always" | "never";
  /** `os/architecture[/variant]`; absent: this machine's. */
  readonly platform?: string;
  /** Replaces the image's; empty: none. */
  readonly entrypoint?: string;
}

/** Tells what is going on while an image is pulled. */
export interface PullReporter {
  /** The image is not here. */
  missing(name: string): void;
  layer(progress: LayerProgress): void;
  done(name: string, digest: string): void;
  warn(message: string): void;
  /** Gives it up. */
  readonly signal?: AbortSignal;
}

/** Options for a container of an image. */
export interface ImageOptions {
  readonly options: RunOptions;
  /** To be called when the container has ended: until then nobody removes the layers it stands on. */
  readonly release: () => void;
}

/**
 * Completes options by an image: its layers, and what its configuration says where the options do not. A missing image
 * is pulled first, if that is wished.
 *
 * @param reporter is asked for who shall tell of it when there is something to tell
 * @throws HuskError "not-found", and what pulling throws
 */
export async function withImage(
  home: Home,
  options: RunOptions,
  wanted: WantedImage,
  reporter: () => Promise<PullReporter>,
): Promise<ImageOptions> {
  const { useStore } = await import("../image/index.ts");
  const { openImages } = await import("./image-context.ts");
  const store = openImages(home);
  const use = await useStore(store);
  try {
    return { options: await completed(home, store, options, wanted, reporter), release: use.release };
  } catch (error) {
    use.release();
    throw error;
  }
}

async function completed(
  home: Home,
  store: ImageStore,
  options: RunOptions,
  wanted: WantedImage,
  reporter: () => Promise<PullReporter>,
): Promise<RunOptions> {
  const { findHere, fitness, hostPlatform, layerFolders, parsePlatform, readInLayers } = await import(
    "../image/index.ts"
  );
  const platform = wanted.platform === undefined ? hostPlatform() : parsePlatform(wanted.platform);
  let image: StoredImage | Pulled | undefined =
    wanted.pull === "always" ? undefined : findHere(store, wanted.name, platform);
  const layersOf = ({ config }: StoredImage | Pulled): string[] =>
    layerFolders(store, config.rootfs.diff_ids);
  // A name may be here for another platform than the one that is asked for.
  if (image !== undefined && wanted.platform !== undefined && fitness(platform, image.config) === 0)
    image = undefined;
  const isHere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;
  const isWhole =
    image !== undefined && (layersOf(image).every(isHere) || (await unpacked(home, image, await reporter())));
  if (image === undefined || !isWhole) {
    if (wanted.pull === "never")
      throw new HuskError("not-found", `there is no image ${wanted.name}`, {
        hint: "leave out --pull never, or: husk pull",
      });
    const report = await reporter();
    report.missing(wanted.name);
    image = await pull(home, wanted.name, platform, report);
  }
  const { config } = image;
  const layers = layersOf(image);
  if (layers.length === 0)
    throw new HuskError("invalid", `the image ${wanted.name} has no layers: there is no program in it`, {
      hint: "it is no image of a root file system",
    });
  const read = (path: string): string => {
    const bytes = readInLayers(layers, path, ACCOUNTS_BYTES);
    return bytes === undefined ? "" : Buffer.from(bytes).toString();
  };
  const { entrypoint, ...defaults } = applyImageConfig(
    options,
    config.config ?? {},
    wanted.entrypoint,
    wanted.name,
  );
  const is32 = config.architecture === "386" && hostPlatform().architecture === "amd64";
  return {
    // Programs for 32 bits ask the kernel what it is (personality(2)).
    ...(is32 ? { personality: "linux32" as const } : {}),
    ...options,
    ...defaults,
    source: {
      kind: "image",
      name: wanted.name,
      layers,
      accounts: { passwd: read("/etc/passwd"), group: read("/etc/group") },
      identity: {
        id: image.manifest.config.digest,
        digest: image.manifestDigest,
        layers: config.rootfs.diff_ids,
        entrypoint,
      },
    },
  };
}

/** Unpacks layers whose blobs are here; false where some are not. */
async function unpacked(home: Home, image: StoredImage | Pulled, { warn }: PullReporter): Promise<boolean> {
  const { imageContext } = await import("./image-context.ts");
  return (await import("../image/index.ts")).unpackImage(imageContext(home, warn), image);
}

/**
 * Where a container's image is now, for a start of a container that exists already.
 *
 * @param writable what was written above the layers
 * @throws HuskError "not-found" where a layer is missing
 */
export async function findImageSource(
  home: Home,
  { name, entrypoint, id, digest, forks = [], layers: diffIds }: { readonly name: string } & ImageIdentity,
  writable: string,
): Promise<RunSource> {
  const { layerFolders, readInLayers } = await import("../image/index.ts");
  const { openImages } = await import("./image-context.ts");
  const store = openImages(home);
  const layers = [...forkFolders(home.folders.root, forks), ...layerFolders(store, diffIds)];
  for (const path of layers) {
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) continue;
    throw new HuskError("not-found", `the image ${name}: its layer ${path} is missing`, {
      hint: `husk pull ${name} may bring it back`,
    });
  }
  // What the container wrote is a stranger's: it is looked up without leaving its folder.
  const read = (path: string): string =>
    Buffer.from(
      readInRoot({ root: writable }, path, ACCOUNTS_BYTES) ??
        (isRemoved(writable, path) ? [] : (readInLayers(layers, path, ACCOUNTS_BYTES) ?? [])),
    ).toString();
  return {
    kind: "image",
    name,
    layers,
    accounts: { passwd: read("/etc/passwd"), group: read("/etc/group") },
    identity: { id, digest, forks, layers: diffIds, entrypoint },
  };
}

const ACCOUNTS_BYTES = 4 << 20;

/** Overlay's whiteout: a character device 0:0 (overlayfs.rst, "whiteouts and opaque directories"). */
function isRemoved(root: string, path: string): boolean {
  const stats = statInRoot({ root }, path)?.stats;
  return stats?.isCharacterDevice() === true && stats.rdev === 0;
}

/** Pulls an image with what this machine and user have: rules, credentials, rights. */
export async function pull(
  home: Home,
  name: string,
  platform: Platform,
  report: PullReporter,
): Promise<Pulled> {
  const { parseReference, pullImage } = await import("../image/index.ts");
  const { imageContext } = await import("./image-context.ts");
  const { registryContext } = await import("./registry-context.ts");
  const { store, unpack, tools } = imageContext(home, report.warn);
  const pulled = await pullImage(store, parseReference(name), {
    platform,
    ...registryContext(report.signal),
    unpack,
    tools,
    parallel: 3,
    ...(home.layerWorker === undefined ? {} : { worker: home.layerWorker }),
    progress: (progress) => report.layer(progress),
  });
  report.done(name, pulled.digest);
  return pulled;
}
