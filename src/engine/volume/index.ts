export { listVolumes } from "./list.ts";
export { mountVolumes } from "./mount.ts";
export type { Volume, VolumeOptions } from "./record.ts";
export { settleVolumes, type VolumeWishes } from "./settle.ts";
export { createVolume, findVolume, getVolume, letGoOfVolume, volumeData } from "./store.ts";
export { anonymousVolumesOf, volumesOf } from "./use.ts";
export { deleteVolume, type PrunedVolumes, pruneVolumes, removeVolume } from "./remove.ts";
export { volumeUsers } from "./users.ts";
