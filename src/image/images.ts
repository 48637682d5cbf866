import { statSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import type { Descriptor, ImageConfig, Manifest, Platform } from "./oci.ts";
import { parseConfig, parseManifest } from "./parse-oci.ts";
import { choosePlatform } from "./platform.ts";
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
  return top === undefined ? undefined : describe(store, top, platform);
}

/** All images of the store, those of one digest together, in the order of their names. */
export function listImages(store: ImageStore, platform: Platform): StoredImage[] {
  const groups = new Map<string, { top: Descriptor; names: string[] }>();
  for (const top of readIndex(store).manifests) {
    const group = groups.get(top.digest) ?? { top, names: [] };
    groups.set(top.digest, group);
    const name = nameOf(top);
    if (name !== undefined) group.names.push(name);
  }
  const images: StoredImage[] = [];
  for (const { top, names } of groups.values()) {
    const image = describe(store, top, platform);
    if (image !== undefined) images.push({ ...image, names: names.toSorted() });
  }
  return images.toSorted((a, b) => ((a.names[0] ?? "~") < (b.names[0] ?? "~") ? -1 : 1));
}

/**
 * Finds an image by name, or by the beginning of its id or digest (at least 4 digits, as docker and podman).
 *
 * @throws HuskError "not-found", "invalid" when several begin so
 */
export function findByNameOrId(store: ImageStore, text: string, platform: Platform): StoredImage {
  const images = listImages(store, platform);
  const byId = findById(images, text);
  if (byId !== undefined) return byId;
  const reference = parseReference(text);
  const top = findImage(store, reference);
  const found = images.find((image) => image.top.digest === top?.digest);
  if (found !== undefined) return found;
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
    return named ?? findById(listImages(store, platform), text);
  }
  return loadImage(store, parseReference(text), platform);
}

const ID = /^(sha256:)?[0-9a-f]{4,64}$/;

function findById(images: readonly StoredImage[], text: string): StoredImage | undefined {
  if (!ID.test(text)) return undefined;
  const digits = text.replace(/^sha256:/, "");
  const begins = (digest: string): boolean => digest.slice(digest.indexOf(":") + 1).startsWith(digits);
  const found = images.filter(({ id, top, manifestDigest }) => [id, top.digest, manifestDigest].some(begins));
  if (found.length > 1)
    throw new HuskError("invalid", `several images have an id that begins with ${text}`, {
      hint: "give more of it",
    });
  return found[0];
}

function describe(store: ImageStore, top: Descriptor, platform: Platform): StoredImage | undefined {
  const has = (digest: string): boolean =>
    statSync(blobPath(store, digest), { throwIfNoEntry: false }) !== undefined;
  if (!has(top.digest)) return undefined;
  let digest = top.digest;
  let parsed = parseManifest(readBlob(store, digest), top.mediaType, `manifest ${digest}`);
  if (parsed.kind === "index") {
    const here = { ...parsed.index, manifests: parsed.index.manifests.filter((inner) => has(inner.digest)) };
    let chosen: Descriptor;
    try {
      chosen = choosePlatform(here, platform, digest);
    } catch {
      return undefined;
    }
    digest = chosen.digest;
    parsed = parseManifest(readBlob(store, digest), chosen.mediaType, `manifest ${digest}`);
    if (parsed.kind === "index") return undefined;
  }
  const { manifest } = parsed;
  if (!has(manifest.config.digest)) return undefined;
  const config = parseConfig(
    readBlob(store, manifest.config.digest),
    `configuration ${manifest.config.digest}`,
  );
  let size = 0;
  for (const [i, layer] of manifest.layers.entries())
    size += findLayer(store, config.rootfs.diff_ids[i] ?? layer.digest)?.size ?? layer.size;
  const name = nameOf(top);
  return {
    names: name === undefined ? [] : [name],
    top,
    manifestDigest: digest,
    manifest,
    config,
    id: manifest.config.digest,
    size,
  };
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
