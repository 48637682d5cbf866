export { chooseFolders, type Folders, openFolders } from "./folders.ts";
export { type PreparedContainer, prepareContainer, type RuntimeOptions } from "./prepare.ts";
export type {
  BindSpec,
  DeviceRate,
  DeviceSpec,
  IdMap,
  Isolation,
  MountSpec,
  RunOptions,
  RunSource,
  SecurityOptions,
  TmpfsSpec,
  Ulimit,
  UserSpec,
} from "./run-options.ts";
export type { Home } from "./home.ts";
export {
  type AttachedRun,
  runAttached,
  runDetached,
  type RunHow,
  type RunResult,
  type Trace,
} from "./life/run.ts";
