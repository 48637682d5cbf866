export { BlobWriter, blobPath, digestOf, hasBlob, putBlob, readBlob } from "./blobs.ts";
export type { Claim } from "./claims.ts";
export { collectGarbage, type Collected, useStore } from "./collect-garbage.ts";
export { diskError } from "./disk-error.ts";
export { type ImageAction, type ImageStore, openImageStore } from "./image-store.ts";
export {
  findImage,
  tagsHere,
  forgetImages,
  keepUnnamed,
  nameImage,
  nameOf,
  readIndex,
  removeNames,
} from "./index-file.ts";
export { NewBlob } from "./new-blob.ts";
export { writeWhole } from "./write-whole.ts";
export {
  findLayer,
  lacksMarks,
  layerFolder,
  layerFolders,
  type NewLayer,
  newLayer,
  removeFolder,
} from "./layers.ts";
