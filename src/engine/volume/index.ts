export { listVolumes } from "./list.ts";
export { mountVolumes } from "./mount.ts";
export type { Volume, VolumeOptions } from "./record.ts";
export type { VolumeWishes } from "./settle.ts";
export { createVolume, getVolume, letGoOfVolume, volumeData } from "./store.ts";
export { deleteVolume, type PrunedVolumes, pruneVolumes, removeVolume } from "./remove.ts";
export { volumeUsers } from "./users.ts";
