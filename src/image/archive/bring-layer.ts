import { createReadStream } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { startHash } from "../../platform/hash.ts";
import type { Descriptor } from "../oci.ts";
import { unpackBlob } from "../pull/index.ts";
import { blobPath, findLayer, type ImageStore } from "../store/index.ts";
import { decompressed } from "../layer/index.ts";
import type { Loading } from "./load.ts";

/**
 * Unpacks a layer whose blob is in the store, unless that was done before.
 *
 * @throws HuskError "invalid" if it is not what its diff id says: an image that is pushed later must be what is run here
 */
export async function bringLayer(
  store: ImageStore,
  layer: Pick<Descriptor, "digest" | "size">,
  diffId: string,
  options: Loading,
): Promise<void> {
  if (findLayer(store, diffId) === undefined) {
    options.progress(diffId, layer.size, false);
    await unpackBlob(options, layer, diffId);
    options.progress(diffId, layer.size, true);
    return;
  }
  if (layer.digest === diffId) return;
  const hash = startHash("sha256");
  for await (const piece of decompressed(createReadStream(blobPath(store, layer.digest)), "a layer"))
    hash.update(piece);
  const found = `sha256:${hash.hex()}`;
  if (found !== diffId)
    throw new HuskError(
      "invalid",
      `a layer is not what the image says: its diff id is ${found}, not ${diffId}`,
      {
        hint: "the image was made wrongly, or tampered with",
      },
    );
}
