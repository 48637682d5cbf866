import { once } from "node:events";
import { createGzip } from "node:zlib";
import { type KeeperTools, LayerStream, syncFiles, type UnpackOptions } from "../layer/index.ts";
import { type Descriptor, MEDIA } from "../oci.ts";
import { diskError, type ImageStore, NewBlob, newLayer } from "../store/index.ts";

/** What it takes to bring a layer that was made here into the store. */
export interface MakeContext {
  readonly store: ImageStore;
  readonly unpack: UnpackOptions;
  readonly tools: KeeperTools;
  /** Gives it up. */
  readonly signal?: AbortSignal;
}

/** A layer of the store. */
export interface AddedLayer {
  readonly descriptor: Descriptor;
  readonly diffId: string;
  /** Bytes of all files when unpacked. */
  readonly size: number;
}

/** Nearly as small as zlib's usual 6, in two thirds of the time. */
const GZIP_LEVEL = 3;

/**
 * Takes an uncompressed archive into the store as a layer: compressed as a blob, and unpacked, in one pass. Equal
 * archives give equal layers. To be called while the store is in use ({@link useStore}).
 *
 * @throws HuskError, or what `signal` says; then nothing of it is left
 */
export async function addLayer(
  { store, unpack, tools, signal }: MakeContext,
  archive: AsyncIterable<Uint8Array>,
): Promise<AddedLayer> {
  const blob = new NewBlob(store);
  const target = newLayer(store, "made");
  const stream = new LayerStream(target.folder, unpack, tools, "none");
  const gzip = createGzip({ chunkSize: 1 << 18, level: GZIP_LEVEL });
  let failure: unknown;
  gzip.on("data", (bytes: Uint8Array) => {
    try {
      if (failure === undefined) blob.write(bytes);
    } catch (error) {
      failure = error;
    }
  });
  const ended = once(gzip, "end");
  try {
    for await (const piece of archive) {
      signal?.throwIfAborted();
      const drained = gzip.write(piece) ? undefined : once(gzip, "drain");
      await stream.write(piece);
      await drained;
      if (failure !== undefined) throw failure;
    }
    gzip.end();
    const { diffId, size } = await stream.finish();
    await ended;
    if (failure !== undefined) throw failure;
    const { digest, size: compressed } = blob.commit();
    await syncFiles(target.folder, tools);
    target.commit({ diffId, size });
    return { descriptor: { mediaType: `${MEDIA.layer}+gzip`, digest, size: compressed }, diffId, size };
  } catch (error) {
    gzip.destroy();
    stream.abandon();
    target.discard();
    throw diskError("cannot make a layer", error);
  } finally {
    blob.discard();
  }
}
