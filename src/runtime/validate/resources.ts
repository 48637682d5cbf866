import {
  type Json,
  asObject,
  flag,
  int64,
  integer,
  list,
  need,
  object,
  oneOf,
  pathOf,
  refuse,
  stringMap,
  text,
  uint32,
  uint64,
} from "./field.ts";
import { checkRareResources } from "./scheduling.ts";

/** Checks `linux.resources`. Limits are -1 for unlimited where the kernel has it so. */
export function checkResources(resources: Json): void {
  const at = "linux.resources";
  const devices = list(resources, "devices", at);
  if (devices !== undefined) {
    for (let i = 0; i < devices.length; i++) checkDeviceRule(devices[i], `${at}.devices[${i}]`);
  }
  const memory = object(resources, "memory", at);
  if (memory !== undefined) checkMemory(memory, `${at}.memory`);
  const cpu = object(resources, "cpu", at);
  if (cpu !== undefined) checkCpu(cpu, `${at}.cpu`);
  const pids = object(resources, "pids", at);
  if (pids !== undefined) integer(pids, "limit", `${at}.pids`, -1, int64);
  const blockIO = object(resources, "blockIO", at);
  if (blockIO !== undefined) checkBlockIO(blockIO, `${at}.blockIO`);
  checkRareResources(resources, at);
  const unified = stringMap(resources, "unified", at);
  if (unified === undefined) return;
  for (const file in unified) {
    // The name becomes a file below the container's cgroup.
    if (file.includes("/") || !file.includes("."))
      refuse(pathOf(`${at}.unified`, file), "is no name of a cgroup v2 file");
  }
}

function checkDeviceRule(value: unknown, at: string): void {
  const rule = asObject(value, at);
  need(flag(rule, "allow", at), at, "allow");
  oneOf(rule, "type", at, ["a", "c", "b"]);
  integer(rule, "major", at, -1, uint32);
  integer(rule, "minor", at, -1, uint32);
  const access = text(rule, "access", at) ?? "";
  for (let i = 0; i < access.length; i++) {
    if (!"rwm".includes(access.charAt(i)))
      refuse(`${at}.access`, `expected letters of "rwm", got "${access}"`);
  }
}

function checkMemory(memory: Json, at: string): void {
  for (const key of ["limit", "reservation", "swap", "kernel", "kernelTCP"])
    integer(memory, key, at, -1, int64);
  integer(memory, "swappiness", at, 0, 100);
  flag(memory, "disableOOMKiller", at);
  flag(memory, "useHierarchy", at);
  flag(memory, "checkBeforeUpdate", at);
}

function checkCpu(cpu: Json, at: string): void {
  integer(cpu, "shares", at, 0, uint64);
  integer(cpu, "quota", at, -int64, int64);
  integer(cpu, "burst", at, 0, uint64);
  integer(cpu, "period", at, 0, uint64);
  integer(cpu, "realtimeRuntime", at, -int64, int64);
  integer(cpu, "realtimePeriod", at, 0, uint64);
  integer(cpu, "idle", at, 0, 1);
  text(cpu, "cpus", at);
  text(cpu, "mems", at);
}

const throttles = [
  "throttleReadBpsDevice",
  "throttleWriteBpsDevice",
  "throttleReadIOPSDevice",
  "throttleWriteIOPSDevice",
];

function checkBlockIO(blockIO: Json, at: string): void {
  weight(blockIO, at);
  const weighted = list(blockIO, "weightDevice", at);
  if (weighted !== undefined) {
    for (let i = 0; i < weighted.length; i++) {
      const path = `${at}.weightDevice[${i}]`;
      weight(blockDevice(weighted[i], path), path);
    }
  }
  for (const key of throttles) {
    const devices = list(blockIO, key, at);
    if (devices === undefined) continue;
    for (let i = 0; i < devices.length; i++) {
      const path = `${at}.${key}[${i}]`;
      need(integer(blockDevice(devices[i], path), "rate", path, 0, uint64), path, "rate");
    }
  }
}

/** 0 means "not given". */
function weight(from: Json, at: string): void {
  integer(from, "weight", at, 0, 1000);
  integer(from, "leafWeight", at, 0, 1000);
}

function blockDevice(value: unknown, at: string): Json {
  const device = asObject(value, at);
  need(integer(device, "major", at, 0, 0xfff), at, "major");
  need(integer(device, "minor", at, 0, 0xfffff), at, "minor");
  return device;
}
