import { readSync, closeSync, openSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import {
  type KeeperTools,
  type LayerSink,
  LayerStream,
  type LayerWorker,
  RemoteLayer,
  syncFiles,
  type UnpackOptions,
} from "../layer/index.ts";
import type { Descriptor } from "../oci.ts";
import type { Repository, RetryPolicy } from "../registry/index.ts";
import {
  BlobWriter,
  blobPath,
  findLayer,
  hasBlob,
  type ImageStore,
  type NewLayer,
  newLayer,
} from "../store/index.ts";
import { download } from "./download.ts";

/** What is told while layers come in. */
export interface LayerProgress {
  readonly digest: string;
  readonly state: "exists" | "waiting" | "downloading" | "unpacking" | "done";
  /** Bytes of the compressed layer so far, and in all. */
  readonly current: number;
  readonly total: number;
}

/** What it takes to bring layers in. */
export interface LayerContext {
  readonly store: ImageStore;
  readonly sources: readonly Repository[];
  readonly retries: RetryPolicy;
  readonly unpack: UnpackOptions;
  readonly tools: KeeperTools;
  readonly progress: (progress: LayerProgress) => void;
  /** A new thread that unpacks a layer; absent: this one does. */
  readonly worker?: () => LayerWorker;
}

/** Compressed bytes from which on a layer is worth a thread of its own. */
const WORTH_A_THREAD = 2 << 20;

/**
 * Brings one layer into the store, compressed as the registry has it and unpacked, in one pass.
 *
 * @param diffId the digest its archive must have
 * @throws HuskError; what was downloaded is kept unless it is wrong
 */
export async function pullLayer(context: LayerContext, layer: Descriptor, diffId: string): Promise<void> {
  const { store, progress } = context;
  const tell = (state: LayerProgress["state"], current: number): void =>
    progress({ digest: layer.digest, state, current, total: layer.size });
  const isUnpacked = findLayer(store, diffId) !== undefined;
  if (hasBlob(store, layer.digest, layer.size)) {
    if (isUnpacked) return tell("exists", layer.size);
    tell("unpacking", layer.size);
    await unpackBlob(context, layer, diffId);
    return tell("done", layer.size);
  }
  if (!(await fetchLayer(context, layer, isUnpacked ? undefined : diffId, tell, true)))
    await fetchLayer(context, layer, isUnpacked ? undefined : diffId, tell, false);
  tell("done", layer.size);
}

/** Unpacks a layer whose blob is in the store. */
export async function unpackBlob(
  context: Pick<LayerContext, "store" | "unpack" | "tools">,
  layer: Pick<Descriptor, "digest">,
  diffId: string,
): Promise<void> {
  const fd = openSync(blobPath(context.store, layer.digest), "r");
  try {
    await unpacking(context, diffId, async (stream) => {
      for (;;) {
        const piece = new Uint8Array(1 << 18);
        const count = readSync(fd, piece);
        if (count === 0) return;
        await stream.write(piece.subarray(0, count));
      }
    });
  } finally {
    closeSync(fd);
  }
}

/** Returns false if what an earlier try left was wrong: then it has to be got anew. */
async function fetchLayer(
  context: LayerContext,
  layer: Descriptor,
  diffId: string | undefined,
  tell: (state: LayerProgress["state"], current: number) => void,
  mayResume: boolean,
): Promise<boolean> {
  const { store, sources, retries } = context;
  const writer = new BlobWriter(store, layer);
  let resumed = 0;
  const receive = async (stream: LayerSink | undefined): Promise<void> => {
    if (mayResume) resumed = await writer.readLeftover((bytes) => stream?.write(bytes));
    else writer.restart();
    tell("downloading", writer.size);
    await download(layer, writer, sources, retries, async (bytes) => {
      await stream?.write(bytes);
      tell("downloading", writer.size);
    });
  };
  try {
    if (diffId === undefined) {
      await receive(undefined);
      writer.commit();
    } else await unpacking(context, diffId, receive, () => writer.commit(), layer.size);
    return true;
  } catch (error) {
    const isWrong = error instanceof HuskError && error.code === "invalid";
    if (!isWrong) writer.keep();
    else writer.discard();
    if (isWrong && resumed > 0) return false;
    throw error;
  }
}

/** Unpacks what `feed` brings; the layer gets its place once `verify` is content and its diff id is right. */
async function unpacking(
  { store, unpack, tools, worker }: Pick<LayerContext, "store" | "unpack" | "tools" | "worker">,
  diffId: string,
  feed: (stream: LayerSink) => Promise<void>,
  verify: () => void = () => {},
  size = 0,
): Promise<void> {
  const target: NewLayer = newLayer(store, diffId);
  const stream =
    worker === undefined || size < WORTH_A_THREAD
      ? new LayerStream(target.folder, unpack, tools)
      : new RemoteLayer(worker(), target.folder, unpack, tools);
  let isFinished = false;
  try {
    await feed(stream);
    verify();
    const { diffId: found, size: unpacked } = await stream.finish();
    isFinished = true;
    if (found !== diffId)
      throw new HuskError(
        "invalid",
        `a layer is not what the image says: its diff id is ${found}, not ${diffId}`,
        {
          hint: "the image was made wrongly, or tampered with",
        },
      );
    // The blob's name says what is in it; nobody looks at a layer's files again.
    await syncFiles(target.folder, tools);
    target.commit({ diffId, size: unpacked });
  } catch (error) {
    if (!isFinished) await stream.abandon();
    target.discard();
    throw error;
  }
}
