export type { Finish } from "./finish.ts";
export { finishLayer, type KeeperTools } from "./keeper-work.ts";
export { LayerStream, type UnpackedLayer } from "./layer-stream.ts";
export { packLayer, type PackOptions } from "./pack.ts";
export { readInLayers } from "./read-in-layers.ts";
export { rewriteArchive, type Rewritten } from "./rewrite-archive.ts";
export { removeTree } from "./remove-tree.ts";
export { LayerUnpacker, type UnpackOptions } from "./unpack.ts";
