/**
 * The container's file system: its root, mounts, devices, and what of it is hidden.
 *
 * A runtime calls, in this order, on the container's list:
 * `makeRootPrivate` → `attachRoot` → `addMounts` → `addDevices` → `useOwnNull` → `openPty`, `bindConsole` → (hooks) → `pivotRoot` →
 * `makeRootReadonly` → `writeSysctls` → `makePathsReadonly` → `maskPaths`. The umask is 0 from `attachRoot` on.
 */
export { type AttachOptions, attachRoot } from "./attach.ts";
export type { AttachedRoot } from "./attached-root.ts";
export { bindConsole, openPty, type Pty } from "./console.ts";
export { rootView } from "./in-root.ts";
export { addDevices, defaultDevices, type DeviceOptions, needsDevices } from "./devices.ts";
export { newFileSystem } from "./file-system.ts";
export { hintForRootfs } from "./hints.ts";
export { cleanPath, openInRoot, type RootView, writeFileInRoot } from "./in-root.ts";
export { useOwnNull } from "./own-null.ts";
export { makePathsReadonly, maskPaths } from "./masked.ts";
export type { MountContext, Mounted, MountIdMaps } from "./mount-context.ts";
export type { MountOptions } from "./mount-options.ts";
export { addMounts } from "./mounts.ts";
export { makeRootReadonly, type PivotOptions, pivotRoot } from "./pivot.ts";
export { makeRestoreRoot } from "./restore-root.ts";
export { makeRootPrivate } from "./propagation.ts";
export { inRootfs } from "./shell.ts";
export { checkSysctls, type SysctlNamespaces, writeSysctls } from "./sysctl.ts";
export type {
  CgroupMount,
  LinuxDevice,
  Mount,
  MountIdMapping,
  Root,
  RootfsPropagation,
  RootfsSource,
  RootPart,
  WritableFolder,
  WritableForm,
} from "./types.ts";
export { COMPOSED_MARK, ROOT, viewName, writableFolders } from "./types.ts";
