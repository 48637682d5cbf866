import { HuskError } from "../platform/error.ts";
import { sizeText } from "./convert.ts";
import { type Machine, parseCpuList } from "./cpu-list.ts";
import type { LinuxResources, LinuxThrottleDevice, LinuxWeightDevice } from "./resources.ts";

/** Limits as docker's command line has them; sizes in bytes, times in microseconds. */
export interface RunLimits {
  readonly memory?: number | undefined;
  /** Memory and swap together; -1: unlimited swap; absent: twice the memory. */
  readonly memorySwap?: number | undefined;
  readonly memoryReservation?: number | undefined;
  /** Number of CPUs worth of time, e.g. 1.5. */
  readonly cpus?: number | undefined;
  readonly cpuShares?: number | undefined;
  readonly cpuPeriod?: number | undefined;
  readonly cpuQuota?: number | undefined;
  readonly cpusetCpus?: string | undefined;
  readonly cpusetMems?: string | undefined;
  readonly pidsLimit?: number | undefined;
  readonly blkioWeight?: number | undefined;
  readonly weightDevice?: readonly LinuxWeightDevice[] | undefined;
  /** Microseconds. */
  readonly cpuRtPeriod?: number | undefined;
  readonly cpuRtRuntime?: number | undefined;
  readonly memorySwappiness?: number | undefined;
  readonly oomKillDisable?: boolean | undefined;
  readonly kernelMemory?: number | undefined;
  /** Bytes per second. */
  readonly readBps?: readonly LinuxThrottleDevice[] | undefined;
  readonly writeBps?: readonly LinuxThrottleDevice[] | undefined;
  /** Operations per second. */
  readonly readIops?: readonly LinuxThrottleDevice[] | undefined;
  readonly writeIops?: readonly LinuxThrottleDevice[] | undefined;
}

/** Docker's smallest memory limit: less, and not even the set-up of the container fits. */
const MINIMUM_MEMORY = 6 * 1024 * 1024;
const PERIOD = 100_000;

/**
 * Refuses what docker refuses beyond what the kernel does: a memory limit below 6 MiB, more CPUs
 * than the machine has, and two ways to say the same at once.
 *
 * @throws HuskError "invalid"
 */
export function checkRunLimits(limits: RunLimits, machine: () => Machine): void {
  const { memory = 0, memoryReservation = 0, cpus } = limits;
  if (memory > 0 && memory < MINIMUM_MEMORY)
    throw new HuskError(
      "invalid",
      `memory limit ${sizeText(memory)}: the minimum is ${sizeText(MINIMUM_MEMORY)}`,
    );
  if (memoryReservation > 0 && memoryReservation < MINIMUM_MEMORY)
    throw new HuskError(
      "invalid",
      `memory reservation ${sizeText(memoryReservation)}: the minimum is ${sizeText(MINIMUM_MEMORY)}`,
    );
  if (cpus === undefined) return;
  if (limits.cpuPeriod || limits.cpuQuota)
    throw new HuskError("invalid", "cpus and cpu period or quota: both say how much CPU time there is", {
      hint: "give one of them",
    });
  const online = parseCpuList(machine().cpus)?.size ?? 1;
  if (!(cpus >= 0.01 && cpus <= online))
    throw new HuskError("invalid", `cpus ${cpus}: this machine has ${online}`, {
      hint: `between 0.01 and ${online}`,
    });
}

/**
 * Limits of the command line as `linux.resources`.
 *
 * @param swapAccounting false: the kernel does not count swap, so a memory limit without a word on
 *   swap limits memory alone instead of swap to the same amount
 */
export function resourcesOf(limits: RunLimits, swapAccounting: boolean): LinuxResources {
  const { memory, memoryReservation, cpus, pidsLimit, blkioWeight } = limits;
  let swap = limits.memorySwap;
  if (!swap && memory !== undefined && memory > 0 && swapAccounting) swap = 2 * memory;
  const quota = cpus === undefined ? limits.cpuQuota : Math.round(cpus * PERIOD);
  const period = cpus === undefined ? limits.cpuPeriod : PERIOD;
  const resources: { -readonly [K in keyof LinuxResources]: LinuxResources[K] } = {};
  const { memorySwappiness, oomKillDisable, kernelMemory } = limits;
  if (memory || swap || memoryReservation || memorySwappiness !== undefined || oomKillDisable || kernelMemory)
    resources.memory = {
      limit: memory ?? 0,
      swap: swap ?? 0,
      reservation: memoryReservation ?? 0,
      ...(kernelMemory ? { kernel: kernelMemory } : {}),
      ...(memorySwappiness === undefined ? {} : { swappiness: memorySwappiness }),
      ...(oomKillDisable ? { disableOOMKiller: true } : {}),
    };
  const { cpuRtPeriod, cpuRtRuntime } = limits;
  const realTime = cpuRtPeriod || cpuRtRuntime;
  if (limits.cpuShares || quota || period || limits.cpusetCpus || limits.cpusetMems || realTime)
    resources.cpu = {
      shares: limits.cpuShares ?? 0,
      quota: quota ?? 0,
      period: period ?? 0,
      cpus: limits.cpusetCpus ?? "",
      mems: limits.cpusetMems ?? "",
      ...(realTime ? { realtimePeriod: cpuRtPeriod ?? 0, realtimeRuntime: cpuRtRuntime ?? 0 } : {}),
    };
  if (pidsLimit) resources.pids = { limit: pidsLimit };
  const blockIO = {
    weight: blkioWeight ?? 0,
    weightDevice: limits.weightDevice ?? [],
    throttleReadBpsDevice: limits.readBps ?? [],
    throttleWriteBpsDevice: limits.writeBps ?? [],
    throttleReadIOPSDevice: limits.readIops ?? [],
    throttleWriteIOPSDevice: limits.writeIops ?? [],
  };
  for (const value of Object.values(blockIO)) {
    if (typeof value === "number" ? value !== 0 : value.length > 0) resources.blockIO = blockIO;
  }
  return resources;
}
