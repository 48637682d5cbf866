import { existsSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import { sizeText } from "./convert.ts";
import { type Machine, parseCpuList, readMachine } from "./cpu-list.ts";
import type { LinuxBlockIO, LinuxCPU, LinuxMemory, LinuxResources } from "./resources.ts";

/**
 * Refuses limits the kernel would refuse, before anything is made.
 *
 * @returns warnings: what was asked for and is covered by something else
 * @throws HuskError "invalid" that names the field and its range
 */
export function checkResources(resources: LinuxResources): string[] {
  const warnings: string[] = [];
  if (resources.memory !== undefined) checkMemory(resources.memory, warnings);
  if (resources.cpu !== undefined) checkCpu(resources.cpu);
  if (resources.blockIO !== undefined) checkBlockIO(resources.blockIO);
  return warnings;
}

function invalid(message: string, hint?: string): HuskError {
  return new HuskError("invalid", message, hint === undefined ? undefined : { hint });
}

function checkMemory(memory: LinuxMemory, warnings: string[]): void {
  const {
    limit = 0,
    swap = 0,
    reservation = 0,
    swappiness,
    kernel = 0,
    kernelTCP = 0,
    useHierarchy,
  } = memory;
  if (swap > 0 && limit <= 0)
    throw invalid(
      `memory and swap limit ${sizeText(swap)}: there is no memory limit beside it`,
      "the limit counts memory and swap together: give a memory limit too (-m)",
    );
  if (swap > 0 && swap < limit)
    throw invalid(
      `memory and swap limit ${sizeText(swap)}: lower than the memory limit ${sizeText(limit)}`,
      "the limit counts memory and swap together: it is at least the memory limit",
    );
  if (limit > 0 && reservation > limit)
    throw invalid(
      `memory reservation ${sizeText(reservation)}: higher than the memory limit ${sizeText(limit)}`,
    );
  if (swappiness !== undefined && (swappiness < 0 || swappiness > 100))
    throw invalid(`memory swappiness ${swappiness}: not between 0 and 100`);
  if (kernel > 0 || kernelTCP > 0)
    warnings.push("kernel memory has no limit of its own: the kernel counts it with the memory limit");
  if (useHierarchy === false)
    warnings.push("memory.useHierarchy false is not possible: the kernel always counts the groups below");
}

function checkCpu(cpu: LinuxCPU): void {
  const { shares = 0, quota = 0, period = 0, burst = 0, realtimePeriod = 0, realtimeRuntime = 0 } = cpu;
  if (shares !== 0 && (shares < 2 || shares > 262144))
    throw invalid(`cpu shares ${shares}: not between 2 and 262144`, "1024 is the usual weight");
  if (period !== 0 && (period < 1000 || period > 1_000_000))
    throw invalid(`cpu period ${period} µs: not between 1000 and 1000000 µs`, "100000 is usual");
  if (quota > 0 && quota < 1000)
    throw invalid(
      `cpu quota ${quota} µs: the kernel's minimum is 1000 µs`,
      "a longer period with the same share of it: 500 of 10000 µs is 5000 of 100000 µs",
    );
  if (burst > 0 && (quota <= 0 || burst > quota))
    throw invalid(
      `cpu burst ${burst} µs: at most the cpu quota, which is ${quota > 0 ? `${quota} µs` : "not given"}`,
    );
  if (realtimeRuntime > 0 && realtimeRuntime > (realtimePeriod || 1_000_000))
    throw invalid(
      `real-time budget ${realtimeRuntime} µs: longer than its period ${realtimePeriod || 1_000_000} µs`,
    );
  if (cpu.cpus || cpu.mems) checkCpuset(cpu, readMachine());
}

/** Refuses CPUs and memory nodes the machine does not have. */
export function checkCpuset(cpu: Pick<LinuxCPU, "cpus" | "mems">, machine: Machine): void {
  checkList("CPUs", cpu.cpus, machine.cpus);
  checkList("memory nodes", cpu.mems, machine.mems);
}

function checkList(kind: string, list: string | undefined, online: string): void {
  if (list === undefined || list === "") return;
  const asked = parseCpuList(list);
  if (asked === undefined) throw invalid(`${kind} "${list}": not a list`, "write it as 0-3,5");
  const has = parseCpuList(online);
  for (const number of asked) {
    if (has?.has(number) === false)
      throw invalid(`${kind} "${list}": this machine has no number ${number}`, `it has ${online}`);
  }
}

function checkBlockIO(blockIO: LinuxBlockIO): void {
  checkWeight("block I/O weight", blockIO.weight);
  for (const { major, minor, weight } of blockIO.weightDevice ?? []) {
    checkWeight(`block I/O weight for device ${major}:${minor}`, weight);
    checkDevice(major, minor);
  }
  const { throttleReadBpsDevice, throttleWriteBpsDevice, throttleReadIOPSDevice, throttleWriteIOPSDevice } =
    blockIO;
  for (const devices of [
    throttleReadBpsDevice,
    throttleWriteBpsDevice,
    throttleReadIOPSDevice,
    throttleWriteIOPSDevice,
  ]) {
    if (devices !== undefined) for (const { major, minor } of devices) checkDevice(major, minor);
  }
}

function checkWeight(what: string, weight: number | undefined): void {
  if (weight !== undefined && weight !== 0 && (weight < 10 || weight > 1000))
    throw invalid(`${what} ${weight}: not between 10 and 1000`);
}

function checkDevice(major: number, minor: number): void {
  if (!existsSync(`/sys/dev/block/${major}:${minor}`))
    throw invalid(
      `block device ${major}:${minor}: this machine has none of these numbers`,
      "lsblk lists them",
    );
  if (existsSync(`/sys/dev/block/${major}:${minor}/partition`))
    throw invalid(
      `block device ${major}:${minor}: a partition has no rate of its own`,
      "name the whole disk",
    );
}
