import {
  ioPriorityClasses,
  memoryPolicyFlags,
  memoryPolicyModes,
  schedulerFlags,
  schedulerPolicies,
} from "../process/scheduling.ts";
import {
  expected,
  int64,
  integer,
  type Json,
  list,
  need,
  object,
  oneOf,
  refuse,
  strings,
  text,
  uint64,
} from "./field.ts";

/** Checks `process.scheduler`, `ioPriority` and `execCPUAffinity` (config.md, "Linux Process"). */
export function checkScheduling(process: Json): void {
  const scheduler = object(process, "scheduler", "process");
  if (scheduler !== undefined) checkScheduler(scheduler, "process.scheduler");
  const io = object(process, "ioPriority", "process");
  if (io !== undefined) {
    const at = "process.ioPriority";
    need(oneOf(io, "class", at, Object.keys(ioPriorityClasses)), at, "class");
    if (integer(io, "priority", at, 0, 7) === undefined) io.priority = 0;
  }
  const affinity = object(process, "execCPUAffinity", "process");
  if (affinity === undefined) return;
  for (const key of ["initial", "final"]) checkNumbers(affinity, key, "process.execCPUAffinity");
}

function checkScheduler(scheduler: Json, at: string): void {
  const policy = need(oneOf(scheduler, "policy", at, Object.keys(schedulerPolicies)), at, "policy");
  integer(scheduler, "nice", at, -20, 19);
  const priority = integer(scheduler, "priority", at, 0, 99) ?? 0;
  const realtime = policy === "SCHED_FIFO" || policy === "SCHED_RR";
  if (priority !== 0 && !realtime)
    refuse(`${at}.priority`, `counts for SCHED_FIFO and SCHED_RR only, not ${policy}`);
  checkNames(scheduler, at, schedulerFlags);
  for (const key of ["runtime", "deadline", "period"]) {
    const value = integer(scheduler, key, at, 0, uint64);
    if (value && policy !== "SCHED_DEADLINE")
      refuse(`${at}.${key}`, `counts for SCHED_DEADLINE only, not ${policy}`);
  }
}

/** Checks the list `flags`. */
export function checkNames(from: Json, at: string, known: Readonly<Record<string, number>>): void {
  const names = strings(from, "flags", at);
  if (names === undefined) return;
  for (let i = 0; i < names.length; i++)
    if (!Object.hasOwn(known, names[i] as string))
      expected(`${at}.flags[${i}]`, `one of ${Object.keys(known).join(", ")}`, names[i]);
}

/** A list of numbers as the kernel writes it: `0-3,5`. */
function checkNumbers(from: Json, key: string, at: string): string | undefined {
  const value = text(from, key, at);
  if (value === undefined || value === "") return value;
  for (const part of value.split(",")) {
    const match = /^\s*(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(part);
    if (match === null || Number(match[2] ?? match[1]) < Number(match[1]))
      expected(`${at}.${key}`, "a list such as 0-3,5", value);
  }
  return value;
}

/** Checks `linux.memoryPolicy` (config-linux.md, "Memory Policy"). */
export function checkMemoryPolicy(linux: Json): void {
  const policy = object(linux, "memoryPolicy", "linux");
  if (policy === undefined) return;
  const at = "linux.memoryPolicy";
  need(oneOf(policy, "mode", at, Object.keys(memoryPolicyModes)), at, "mode");
  policy.nodes = checkNumbers(policy, "nodes", at) ?? "";
  checkNames(policy, at, memoryPolicyFlags);
}

/** Checks `linux.timeOffsets` (config-linux.md, "Offset for Time Namespace"). */
export function checkTimeOffsets(linux: Json): void {
  const offsets = object(linux, "timeOffsets", "linux");
  if (offsets === undefined) return;
  for (const clock in offsets) {
    const at = `linux.timeOffsets.${clock}`;
    if (clock !== "monotonic" && clock !== "boottime") refuse(at, "expected monotonic or boottime");
    const offset = object(offsets, clock, "linux.timeOffsets");
    if (offset === undefined) continue;
    integer(offset, "secs", at, -int64, int64);
    integer(offset, "nanosecs", at, 0, 999_999_999);
  }
}

/** Checks `hugepageLimits`, `rdma` and `network` of `linux.resources`. */
export function checkRareResources(resources: Json, at: string): void {
  const pages = list(resources, "hugepageLimits", at);
  for (let i = 0; i < (pages?.length ?? 0); i++) {
    const path = `${at}.hugepageLimits[${i}]`;
    const page = Object(pages?.[i]) as Json;
    const size = need(text(page, "pageSize", path), path, "pageSize");
    if (!/^[1-9]\d*[KMG]B$/.test(size)) expected(`${path}.pageSize`, "a size such as 2MB or 1GB", size);
    need(integer(page, "limit", path, 0, uint64), path, "limit");
  }
  const rdma = object(resources, "rdma", at);
  for (const device in rdma) {
    const path = `${at}.rdma.${device}`;
    if (!/^[\w.-]+$/.test(device)) refuse(path, "is no name of a device");
    const limits = need(object(rdma, device, `${at}.rdma`), `${at}.rdma`, device);
    integer(limits, "hcaHandles", path, 0, 0xffffffff);
    integer(limits, "hcaObjects", path, 0, 0xffffffff);
  }
  const network = object(resources, "network", at);
  if (network === undefined) return;
  integer(network, "classID", `${at}.network`, 0, 0xffffffff);
  const priorities = list(network, "priorities", `${at}.network`);
  for (let i = 0; i < (priorities?.length ?? 0); i++) {
    const path = `${at}.network.priorities[${i}]`;
    const entry = Object(priorities?.[i]) as Json;
    const name = need(text(entry, "name", path), path, "name");
    if (!/^[^\s/]{1,15}$/.test(name)) expected(`${path}.name`, "the name of an interface", name);
    need(integer(entry, "priority", path, 0, 0xffffffff), path, "priority");
  }
}
