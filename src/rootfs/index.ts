export { type AttachOptions, attachRoot } from "./attach.ts";
export type { AttachedRoot } from "./attached-root.ts";
export { bindConsole, openPty, type Pty } from "./console.ts";
export { addDevices, defaultDevices, type DeviceOptions, needsDevices } from "./devices.ts";
export { newFileSystem } from "./file-system.ts";
export { cleanPath, type RootView, writeFileInRoot } from "./in-root.ts";
export { makePathsReadonly, maskPaths } from "./masked.ts";
export type { MountContext } from "./mount-context.ts";
export { parseMountOptions } from "./mount-options.ts";
export { addMounts, type Mounted } from "./mounts.ts";
export { makeRootReadonly, pivotRoot, type PivotOptions } from "./pivot.ts";
export { makeRootPrivate } from "./propagation.ts";
export { checkSysctls, sysctlPath, writeSysctls } from "./sysctl.ts";
export type {
  CgroupMount, LinuxDevice, Mount, Root, RootfsPropagation, RootfsSource, RootPart,
} from "./types.ts";
