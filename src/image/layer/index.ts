export { decompressed } from "./decompress.ts";
export { compressionOfBytes, MAGIC_BYTES } from "./compression.ts";
export type { Finish } from "./finish.ts";
export { finishLayer, type KeeperTools } from "./keeper-work.ts";
export { FolderWalk } from "./folder-walk.ts";
export { namesOf } from "./path.ts";
export {
  type FromWorker,
  type LayerSink,
  type LayerWorker,
  RemoteLayer,
  type ToWorker,
} from "./remote-layer.ts";
export { serveLayer } from "./serve-layer.ts";
export { LayerStream, type UnpackedLayer } from "./layer-stream.ts";
export type { Packing } from "./pack-in-namespace.ts";
export { packMerged } from "./pack-merged.ts";
export { content, describe, packLayer, type PackOptions } from "./pack.ts";
export { readLostMarks } from "./lost-marks.ts";
export { readInLayers } from "./read-in-layers.ts";
export { rewriteArchive, type Rewritten } from "./rewrite-archive.ts";
export { readXattrs } from "./read-xattrs.ts";
export { spreadFolders } from "./spread-folders.ts";
export { syncFiles } from "./sync-files.ts";
export { removeInNamespace } from "./remove-in-namespace.ts";
export { LayerUnpacker, type UnpackOptions } from "./unpack.ts";
