import { type Descriptor, isForeign, type Manifest, type Platform } from "./oci.ts";
import { mediaTypeOf, parseManifest } from "./parse-oci.ts";
import { choosePlatform } from "./platform.ts";
import { hasBlob, type ImageStore, readBlob } from "./store/index.ts";

/** A manifest or index as it stands in the store. */
export interface Document {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** Absent for an index. */
  readonly manifest: Manifest | undefined;
}

/** All documents of an image, what an index lists before the index itself. */
export interface WholeImage {
  readonly documents: readonly Document[];
  /** The last of them: what the name stands for. */
  readonly top: Document;
  /** An index was left out, since the store has not all that it lists. */
  readonly isPart: boolean;
}

/**
 * An image as others can have it: with its index if everything that lists is here, else for one platform.
 *
 * @param only leave the index out in any case
 * @throws HuskError "not-found" when there is nothing for the platform
 */
export function wholeImage(
  store: ImageStore,
  image: Descriptor,
  name: string,
  platform: Platform,
  only = false,
): WholeImage {
  const read = ({ digest, mediaType }: Descriptor): Document & { inner: readonly Descriptor[] } => {
    const bytes = readBlob(store, digest);
    const parsed = parseManifest(bytes, mediaType, `the manifest of ${name}`);
    const document = parsed.kind === "index" ? parsed.index : parsed.manifest;
    return {
      digest,
      bytes,
      mediaType: document.mediaType ?? mediaType ?? mediaTypeOf(document),
      manifest: parsed.kind === "manifest" ? parsed.manifest : undefined,
      inner: parsed.kind === "index" ? parsed.index.manifests : [],
    };
  };
  const top = read(image);
  if (top.manifest !== undefined) return { documents: [top], top, isPart: false };
  if (!only && top.inner.every(({ digest }) => isWhole(store, digest)))
    return { documents: [...top.inner.map(read), top], top, isPart: false };
  const here = top.inner.filter(({ digest }) => hasBlob(store, digest));
  const one = read(choosePlatform({ schemaVersion: 2, manifests: here }, platform, name));
  return { documents: [one], top: one, isPart: true };
}

/** Whether a manifest is there with all its blobs. */
function isWhole(store: ImageStore, digest: string): boolean {
  if (!hasBlob(store, digest)) return false;
  const parsed = parseManifest(readBlob(store, digest), undefined, `manifest ${digest}`);
  if (parsed.kind === "index") return parsed.index.manifests.every((inner) => isWhole(store, inner.digest));
  const { config, layers } = parsed.manifest;
  return [config, ...layers].every((blob) => isForeign(blob.mediaType) || hasBlob(store, blob.digest));
}
