import { existsSync, readFileSync } from "node:fs";

/** What a container's control groups count. Times are nanoseconds, sizes bytes; what nobody counts is undefined. */
export interface GroupUsage {
  readonly cpu: number | undefined;
  /** Periods of the quota, those in which it was used up, and the time processes waited for the next one. */
  readonly throttling:
    | { readonly periods: number; readonly throttled: number; readonly time: number }
    | undefined;
  readonly memory: MemoryUsage | undefined;
  readonly pids: { readonly current: number; readonly limit: number | undefined } | undefined;
  readonly io: { readonly read: number; readonly written: number } | undefined;
  /** Share of time in which processes waited, over ten seconds, in percent; control groups v2 with PSI only. */
  readonly pressure: Pressure | undefined;
}

export interface MemoryUsage {
  /** Without files that nobody has used for long, as docker counts. */
  readonly used: number;
  readonly limit: number | undefined;
}

export interface Pressure {
  readonly cpu: number;
  readonly memory: number;
  readonly io: number;
}

/** Reads the counters of a container's groups: one of each hierarchy of v1, the one of v2, or both. */
export function readUsage(groups: readonly string[]): GroupUsage {
  const find = (file: string): string | undefined => {
    const group = groups.find((path) => existsSync(`${path}/${file}`));
    return group === undefined ? undefined : `${group}/${file}`;
  };
  return {
    cpu: cpuTime(find),
    throttling: throttling(find),
    memory: memory(find),
    pids: pids(find),
    io: io(find),
    pressure: pressure(find),
  };
}

type Find = (file: string) => string | undefined;

function read(file: string | undefined): string {
  if (file === undefined) return "";
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // The group is gone, or the kernel does not count this.
  }
}

/** A file with one number; "max" and none are undefined, and so is what stands for no limit in v1. */
function number(file: string | undefined): number | undefined {
  const text = read(file).trim();
  const value = Number(text);
  return text === "" || Number.isNaN(value) || value >= 2 ** 62 ? undefined : value;
}

/** The value of a line `name value`. */
function field(text: string, name: string): number | undefined {
  const at = `\n${text}`.indexOf(`\n${name} `);
  return at < 0 ? undefined : Number.parseInt(text.slice(at + name.length + 1), 10);
}

function cpuTime(find: Find): number | undefined {
  const v1 = find("cpuacct.usage");
  if (v1 !== undefined) return number(v1);
  const microseconds = field(read(find("cpu.stat")), "usage_usec");
  return microseconds === undefined ? undefined : microseconds * 1000;
}

function throttling(find: Find): GroupUsage["throttling"] {
  const text = read(find("cpu.stat"));
  const periods = field(text, "nr_periods");
  if (periods === undefined) return undefined;
  const time = field(text, "throttled_time") ?? (field(text, "throttled_usec") ?? 0) * 1000;
  return { periods, throttled: field(text, "nr_throttled") ?? 0, time };
}

function memory(find: Find): MemoryUsage | undefined {
  const v1 = find("memory.usage_in_bytes");
  const usage = number(v1 ?? find("memory.current"));
  if (usage === undefined) return undefined;
  const stat = read(find("memory.stat"));
  const idle = field(stat, v1 === undefined ? "inactive_file" : "total_inactive_file") ?? 0;
  const limit = number(find(v1 === undefined ? "memory.max" : "memory.limit_in_bytes"));
  return { used: Math.max(usage - idle, 0), limit };
}

function pids(find: Find): GroupUsage["pids"] {
  const current = number(find("pids.current"));
  return current === undefined ? undefined : { current, limit: number(find("pids.max")) };
}

function io(find: Find): GroupUsage["io"] {
  const v1 = find("blkio.throttle.io_service_bytes_recursive") ?? find("blkio.throttle.io_service_bytes");
  const v2 = find("io.stat");
  if (v1 === undefined && v2 === undefined) return undefined;
  const text = read(v1 ?? v2);
  const sum = (pattern: RegExp): number => {
    let total = 0;
    for (const match of text.matchAll(pattern)) total += Number(match[1]);
    return total;
  };
  return v1 === undefined
    ? { read: sum(/\brbytes=(\d+)/g), written: sum(/\bwbytes=(\d+)/g) }
    : { read: sum(/ Read (\d+)/g), written: sum(/ Write (\d+)/g) };
}

function pressure(find: Find): Pressure | undefined {
  const some = (file: string): number | undefined => {
    const share = /^some avg10=([\d.]+)/.exec(read(find(file)));
    return share === null ? undefined : Number(share[1]);
  };
  const cpu = some("cpu.pressure");
  if (cpu === undefined) return undefined;
  return { cpu, memory: some("memory.pressure") ?? 0, io: some("io.pressure") ?? 0 };
}
