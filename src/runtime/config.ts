import type { LinuxResources } from "../cgroup/index.ts";
import type { LinuxIdMapping, LinuxNamespace } from "../namespace/index.ts";
import type { LinuxDevice, Mount, Root } from "../rootfs/index.ts";
import type { LinuxCapabilities, LinuxSeccomp } from "../security/index.ts";

/**
 * `config.json` of an OCI bundle, as the runtime specification 1.3 has it for Linux.
 *
 * Field names are those of the JSON. What a room of husk performs is typed in that room.
 */
export interface Spec {
  ociVersion: string;
  root: Root;
  mounts?: Mount[];
  process: Process;
  hostname?: string;
  domainname?: string;
  hooks?: Hooks;
  annotations?: Record<string, string>;
  linux: Linux;
}

/** The container's first program and what it may do. */
export interface Process {
  terminal?: boolean;
  /** Characters. */
  consoleSize?: { height: number; width: number };
  user: User;
  args: string[];
  /** Windows only; ignored. */
  commandLine?: string;
  /** `NAME=value`. */
  env?: string[];
  cwd: string;
  capabilities?: LinuxCapabilities;
  rlimits?: PosixRlimit[];
  noNewPrivileges?: boolean;
  apparmorProfile?: string;
  selinuxLabel?: string;
  oomScoreAdj?: number;
  scheduler?: Scheduler;
  ioPriority?: { class: string; priority: number };
  execCPUAffinity?: { initial?: string; final?: string };
}

/** Ids as they are inside the container. */
export interface User {
  uid: number;
  gid: number;
  umask?: number;
  additionalGids?: number[];
  /** Windows only; ignored. */
  username?: string;
}

/** `type` is `RLIMIT_…` (getrlimit(2)); 18446744073709551615 (2^64 as a double) means unlimited. */
export interface PosixRlimit {
  type: string;
  soft: number;
  hard: number;
}

/** sched_setattr(2); times in nanoseconds. */
export interface Scheduler {
  policy: string;
  nice?: number;
  priority?: number;
  flags?: string[];
  runtime?: number;
  deadline?: number;
  period?: number;
}

/** A program the runtime starts at a point of the container's life. */
export interface Hook {
  path: string;
  args?: string[];
  env?: string[];
  /** Seconds. */
  timeout?: number;
}

export interface Hooks {
  prestart?: Hook[];
  createRuntime?: Hook[];
  createContainer?: Hook[];
  startContainer?: Hook[];
  poststart?: Hook[];
  poststop?: Hook[];
}

export interface Linux {
  uidMappings?: LinuxIdMapping[];
  gidMappings?: LinuxIdMapping[];
  timeOffsets?: Record<string, { secs?: number; nanosecs?: number }>;
  devices?: LinuxDevice[];
  netDevices?: Record<string, { name?: string }>;
  cgroupsPath?: string;
  resources?: LinuxResources;
  rootfsPropagation?: string;
  seccomp?: LinuxSeccomp;
  /** Name with dots to value. */
  sysctl?: Record<string, string>;
  maskedPaths?: string[];
  readonlyPaths?: string[];
  mountLabel?: string;
  namespaces?: LinuxNamespace[];
  intelRdt?: {
    closID?: string;
    schemata?: string[];
    l3CacheSchema?: string;
    memBwSchema?: string;
    enableMonitoring?: boolean;
  };
  personality?: Personality;
  memoryPolicy?: { mode: string; nodes: string; flags?: string[] };
}

/** personality(2): LINUX32 makes `uname -m` say i686 on x86-64. */
export interface Personality {
  domain: "LINUX" | "LINUX32";
  flags?: string[];
}
