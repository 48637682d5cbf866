export {
  type Bootstrapped,
  bootstrapImage,
  type BootstrapOptions,
  debianArchitecture,
  parseSystem,
  type Recipe,
  type Tool,
  TOOLS,
  usualName,
  type Variant,
  VARIANTS,
} from "./bootstrap/index.ts";
export {
  type HostImage,
  hostImage,
  type HostImageOptions,
} from "./host/index.ts";
export {
  type ArchiveForm,
  type LoadedImage,
  loadImages,
  type LoadOptions,
  saveImages,
  saveImagesInFolder,
  type SaveOptions,
} from "./archive/index.ts";
export { type ImagesUsage, imagesUsage, type ImageUsage } from "./disk-usage.ts";
export { filterImages, type ImageFilter, madeAt } from "./filter-images.ts";
export { type HistoryStep, imageHistory } from "./history.ts";
export { findByNameOrId, findHere, listImages, loadImage, type StoredImage, tagImage } from "./images.ts";
export { unpackImage } from "./unpack-image.ts";
export { inspectImage } from "./inspect-image.ts";
export {
  content,
  describe,
  decompressed,
  type Finish,
  finishLayer,
  FolderWalk,
  type Packing,
  packLayer,
  packMerged,
  readInLayers,
  readLostMarks,
  readXattrs,
  removeInNamespace,
  LayerStream,
  type LayerWorker,
} from "./layer/index.ts";
export {
  applyChanges,
  commitImage,
  type CommitOptions,
  importImage,
  type ImportOptions,
  type ImageParts,
  type MadeImage,
  makeImage,
  type MakeContext,
} from "./make/index.ts";
export type { Descriptor, HistoryEntry, ImageConfig, Manifest, Platform, RunConfig } from "./oci.ts";
export {
  type ImageUser,
  type ImageUsers,
  type Pruned,
  pruneImages,
  type PruneOptions,
  type Removed,
  removeImage,
} from "./remove-image.ts";
export { fitness, hostPlatform, parsePlatform } from "./platform.ts";
export { type LayerProgress, pullImage, type Pulled, type PullOptions } from "./pull/index.ts";
export { pushImage, type PushOptions, type PushProgress } from "./push/index.ts";
export {
  DEFAULT_REGISTRY,
  familiarName,
  familiarReference,
  formatReference,
  parseReference,
  parseTag,
  type Reference,
} from "./reference.ts";
export {
  credentialFiles,
  type Credentials,
  DEFAULT_RETRIES,
  type Endpoint,
  eraseCredentials,
  findCredentials,
  readRegistryRules,
  type RegistryRule,
  Session,
  storeCredentials,
} from "./registry/index.ts";
export {
  type FoundRepository,
  listTags,
  searchRepositories,
  type SearchOptions,
} from "./search/index.ts";
export {
  collectGarbage,
  type Collected,
  type ImageAction,
  type ImageStore,
  lacksMarks,
  layerFolders,
  type NewLayer,
  newLayer,
  openImageStore,
  removeFolder,
  useStore,
  tagsHere,
} from "./store/index.ts";
export type { TarEntry } from "./tar/index.ts";
export { type ByteString, displayName, TAR_END, tarHeader } from "./tar/index.ts";
