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
export {
  type Engine,
  run,
  type RunningContainer,
  type RunResult,
  start,
  type StartOptions,
  type Trace,
} from "./run.ts";
