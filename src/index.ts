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
  DeviceMountSpec,
  DeviceRate,
  DeviceRule,
  DeviceSpec,
  DeviceWeight,
  HealthCheck,
  IdMap,
  ImageIdentity,
  Isolation,
  LogDriver,
  LogOptions,
  MountedSpec,
  MountSpec,
  OfContainer,
  Propagation,
  RestartPolicy,
  RunOptions,
  RunSource,
  SecurityOptions,
  TmpfsSpec,
  Ulimit,
  UlimitName,
  UserSpec,
  VolumeSpec,
} from "./engine/run-options.ts";
export type { ControllerFacts, GroupUsage, MemoryUsage, Pressure } from "./cgroup/index.ts";
export type { ApplyOptions } from "./engine/changes/apply-container.ts";
export type { HealthStatus } from "./engine/container/health.ts";
export type { ContainerRecord, ContainerSource, RecordedOptions } from "./engine/container/record.ts";
export type { ContainerState, ContainerStatus, ContainerSummary } from "./engine/container/state.ts";
export type { CommitContainerOptions } from "./engine/copy/commit.ts";
export type { CopyOptions } from "./engine/copy/copy.ts";
export type { DiskUsage, DiskUse } from "./engine/disk-usage.ts";
export type { EventBody } from "./engine/events/journal.ts";
export type { EngineEvent, EventOptions } from "./engine/events/read-events.ts";
export type { ExecResult, RunningExec } from "./engine/exec/exec.ts";
export type { ExecOptions } from "./engine/exec/program.ts";
export type { Folders } from "./engine/folders.ts";
export type { ForkOptions } from "./engine/fork/fork.ts";
export type { EngineInfo } from "./engine/info.ts";
export type { AttachSettings, ContainerAttachment } from "./engine/library/attachment.ts";
export type { CollectSettings, Input } from "./engine/library/collect.ts";
export {
  type AppliedChanges,
  Container,
  type ExecOutput,
  type ExecSettings,
  type FileChange,
  type SpawnSettings,
} from "./engine/library/container.ts";
export { Containers } from "./engine/library/containers.ts";
export { Engine, openEngine, type RunOutput, type RunSettings } from "./engine/library/engine.ts";
export type {
  BootstrapSettings,
  ImageSummary,
  ImportSettings,
  MakeSettings,
  OfPlatform,
  PrunedImages,
  PullSettings,
  PushSettings,
  SaveSettings,
  Warned,
} from "./engine/library/image-settings.ts";
export { Images } from "./engine/library/images.ts";
export type { Abortable, ContainerOptions, EngineOptions, ImageSource } from "./engine/library/options.ts";
export type { ByteSource } from "./engine/library/streams.ts";
export { Volumes } from "./engine/library/volumes.ts";
export type { Pruned } from "./engine/life/prune.ts";
export type { RemoveOptions } from "./engine/life/remove.ts";
export type { StopOptions } from "./engine/life/stop.ts";
export type { UpdateOptions } from "./engine/life/update.ts";
export type { ContainerLogOptions } from "./engine/log/container-log.ts";
export type { LogChunk } from "./engine/log/index.ts";
export type { GivenSetting } from "./engine/settings/settings.ts";
export type { ProcessTable } from "./engine/processes/ps.ts";
export type { Usage } from "./engine/usage/sample.ts";
export type { Volume, VolumeOptions, VolumeRecord } from "./engine/volume/record.ts";
export type { PrunedVolumes } from "./engine/volume/remove.ts";
export type {
  Endpoint,
  FoundRepository,
  HistoryStep,
  ImageFilter,
  LayerProgress,
  PushProgress,
  Recipe,
  RegistryRule,
  Removed,
  RunConfig,
  Tool,
  Variant,
} from "./image/index.ts";
export type { Inclusion } from "./jail/index.ts";
export { type ErrorCode, HuskError } from "./platform/error.ts";
