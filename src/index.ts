/**
 * husk as a library: containers from TypeScript, without a daemon.
 *
 * @example
 * const husk = await openEngine();
 * const { exitCode, stdout } = await husk.run("debian:12", ["id"], { memory: 64 << 20 });
 * await using web = await husk.containers.run("host", ["sleep", "60"], { name: "web" });
 * await web.stop();
 */
export type {
  BindSpec,
  DeviceRate,
  DeviceSpec,
  HealthCheck,
  IdMap,
  ImageIdentity,
  Isolation,
  LogOptions,
  MountSpec,
  RestartPolicy,
  RunOptions,
  RunSource,
  SecurityOptions,
  TmpfsSpec,
  Ulimit,
  UserSpec,
} from "./engine/run-options.ts";
export type { ContainerRecord, ContainerSource, RecordedOptions } from "./engine/container/record.ts";
export type { ContainerState, ContainerStatus, ContainerSummary } from "./engine/container/state.ts";
export type { Folders } from "./engine/folders.ts";
export type { Attachment, AttachOptions } from "./engine/attach/attach.ts";
export type { ExecResult, RunningExec } from "./engine/exec/exec.ts";
export type { ExecOptions } from "./engine/exec/program.ts";
export type { Input } from "./engine/library/collect.ts";
export { Container, type ExecOutput, type ExecSettings } from "./engine/library/container.ts";
export type { ContainerLogOptions } from "./engine/log/container-log.ts";
export type { LogChunk } from "./engine/log/index.ts";
export type { ProcessTable } from "./engine/processes/ps.ts";
export type { Usage } from "./engine/usage/sample.ts";
export { Containers } from "./engine/library/containers.ts";
export { Engine, openEngine, type RunOutput, type RunSettings } from "./engine/library/engine.ts";
export type { Abortable, ContainerOptions, EngineOptions, ImageSource } from "./engine/library/options.ts";
export type { Pruned } from "./engine/life/prune.ts";
export type { RemoveOptions } from "./engine/life/remove.ts";
export type { StopOptions } from "./engine/life/stop.ts";
export type { UpdateOptions } from "./engine/life/update.ts";
export { type PreparedContainer, prepareContainer } from "./engine/prepare.ts";
export { type ErrorCode, HuskError } from "./platform/error.ts";
export type { Spec } from "./runtime/config.ts";
export { validateConfig } from "./runtime/validate.ts";
