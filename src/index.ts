/**
 * husk as a library: containers from TypeScript, without a daemon.
 *
 * @example
 * const engine = { folders: chooseFolders({}), keeper: { path: "/usr/lib/husk/keeper" } };
 * const { exitCode } = await run(engine, { source: { kind: "host", with: [] }, command: ["id"] });
 */
export {
  type BindSpec,
  chooseFolders,
  type DeviceRate,
  type DeviceSpec,
  type Engine,
  type Folders,
  type IdMap,
  type Isolation,
  type MountSpec,
  type PreparedContainer,
  prepareContainer,
  run,
  type RunningContainer,
  type RunOptions,
  type RunResult,
  type RunSource,
  type SecurityOptions,
  start,
  type StartOptions,
  type TmpfsSpec,
  type Trace,
  type Ulimit,
  type UserSpec,
} from "./engine/index.ts";
export { type ErrorCode, HuskError } from "./platform/error.ts";
export type { KeeperSource } from "./platform/keeper-file.ts";
export type { ContainerStream } from "./platform/keeper-process.ts";
export type { Spec } from "./runtime/config.ts";
export { validateConfig } from "./runtime/validate.ts";
