import type { StoredImage } from "./images.ts";
import type { HistoryEntry } from "./oci.ts";
import { findLayer, type ImageStore } from "./store/index.ts";

/** A step an image was made in. */
export interface HistoryStep {
  /** RFC 3339, if it is known. */
  readonly created: string | undefined;
  readonly createdBy: string;
  readonly comment: string;
  /** Bytes of the files it brought; 0 for one that changed the configuration only. */
  readonly size: number;
}

/** The steps an image was made in, newest first, as far as its maker tells; else one for each layer. */
export function imageHistory(store: ImageStore, image: StoredImage): HistoryStep[] {
  const { diff_ids: diffIds } = image.config.rootfs;
  const entries: readonly HistoryEntry[] = image.config.history ?? diffIds.map(() => ({}));
  let layer = 0;
  return entries
    .map((entry): HistoryStep => {
      const index = entry.empty_layer === true ? undefined : layer++;
      const diffId = index === undefined ? undefined : diffIds[index];
      const packed = index === undefined ? undefined : image.manifest.layers[index]?.size;
      return {
        created: entry.created,
        createdBy: entry.created_by ?? "",
        comment: entry.comment ?? "",
        size: diffId === undefined ? 0 : (findLayer(store, diffId)?.size ?? packed ?? 0),
      };
    })
    .toReversed();
}
