import { readFileSync } from "node:fs";
import type { Folders } from "../folders.ts";
import type { HealthRecord } from "../container/health.ts";
import { type ContainerPaths, containerPaths } from "../container/paths.ts";
import { readHealth } from "../container/read-health.ts";
import { readRecord } from "../container/read-record.ts";
import { commandOf, type ContainerRecord, imageName } from "../container/record.ts";
import { type RunRecord, readRun } from "../container/run-record.ts";
import { noSuchContainer } from "../container/find.ts";
import { type ContainerState, readStateOf } from "../container/state.ts";
import { jsonFilePath } from "../log/copy/json-file.ts";
import { containerConfig } from "./config.ts";
import { hostConfig } from "./host-config.ts";
import { mountPoints } from "./mounts.ts";
import { networkSettings } from "./network-settings.ts";

/** A moment that never was, as Go prints it. */
const NEVER = "0001-01-01T00:00:00Z";

/**
 * What is known of a container, in docker's layout (API 1.50, `GET /containers/{id}/json`). Besides docker's fields
 * there is podman's `State.CgroupPath`.
 *
 * @throws HuskError "not-found" when it is gone
 */
export function inspectContainer(folders: Folders, id: string): Record<string, unknown> {
  const paths = containerPaths(folders, id);
  const record = readRecord(paths.record);
  if (record === undefined) throw noSuchContainer(id);
  const state = readStateOf(folders, record);
  const run = readRun(paths.running);
  const { options, source } = record;
  const [program = "", ...args] = commandOf(record);
  return {
    Id: id,
    Created: moment(record.created),
    Path: program,
    Args: args,
    State: stateOf(state, run, options.health === undefined ? undefined : readHealth(paths.health)),
    Image: source.kind === "image" ? source.id : imageName(source),
    ResolvConfPath: "",
    HostnamePath: "",
    HostsPath: "",
    LogPath: logPath(record, paths),
    Name: `/${record.name}`,
    RestartCount: restartsOf(paths),
    Driver: "overlay",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: run?.entry?.process.selinuxLabel ?? "",
    AppArmorProfile: run?.entry?.process.apparmorProfile ?? "",
    ExecIDs: null,
    HostConfig: hostConfig(record),
    GraphDriver: graphDriver(record, paths, state),
    Mounts: mountPoints(record, folders),
    Config: containerConfig(record),
    NetworkSettings: networkSettings(record, state),
  };
}

function logPath({ id, options }: ContainerRecord, { folder, log }: ContainerPaths): string {
  switch (options.log?.driver ?? "husk") {
    case "husk":
      return log;
    case "json-file":
      return jsonFilePath(folder, id);
    default:
      return "";
  }
}

function moment(milliseconds: number): string {
  return milliseconds === 0 ? NEVER : new Date(milliseconds).toISOString();
}

function stateOf(
  state: ContainerState,
  run: RunRecord | undefined,
  health: HealthRecord | undefined,
): Record<string, unknown> {
  const { status, pid, exitCode, outOfMemory, error, started, finished } = state;
  const group = run?.cgroups?.groups[0];
  return {
    Status: status,
    Running: status === "running" || status === "paused" || status === "restarting",
    Paused: status === "paused",
    Restarting: status === "restarting",
    OOMKilled: outOfMemory,
    Dead: status === "dead",
    Pid: pid,
    ExitCode: exitCode,
    Error: error,
    StartedAt: moment(started),
    FinishedAt: moment(finished),
    ...(group === undefined ? {} : { CgroupPath: group }),
    ...(health === undefined ? {} : { Health: healthOf(health) }),
  };
}

function healthOf({ status, failingStreak, log }: HealthRecord): Record<string, unknown> {
  return {
    Status: status,
    FailingStreak: failingStreak,
    Log: log.map(({ started, ended, exitCode, output }) => ({
      Start: moment(started),
      End: moment(ended),
      ExitCode: exitCode,
      Output: output,
    })),
  };
}

/** Where its files are: the whole is mounted nowhere but in the container, which its first process leads into. */
function graphDriver(
  { source }: ContainerRecord,
  { upper, work }: ReturnType<typeof containerPaths>,
  { pid }: ContainerState,
): Record<string, unknown> {
  const merged = pid === 0 ? {} : { MergedDir: `/proc/${pid}/root` };
  if (source.kind === "rootfs" || source.kind === "bundle") return { Data: { ...merged }, Name: "folder" };
  return { Data: { ...merged, UpperDir: upper, WorkDir: work }, Name: "overlay" };
}

/** How often the restart policy started it since somebody did. */
function restartsOf({ restarts }: ContainerPaths): number {
  try {
    return Number(readFileSync(restarts, "latin1"));
  } catch {
    return 0;
  }
}
