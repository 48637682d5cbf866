import { listImages, type StoredImage } from "./images.ts";
import { findLayer, type ImageStore } from "./store/index.ts";

/** How much of its files an image has for itself, in bytes. */
export interface ImageUsage {
  readonly image: StoredImage;
  /** Files of layers that other images have, too. */
  readonly shared: number;
  readonly unique: number;
}

/** What the images of a store take, in bytes; a layer that several share counts once. */
export interface ImagesUsage {
  readonly images: readonly ImageUsage[];
  readonly total: number;
  /** Layers by diff id. */
  readonly layers: ReadonlyMap<string, number>;
}

/** How large the images are when unpacked. Compressed blobs, which are kept for pushing, do not count. */
export function imagesUsage(store: ImageStore): ImagesUsage {
  const images = listImages(store);
  const holders = new Map<string, number>();
  for (const { config } of images)
    for (const diffId of new Set(config.rootfs.diff_ids)) holders.set(diffId, (holders.get(diffId) ?? 0) + 1);
  const layers = new Map<string, number>();
  const usages = images.map((image): ImageUsage => {
    let shared = 0;
    let unique = 0;
    for (const [i, diffId] of image.config.rootfs.diff_ids.entries()) {
      const size = findLayer(store, diffId)?.size ?? image.manifest.layers[i]?.size ?? 0;
      if ((holders.get(diffId) ?? 0) > 1) shared += size;
      else unique += size;
      layers.set(diffId, size);
    }
    return { image, shared, unique };
  });
  let total = 0;
  for (const size of layers.values()) total += size;
  return { images: usages, total, layers };
}
