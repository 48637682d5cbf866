export { listVolumes, removeVolume } from "./list.ts";
export { mountVolumes } from "./mount.ts";
export type { Volume, VolumeOptions } from "./record.ts";
export { settleVolumes, type VolumeWishes } from "./settle.ts";
export { createVolume, findVolume, getVolume, volumeData } from "./store.ts";
export { anonymousVolumesOf, unusedVolumes, usersOf, type VolumeUser, volumesOf } from "./use.ts";
