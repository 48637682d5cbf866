import { existsSync, readFileSync } from "node:fs";

const NANOSECONDS_A_TICK = 10_000_000;

/** Counters of a container's control groups, in the form of `runc events`. */
export function readStats(groups: readonly string[]): Record<string, unknown> {
  const unified = groups.find((group) => existsSync(`${group}/cgroup.controllers`));
  const find = (file: string): string | undefined => groups.find((group) => existsSync(`${group}/${file}`));
  const memoryGroup = find("memory.usage_in_bytes");
  const pidsGroup = find("pids.current");
  return {
    cpu:
      find("cpuacct.usage") === undefined
        ? cpuV2(unified)
        : cpuV1(find("cpuacct.usage") as string, find("cpu.stat")),
    cpuset: cpuset(find("cpuset.cpus")),
    memory: memoryGroup === undefined ? memoryV2(unified) : memoryV1(memoryGroup),
    pids: pidsGroup === undefined ? {} : pids(pidsGroup),
    blkio:
      find("blkio.throttle.io_service_bytes") === undefined
        ? ioV2(unified)
        : blkio(find("blkio.throttle.io_service_bytes") as string),
    hugetlb: {},
    intel_rdt: {},
    network_interfaces: null,
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** Too large for a JavaScript number: {@link statsText} writes the digits. */
type Exact = number | `@${string}@`;

/** A file with one number; "max" is the largest there is. */
function number(path: string): Exact {
  const text = read(path).trim();
  return exact(text === "max" ? "18446744073709551615" : text);
}

function exact(digits: string): Exact {
  const value = Number(digits) || 0;
  return Number.isSafeInteger(value) ? value : `@${digits}@`;
}

/** JSON of counters, to the last digit. */
export function statsText(value: unknown): string {
  return JSON.stringify(value).replaceAll(/"@(\d+)@"/g, "$1");
}

/** A file of lines `name value`. */
function table(path: string): Record<string, Exact> {
  const result: Record<string, Exact> = {};
  for (const line of read(path).split("\n")) {
    const space = line.indexOf(" ");
    if (space > 0) result[line.slice(0, space)] = exact(line.slice(space + 1));
  }
  return result;
}

/** Go leaves fields out that are zero, where runc says so. */
function nonZero(fields: Record<string, Exact>): Record<string, Exact> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== 0));
}

function cpuV1(group: string, cpuGroup: string | undefined): unknown {
  const { user = 0, system = 0 } = table(`${group}/cpuacct.stat`);
  const rows = read(`${group}/cpuacct.usage_all`)
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(" ").map(Number));
  const percpu = read(`${group}/cpuacct.usage_percpu`).trim().split(/\s+/).map(Number);
  const usage = {
    total: number(`${group}/cpuacct.usage`),
    percpu,
    percpu_kernel: rows.map((row) => row[2] ?? 0),
    percpu_user: rows.map((row) => row[1] ?? 0),
    kernel: Number(system) * NANOSECONDS_A_TICK,
    user: Number(user) * NANOSECONDS_A_TICK,
  };
  const stat: Record<string, Exact> = cpuGroup === undefined ? {} : table(`${cpuGroup}/cpu.stat`);
  return { usage, throttling: throttling(stat.nr_periods, stat.nr_throttled, stat.throttled_time) };
}

function cpuV2(group: string | undefined): unknown {
  if (group === undefined) return { usage: { kernel: 0, user: 0 }, throttling: {} };
  const stat = table(`${group}/cpu.stat`);
  const nanoseconds = (name: string): number => Number(stat[name] ?? 0) * 1000;
  const usage = {
    total: nanoseconds("usage_usec"),
    kernel: nanoseconds("system_usec"),
    user: nanoseconds("user_usec"),
  };
  return { usage, throttling: throttling(stat.nr_periods, stat.nr_throttled, nanoseconds("throttled_usec")) };
}

function throttling(
  periods: Exact = 0,
  throttledPeriods: Exact = 0,
  throttledTime: Exact = 0,
): Record<string, Exact> {
  return nonZero({ periods, throttledPeriods, throttledTime });
}

function cpuset(group: string | undefined): unknown {
  if (group === undefined || !existsSync(`${group}/cpuset.cpu_exclusive`)) return {};
  const flag = (name: string): Exact => number(`${group}/cpuset.${name}`);
  return {
    cpus: numbers(read(`${group}/cpuset.cpus`)),
    cpu_exclusive: flag("cpu_exclusive"),
    mems: numbers(read(`${group}/cpuset.mems`)),
    mem_hardwall: flag("mem_hardwall"),
    mem_exclusive: flag("mem_exclusive"),
    memory_migrate: flag("memory_migrate"),
    memory_spread_page: flag("memory_spread_page"),
    memory_spread_slab: flag("memory_spread_slab"),
    memory_pressure: flag("memory_pressure"),
    sched_load_balance: flag("sched_load_balance"),
    sched_relax_domain_level: flag("sched_relax_domain_level"),
  };
}

/** `0-2,5` as a list. */
function numbers(list: string): number[] {
  const result: number[] = [];
  for (const part of list.trim().split(",")) {
    if (part === "") continue;
    const [from = 0, to = from] = part.split("-").map(Number);
    for (let n = from; n <= to; n++) result.push(n);
  }
  return result;
}

function memoryV1(group: string): unknown {
  const entry = (prefix: string): unknown => {
    const usage = number(`${group}/${prefix}.usage_in_bytes`);
    const max = number(`${group}/${prefix}.max_usage_in_bytes`);
    const limit = number(`${group}/${prefix}.limit_in_bytes`);
    return { limit, ...nonZero({ usage, max }), failcnt: number(`${group}/${prefix}.failcnt`) };
  };
  const raw = table(`${group}/memory.stat`);
  return {
    ...nonZero({ cache: raw.cache ?? 0 }),
    usage: entry("memory"),
    swap: entry("memory.memsw"),
    kernel: entry("memory.kmem"),
    kernelTCP: entry("memory.kmem.tcp"),
    raw,
  };
}

function memoryV2(group: string | undefined): unknown {
  if (group === undefined || !existsSync(`${group}/memory.current`)) return {};
  const entry = (name: string): unknown => {
    const usage = number(`${group}/${name}.current`);
    const max = number(`${group}/${name}.peak`);
    return {
      limit: number(`${group}/${name}.max`),
      ...nonZero({ usage, max }),
      failcnt: table(`${group}/${name}.events`).max ?? 0,
    };
  };
  const raw = table(`${group}/memory.stat`);
  const none = { limit: 0, failcnt: 0 };
  return {
    ...nonZero({ cache: raw.file ?? 0 }),
    usage: entry("memory"),
    swap: entry("memory.swap"),
    kernel: none,
    kernelTCP: none,
    raw,
  };
}

function pids(group: string): unknown {
  const limit = read(`${group}/pids.max`).trim();
  return nonZero({ current: number(`${group}/pids.current`), limit: limit === "max" ? 0 : Number(limit) });
}

interface IoEntry {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: number;
}

function blkio(group: string): unknown {
  const entries = (file: string): IoEntry[] => {
    const found: IoEntry[] = [];
    for (const line of read(`${group}/${file}`).split("\n")) {
      const [device = "", op = "", value = ""] = line.split(" ");
      const [major = "", minor = ""] = device.split(":");
      if (value !== "") found.push({ major: Number(major), minor: Number(minor), op, value: Number(value) });
    }
    return found;
  };
  return lists({
    ioServiceBytesRecursive: entries("blkio.throttle.io_service_bytes_recursive"),
    ioServicedRecursive: entries("blkio.throttle.io_serviced_recursive"),
  });
}

function ioV2(group: string | undefined): unknown {
  const bytes: IoEntry[] = [];
  const operations: IoEntry[] = [];
  for (const line of group === undefined ? [] : read(`${group}/io.stat`).split("\n")) {
    const [device = "", ...fields] = line.split(" ");
    const [major = "", minor = ""] = device.split(":");
    for (const field of fields) {
      const [name = "", value = ""] = field.split("=");
      const op = name.startsWith("r") ? "Read" : name.startsWith("w") ? "Write" : "Discard";
      const entry = { major: Number(major), minor: Number(minor), op, value: Number(value) };
      (name.endsWith("bytes") ? bytes : operations).push(entry);
    }
  }
  return lists({ ioServiceBytesRecursive: bytes, ioServicedRecursive: operations });
}

function lists(fields: Record<string, readonly IoEntry[]>): unknown {
  return Object.fromEntries(Object.entries(fields).filter(([, entries]) => entries.length > 0));
}
