import { HuskError } from "../../platform/error.ts";
import { bringLayer } from "./bring-layer.ts";
import {
  compressionOf,
  type Descriptor,
  type Index,
  isForeign,
  isIndexType,
  isManifestType,
  type Manifest,
  MEDIA,
  REF_NAME,
} from "../oci.ts";
import { LARGEST_MANIFEST, parseConfig, parseManifest } from "../parse-oci.ts";
import { fitness, formatPlatform } from "../platform.ts";
import { formatReference, isDigest, parseReference } from "../reference.ts";
import { findLayer, hasBlob, type ImageStore, keepUnnamed, nameImage, readBlob } from "../store/index.ts";
import type { ArchiveFiles } from "./archive-files.ts";
import type { LoadedImage, Loading } from "./load.ts";

/** Where containerd and docker tell an image's whole name. */
const IMAGE_NAME = "io.containerd.image.name";

/** Brings the images of an OCI image layout into the store. */
export async function loadLayout(
  store: ImageStore,
  files: ArchiveFiles,
  options: Loading,
): Promise<LoadedImage[]> {
  const parsed = parseManifest(files.read("index.json") as Uint8Array, MEDIA.index, "index.json");
  if (parsed.kind !== "index")
    throw new HuskError("invalid", "index.json is no list of images", { hint: "see image-layout.md" });
  const found = new Map<string, { descriptor: Descriptor; id: string; names: string[] }>();
  for (const descriptor of parsed.index.manifests) {
    if (!isIndexType(descriptor.mediaType) && !isManifestType(descriptor.mediaType)) continue;
    const known = found.get(descriptor.digest);
    const name = nameOf(descriptor);
    if (known !== undefined) {
      if (name !== undefined) known.names.push(name);
      continue;
    }
    const id = await bring(store, files, descriptor, options);
    if (id === undefined) continue;
    found.set(descriptor.digest, { descriptor, id, names: name === undefined ? [] : [name] });
  }
  if (found.size === 0)
    throw new HuskError(
      "not-found",
      options.platform === undefined
        ? "there is no image in this archive"
        : `there is no image for ${formatPlatform(options.platform)} in this archive`,
      { hint: options.platform === undefined ? "its index.json lists none" : "leave out --platform" },
    );
  // The names come last: until all is there nobody finds any of it.
  for (const { descriptor, names } of found.values()) {
    const { mediaType, digest, size } = descriptor;
    if (names.length === 0) await keepUnnamed(store, { mediaType, digest, size });
    for (const name of names) await nameImage(store, parseReference(name), { mediaType, digest, size });
  }
  return [...found.values()].map(({ id, names }) => ({ id, names: [...new Set(names)] }));
}

/** The whole name; a tag alone, as layouts often have it, names nothing. */
function nameOf({ annotations }: Descriptor): string | undefined {
  const text = annotations?.[IMAGE_NAME] ?? annotations?.[REF_NAME] ?? "";
  if (!/[:/]/.test(text)) return undefined;
  try {
    return formatReference(parseReference(text));
  } catch {
    return undefined;
  }
}

/** Brings a document and what it refers to; returns the image's id, or undefined if it is not for the wanted platform. */
async function bring(
  store: ImageStore,
  files: ArchiveFiles,
  descriptor: Descriptor,
  options: Loading,
): Promise<string | undefined> {
  const about = `the manifest ${descriptor.digest}`;
  if (!bringBlob(store, files, descriptor)) throw lacks(descriptor.digest);
  const parsed = parseManifest(readBlob(store, descriptor.digest), descriptor.mediaType, about);
  if (parsed.kind === "manifest") return bringManifest(store, files, parsed.manifest, options, about);
  return bringIndex(store, files, parsed.index, descriptor, options);
}

/** Of an index what is in the archive: it may list platforms that were never here. */
async function bringIndex(
  store: ImageStore,
  files: ArchiveFiles,
  index: Index,
  descriptor: Descriptor,
  options: Loading,
): Promise<string | undefined> {
  let isThere = false;
  for (const inner of index.manifests) {
    if (!isIndexType(inner.mediaType) && !isManifestType(inner.mediaType)) continue;
    const { platform } = inner;
    if (options.platform !== undefined && platform !== undefined && fitness(options.platform, platform) === 0)
      continue;
    if (!hasBlob(store, inner.digest) && files.read(blobPlace(inner.digest)) === undefined) continue;
    if ((await bring(store, files, inner, options)) !== undefined) isThere = true;
  }
  return isThere ? descriptor.digest : undefined;
}

async function bringManifest(
  store: ImageStore,
  files: ArchiveFiles,
  manifest: Manifest,
  options: Loading,
  about: string,
): Promise<string | undefined> {
  if (!bringBlob(store, files, manifest.config)) throw lacks(manifest.config.digest);
  const { config: own, artifactType, layers } = manifest;
  const isImage =
    artifactType === undefined &&
    (own.mediaType === MEDIA.config || own.mediaType === MEDIA.dockerConfig) &&
    layers.every(({ mediaType }) => compressionOf(mediaType) !== undefined);
  const lacking = new Set<Descriptor>();
  for (const layer of layers)
    if (!bringBlob(store, files, layer)) {
      if (!isForeign(layer.mediaType)) throw lacks(layer.digest);
      lacking.add(layer);
    }
  if (!isImage) return manifest.config.digest;
  const config = parseConfig(readBlob(store, manifest.config.digest), `the configuration of ${about}`);
  if (options.platform !== undefined && fitness(options.platform, config) === 0) return undefined;
  if (config.rootfs.diff_ids.length !== layers.length)
    throw new HuskError(
      "invalid",
      `${about} has ${layers.length} layers, but its configuration tells of ${config.rootfs.diff_ids.length}`,
      { hint: "the image was made wrongly" },
    );
  for (const [i, layer] of layers.entries()) {
    const diffId = config.rootfs.diff_ids[i] as string;
    if (!lacking.has(layer)) await bringLayer(store, layer, diffId, options);
    else if (findLayer(store, diffId) === undefined) throw lacks(layer.digest);
  }
  return manifest.config.digest;
}

function blobPlace(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function lacks(digest: string): HuskError {
  return new HuskError("invalid", `the archive lacks the blob ${digest}`, {
    hint: "it is not whole: make it anew, or pull the image",
  });
}

/** Returns false for what neither the archive nor the store has. */
function bringBlob(store: ImageStore, files: ArchiveFiles, { digest, size, mediaType }: Descriptor): boolean {
  if (!isDigest(digest))
    throw new HuskError("invalid", `${digest} is no digest`, { hint: "the archive is damaged" });
  if (hasBlob(store, digest, size)) return true;
  const isDocument = isIndexType(mediaType) || isManifestType(mediaType);
  if (isDocument && size > LARGEST_MANIFEST)
    throw new HuskError("invalid", `the manifest ${digest} is larger than ${LARGEST_MANIFEST} bytes`);
  const blob = files.blob(blobPlace(digest));
  if (blob === undefined) return false;
  if (blob.digest !== digest)
    throw new HuskError(
      "invalid",
      `the blob ${digest} in the archive is not what it should be: its digest is ${blob.digest}`,
      {
        hint: "the archive is damaged",
      },
    );
  blob.commit();
  return true;
}
