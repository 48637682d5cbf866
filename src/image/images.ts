import { statSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import { type Descriptor, type ImageConfig, isManifestType, type Manifest, type Platform } from "./oci.ts";
import { parseConfig, parseManifest } from "./parse-oci.ts";
import { bestPlatform, hostPlatform } from "./platform.ts";
import { familiarReference, parseReference, type Reference } from "./reference.ts";
import {
  nameImage,
  blobPath,
  findImage,
  findLayer,
  type ImageStore,
  nameOf,
  readBlob,
  readIndex,
} from "./store/index.ts";

/** An image of the store, for one platform. */
export interface StoredImage {
  /** All names it has, whole; none if it lost its last one. */
  readonly names: readonly string[];
  /** What its names stand for: an index or a manifest. */
  readonly top: Descriptor;
  readonly manifestDigest: string;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  /** docker's image id: the digest of the configuration. */
  readonly id: string;
  /** Bytes of all files, layers that are not unpacked counted as they are. */
  readonly size: number;
}

/**
 * The image of a name for a platform; undefined if the store has none of that name, or not for that platform.
 *
 * @throws HuskError "invalid" when it is damaged
 */
export function loadImage(
  store: ImageStore,
  reference: Reference,
  platform: Platform,
): StoredImage | undefined {
  const top = findImage(store, reference);
  if (top === undefined) return undefined;
  const name = nameOf(top);
  return describe(store, { top, names: name === undefined ? [] : [name] }, platform);
}

/**
 * All images of the store, those of one digest together, in the order of their names.
 *
 * @param platform of an index only the image for this one; absent: this machine's, or else whichever is here
 */
export function listImages(store: ImageStore, platform?: Platform): StoredImage[] {
  const images = listed(store).flatMap((entry) => describe(store, entry, platform) ?? []);
  return images.toSorted((a, b) => ((a.names[0] ?? "~") < (b.names[0] ?? "~") ? -1 : 1));
}

/**
 * Finds an image by name, or by the beginning of its id or digest (at least 4 digits, as docker and podman).
 *
 * @param platform as with {@link listImages}
 * @throws HuskError "not-found", "invalid" when several begin so
 */
export function findByNameOrId(store: ImageStore, text: string, platform?: Platform): StoredImage {
  const byId = findById(store, text, platform);
  if (byId !== undefined) return byId;
  const reference = parseReference(text);
  const top = findImage(store, reference);
  const found = listed(store).find((entry) => entry.top.digest === top?.digest);
  const image = found === undefined ? undefined : describe(store, found, platform);
  if (image !== undefined) return image;
  throw new HuskError("not-found", `there is no image ${familiarReference(reference)}`, {
    hint: "husk images lists those there are; husk pull gets one",
  });
}

/**
 * The image that is meant by a name or the beginning of an id, names first; undefined: it is not here.
 *
 * @throws HuskError "invalid" for a name that is none, and when several ids begin so
 */
export function findHere(store: ImageStore, text: string, platform: Platform): StoredImage | undefined {
  if (ID.test(text)) {
    const named =
      text.length === 64 || text.includes(":") ? undefined : loadImage(store, parseReference(text), platform);
    return named ?? findById(store, text, platform);
  }
  return loadImage(store, parseReference(text), platform);
}

const ID = /^(sha256:)?[0-9a-f]{4,64}$/;

/** By id also those of an index that are not the platform's. */
function findById(store: ImageStore, text: string, platform: Platform | undefined): StoredImage | undefined {
  if (!ID.test(text)) return undefined;
  const digits = text.replace(/^sha256:/, "");
  const begins = (digest: string): boolean => digest.slice(digest.indexOf(":") + 1).startsWith(digits);
  const isMeant = ({ id, top, manifestDigest }: StoredImage): boolean =>
    [id, top.digest, manifestDigest].some(begins);
  let found = listImages(store, platform).filter(isMeant);
  if (found.length === 0)
    found = listed(store).flatMap((entry) =>
      manifestsHere(store, entry.top)
        .flatMap((inner) => read(store, entry, inner) ?? [])
        .filter(isMeant),
    );
  // One image may have two manifests, as what came from a registry and from an archive: it is the same.
  if (new Set(found.map(({ id }) => id)).size > 1)
    throw new HuskError("invalid", `several images have an id that begins with ${text}`, {
      hint: "give more of it",
    });
  return found[0];
}

/** What the store lists under one digest. */
type Listed = Pick<StoredImage, "top" | "names">;

function listed(store: ImageStore): Listed[] {
  const groups = new Map<string, { top: Descriptor; names: string[] }>();
  for (const top of readIndex(store).manifests) {
    const group = groups.get(top.digest) ?? { top, names: [] };
    groups.set(top.digest, group);
    const name = nameOf(top);
    if (name !== undefined) group.names.push(name);
  }
  return [...groups.values()].map(({ top, names }) => ({ top, names: names.toSorted() }));
}

function describe(store: ImageStore, entry: Listed, platform: Platform | undefined): StoredImage | undefined {
  const manifests = manifestsHere(store, entry.top);
  if (manifests[0] === entry.top) return read(store, entry, entry.top);
  const best = bestPlatform(manifests, platform ?? hostPlatform());
  if (best !== undefined) return read(store, entry, best);
  if (platform !== undefined) return undefined;
  for (const inner of manifests) {
    const image = inner.platform?.os === "unknown" ? undefined : read(store, entry, inner);
    if (image !== undefined) return image;
  }
  return undefined;
}

/** A manifest itself, or of an index those that are here. */
function manifestsHere(store: ImageStore, top: Descriptor): readonly Descriptor[] {
  if (isManifestType(top.mediaType)) return [top];
  if (!has(store, top.digest)) return [];
  const parsed = parseManifest(readBlob(store, top.digest), top.mediaType, `manifest ${top.digest}`);
  return parsed.kind === "manifest"
    ? [top]
    : parsed.index.manifests.filter(({ digest }) => has(store, digest));
}

/** Undefined for what is not here as a whole, and for what is no image (a chart, a signature). */
function read(store: ImageStore, { top, names }: Listed, descriptor: Descriptor): StoredImage | undefined {
  const { digest, mediaType } = descriptor;
  if (!has(store, digest)) return undefined;
  const parsed = parseManifest(readBlob(store, digest), mediaType, `manifest ${digest}`);
  if (parsed.kind === "index" || !has(store, parsed.manifest.config.digest)) return undefined;
  const { manifest } = parsed;
  const id = manifest.config.digest;
  const config = imageConfig(readBlob(store, id));
  if (config === undefined) return undefined;
  let size = 0;
  for (const [i, layer] of manifest.layers.entries())
    size += findLayer(store, config.rootfs.diff_ids[i] ?? layer.digest)?.size ?? layer.size;
  return { names, top, manifestDigest: digest, manifest, config, id, size };
}

function imageConfig(bytes: Uint8Array): ImageConfig | undefined {
  try {
    return parseConfig(bytes, "the configuration");
  } catch {
    return undefined;
  }
}

function has(store: ImageStore, digest: string): boolean {
  return statSync(blobPath(store, digest), { throwIfNoEntry: false }) !== undefined;
}

/** Gives an image a further name. */
export async function tagImage(
  store: ImageStore,
  { id, top }: StoredImage,
  reference: Reference,
): Promise<void> {
  await nameImage(store, reference, top);
  store.tell?.("tag", id, familiarReference(reference));
}
