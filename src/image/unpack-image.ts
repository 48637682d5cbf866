import { compressionOf } from "./oci.ts";
import type { StoredImage } from "./images.ts";
import type { MakeContext } from "./make/index.ts";
import { unpackBlob } from "./pull/index.ts";
import { findLayer, hasBlob } from "./store/index.ts";

/**
 * Unpacks what is not unpacked yet of an image whose blobs are here: another program put it into the image layout, or
 * it was brought in for another platform. To be called while the store is in use.
 *
 * @returns false, and nothing is done, if blobs are missing
 * @throws HuskError "invalid" for a layer that is not what the image says
 */
export async function unpackImage(
  context: MakeContext,
  { manifest, config }: Pick<StoredImage, "manifest" | "config">,
): Promise<boolean> {
  const { diff_ids: diffIds } = config.rootfs;
  const todo = manifest.layers.flatMap((layer, i) => {
    const diffId = diffIds[i];
    return diffId === undefined || findLayer(context.store, diffId) !== undefined ? [] : [{ layer, diffId }];
  });
  const isPossible = todo.every(
    ({ layer }) =>
      compressionOf(layer.mediaType) !== undefined && hasBlob(context.store, layer.digest, layer.size),
  );
  if (!isPossible || diffIds.length !== manifest.layers.length) return false;
  for (const { layer, diffId } of todo) await unpackBlob(context, layer, diffId);
  return true;
}
