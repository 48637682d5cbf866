/**
 * `linux.resources` of the OCI runtime specification (config-linux.md, "Control groups").
 *
 * Field names are those of the JSON. 0 or absent means "not asked for", -1 "no limit", as in runc.
 */
export interface LinuxResources {
  readonly devices?: readonly LinuxDeviceCgroup[];
  readonly memory?: LinuxMemory;
  readonly cpu?: LinuxCPU;
  readonly pids?: LinuxPids;
  readonly blockIO?: LinuxBlockIO;
  readonly hugepageLimits?: readonly { readonly pageSize: string; readonly limit: number }[];
  readonly network?: {
    readonly classID?: number;
    readonly priorities?: readonly { readonly name: string; readonly priority: number }[];
  };
  readonly rdma?: Readonly<Record<string, { readonly hcaHandles?: number; readonly hcaObjects?: number }>>;
  /** Files of cgroup v2 by name, with what is written into them. */
  readonly unified?: Readonly<Record<string, string>>;
}

/** One rule for device nodes; rules count in their order. Absent or -1: every number. */
export interface LinuxDeviceCgroup {
  readonly allow: boolean;
  /** `a` (or absent): block and character devices. */
  readonly type?: "a" | "b" | "c";
  readonly major?: number;
  readonly minor?: number;
  /** Letters of `rwm`: read, write, mknod. */
  readonly access?: string;
}

/** Bytes. */
export interface LinuxMemory {
  readonly limit?: number;
  /** Soft limit. */
  readonly reservation?: number;
  /** Memory and swap together. */
  readonly swap?: number;
  readonly kernel?: number;
  readonly kernelTCP?: number;
  /** 0–100. */
  readonly swappiness?: number;
  readonly disableOOMKiller?: boolean;
  readonly useHierarchy?: boolean;
  readonly checkBeforeUpdate?: boolean;
}

/** Times in microseconds. */
export interface LinuxCPU {
  /** Relative weight, 2–262144. */
  readonly shares?: number;
  readonly quota?: number;
  readonly burst?: number;
  readonly period?: number;
  readonly realtimeRuntime?: number;
  readonly realtimePeriod?: number;
  /** A list as the kernel takes it: `0-3,5`. */
  readonly cpus?: string;
  readonly mems?: string;
  /** 1: runs only when nothing else wants the CPU. */
  readonly idle?: number;
}

/** Number of processes and threads. */
export interface LinuxPids {
  readonly limit?: number;
}

export interface LinuxBlockIO {
  /** Relative weight, 10–1000. */
  readonly weight?: number;
  readonly leafWeight?: number;
  readonly weightDevice?: readonly LinuxWeightDevice[];
  /** Bytes per second. */
  readonly throttleReadBpsDevice?: readonly LinuxThrottleDevice[];
  readonly throttleWriteBpsDevice?: readonly LinuxThrottleDevice[];
  /** Operations per second. */
  readonly throttleReadIOPSDevice?: readonly LinuxThrottleDevice[];
  readonly throttleWriteIOPSDevice?: readonly LinuxThrottleDevice[];
}

export interface LinuxWeightDevice {
  readonly major: number;
  readonly minor: number;
  readonly weight?: number;
  readonly leafWeight?: number;
}

export interface LinuxThrottleDevice {
  readonly major: number;
  readonly minor: number;
  readonly rate: number;
}
