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
    options.deviceReadBps !== undefined ||
    options.deviceWriteBps !== undefined ||
    options.deviceReadIops !== undefined ||
    options.deviceWriteIops !== undefined
  );
}

function throttles(rates: readonly DeviceRate[] | undefined): LinuxThrottleDevice[] | undefined {
  return rates?.map(({ path, rate }) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) throw new HuskError("not-found", `rate limit of device ${path}: no such file`);
    if (!stats.isBlockDevice()) {
      throw new HuskError("invalid", `rate limit of device ${path}: is no block device`, {
        hint: "lsblk lists them",
      });
    }
    return { ...deviceNumber(stats.rdev), rate };
  });
}
