export type { LayerProgress } from "./pull-layer.ts";
export { unpackBlob } from "./pull-layer.ts";
export { pullImage, type Pulled, type PullOptions } from "./pull.ts";
