export { type AddedLayer, addLayer, type MakeContext } from "./add-layer.ts";
export { type ImageParts, type MadeImage, makeImage } from "./make-image.ts";
