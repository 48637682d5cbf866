import { statSync } from "node:fs";
import type { LinuxThrottleDevice, RunLimits } from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { DeviceRate, RunOptions } from "../run-options.ts";
import { deviceNumber } from "./device-number.ts";

/** The limits asked for, with devices by number; undefined: none. */
export function runLimits(options: RunOptions): RunLimits | undefined {
  if (!asksLimits(options)) return undefined;
  return {
    memory: options.memory,
    memorySwap: options.memorySwap,
    memoryReservation: options.memoryReservation,
    cpus: options.cpus,
    cpuShares: options.cpuShares,
    cpuPeriod: options.cpuPeriod,
    cpuQuota: options.cpuQuota,
    cpusetCpus: options.cpusetCpus,
    cpusetMems: options.cpusetMems,
    pidsLimit: options.pidsLimit,
    blkioWeight: options.blkioWeight,
    weightDevice: options.blkioWeightDevice?.map(({ path, weight }) => ({
      ...blockDevice("weight", path),
      weight,
    })),
    cpuRtPeriod: options.cpuRtPeriod,
    cpuRtRuntime: options.cpuRtRuntime,
    memorySwappiness: options.memorySwappiness,
    oomKillDisable: options.oomKillDisable,
    kernelMemory: options.kernelMemory,
    readBps: throttles(options.deviceReadBps),
    writeBps: throttles(options.deviceWriteBps),
    readIops: throttles(options.deviceReadIops),
    writeIops: throttles(options.deviceWriteIops),
  };
}

function asksLimits(options: RunOptions): boolean {
  return (
    options.memory !== undefined ||
    options.memorySwap !== undefined ||
    options.memoryReservation !== undefined ||
    options.cpus !== undefined ||
    options.cpuShares !== undefined ||
    options.cpuPeriod !== undefined ||
    options.cpuQuota !== undefined ||
    options.cpusetCpus !== undefined ||
    options.cpusetMems !== undefined ||
    options.pidsLimit !== undefined ||
    options.blkioWeight !== undefined ||
    options.blkioWeightDevice !== undefined ||
    options.cpuRtPeriod !== undefined ||
    options.cpuRtRuntime !== undefined ||
    options.memorySwappiness !== undefined ||
    options.oomKillDisable !== undefined ||
    options.kernelMemory !== undefined ||
    options.deviceReadBps !== undefined ||
    options.deviceWriteBps !== undefined ||
    options.deviceReadIops !== undefined ||
    options.deviceWriteIops !== undefined
  );
}

function throttles(rates: readonly DeviceRate[] | undefined): LinuxThrottleDevice[] | undefined {
  return rates?.map(({ path, rate }) => ({ ...blockDevice("rate limit", path), rate }));
}

function blockDevice(what: string, path: string): { major: number; minor: number } {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new HuskError("not-found", `${what} of device ${path}: no such file`);
  if (!stats.isBlockDevice()) {
    throw new HuskError("invalid", `${what} of device ${path}: is no block device`, {
      hint: "lsblk lists them",
    });
  }
  return deviceNumber(stats.rdev);
}
