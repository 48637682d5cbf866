import {
  compressionOf,
  type Descriptor,
  type Index,
  isIndexType,
  isManifestType,
  type Manifest,
  MEDIA,
} from "./oci.ts";
import { digestOf } from "./store/index.ts";
import type { Document } from "./whole-image.ts";

/**
 * Documents with OCI's media types instead of docker's, for programs that know only those. What has them already stays
 * as it is, byte for byte; configurations and layers are the same in both forms.
 *
 * @param documents what an index lists before the index
 */
export function inOciForm(documents: readonly Document[]): Document[] {
  const renamed = new Map<string, Descriptor>();
  return documents.map((document) => {
    const json = JSON.parse(Buffer.from(document.bytes).toString()) as Manifest | Index;
    const changed = "manifests" in json ? ociIndex(json, renamed) : ociManifest(json);
    if (JSON.stringify(changed) === JSON.stringify(json)) return document;
    const bytes = Buffer.from(JSON.stringify(changed));
    const digest = digestOf(bytes);
    const mediaType = changed.mediaType ?? document.mediaType;
    renamed.set(document.digest, { mediaType, digest, size: bytes.length });
    return { digest, bytes, mediaType, manifest: "manifests" in changed ? undefined : changed };
  });
}

function ociIndex(index: Index, renamed: ReadonlyMap<string, Descriptor>): Index {
  const manifests = index.manifests.map((inner) => ({ ...inner, ...renamed.get(inner.digest) }));
  return { ...index, ...(index.mediaType === undefined ? {} : { mediaType: MEDIA.index }), manifests };
}

/** The same manifest with OCI's media types. */
export function ociManifest(manifest: Manifest): Manifest {
  const { mediaType = MEDIA.manifest } = manifest;
  return {
    ...manifest,
    ...(manifest.mediaType === undefined ? {} : { mediaType: ociType(mediaType) }),
    config: { ...manifest.config, mediaType: ociType(manifest.config.mediaType) },
    layers: manifest.layers.map((layer) => ({ ...layer, mediaType: ociType(layer.mediaType) })),
  };
}

function ociType(mediaType: string): string {
  if (isIndexType(mediaType)) return MEDIA.index;
  if (isManifestType(mediaType)) return MEDIA.manifest;
  if (mediaType === MEDIA.dockerConfig) return MEDIA.config;
  if (mediaType.includes(".foreign.")) return "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
  const compression = mediaType.startsWith(MEDIA.dockerLayer) ? compressionOf(mediaType) : undefined;
  if (compression === undefined) return mediaType;
  return compression === "none" ? MEDIA.layer : `${MEDIA.layer}+${compression}`;
}
