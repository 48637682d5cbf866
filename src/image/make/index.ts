export type { AddedLayer, MakeContext } from "./add-layer.ts";
export { type ImageParts, type MadeImage, makeImage } from "./make-image.ts";
export { applyChanges } from "./change.ts";
export { type CommitOptions, commitImage } from "./commit-image.ts";
export { importImage, type ImportOptions } from "./import-image.ts";
