import type { StoredImage } from "../images.ts";
import { type Descriptor, type ImageConfig, type Manifest, MEDIA } from "../oci.ts";
import { ociManifest } from "../oci-form.ts";
import { parseConfig } from "../parse-oci.ts";
import type { Reference } from "../reference.ts";
import { keepUnnamed, nameImage, putBlob, useStore } from "../store/index.ts";
import { type AddedLayer, addLayer, type MakeContext } from "./add-layer.ts";

/** An image that was made here. */
export interface MadeImage {
  readonly digest: string;
  /** docker's image id: the digest of the configuration. */
  readonly id: string;
  readonly layers: readonly AddedLayer[];
}

/** What an image is made of. */
export interface ImageParts {
  /** The image below, whose layers come first; absent: there is none. */
  readonly base?: Pick<StoredImage, "manifest" | "config">;
  /** Uncompressed archives, the lowest first. */
  readonly layers: readonly (() => AsyncIterable<Uint8Array>)[];
  /** Everything of the configuration but the layers; the history is that of all layers. */
  readonly config: Omit<ImageConfig, "rootfs">;
  /** Of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Makes an image of archives and gives it a name; without one it is on the list as an image that has none. Equal parts
 * give an equal digest.
 *
 * @throws HuskError "invalid" for a configuration that makes no sense; then no image has the name that did not have it before
 */
export async function makeImage(
  context: MakeContext,
  reference: Reference | undefined,
  parts: ImageParts,
): Promise<MadeImage> {
  const { store } = context;
  const use = await useStore(store);
  try {
    const layers: AddedLayer[] = [];
    for (const archive of parts.layers) layers.push(await addLayer(context, archive()));
    const config: ImageConfig = {
      ...parts.config,
      rootfs: {
        type: "layers",
        diff_ids: [...(parts.base?.config.rootfs.diff_ids ?? []), ...layers.map(({ diffId }) => diffId)],
      },
    };
    const put = (value: object, mediaType: string): Descriptor => {
      const bytes = Buffer.from(JSON.stringify(value));
      return { mediaType, digest: putBlob(store, bytes), size: bytes.length };
    };
    // What nobody could read must not get into the store.
    parseConfig(Buffer.from(JSON.stringify(config)), "the image's configuration");
    const described = put(config, MEDIA.config);
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      config: described,
      layers: [
        ...(parts.base === undefined ? [] : ociManifest(parts.base.manifest).layers),
        ...layers.map(({ descriptor }) => descriptor),
      ],
      ...(parts.annotations === undefined ? {} : { annotations: parts.annotations }),
    };
    const image = put(manifest, MEDIA.manifest);
    if (reference === undefined) await keepUnnamed(store, image);
    else await nameImage(store, reference, image);
    return { digest: image.digest, id: described.digest, layers };
  } finally {
    use.release();
  }
}
