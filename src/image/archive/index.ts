export { type ArchiveForm, type SaveOptions } from "./archive-contents.ts";
export { loadImages, type LoadedImage, type LoadOptions } from "./load.ts";
export { saveImages, saveImagesInFolder } from "./save.ts";
