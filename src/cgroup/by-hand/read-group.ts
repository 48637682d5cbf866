import { readdirSync, readFileSync } from "node:fs";
import type { Group } from "../group.ts";
import { placeWith, processesOf } from "./named-group.ts";
import { bytesFromV1 } from "./values.ts";

/** What one folder of a group holds. */
export interface ShownPlace {
  readonly folder: string;
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  readonly processes: readonly number[];
  /** The kernel's text of every file that can be read, by name. */
  readonly values: Readonly<Record<string, string>>;
}

/** Files that list what stands in `processes` already, or wait when they are read. */
const passedOver = new Set(["cgroup.procs", "cgroup.threads", "tasks", "memory.pressure_level"]);

/** Everything a group's folders tell (`cgget -a`). */
export function showPlaces(places: readonly Group[]): ShownPlace[] {
  return places.map(({ path, hierarchy }) => {
    const values: Record<string, string> = {};
    for (const entry of readdirSync(path, { withFileTypes: true }).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      if (!entry.isFile() || passedOver.has(entry.name)) continue;
      const text = read(`${path}/${entry.name}`);
      if (text !== undefined) values[entry.name] = text;
    }
    const { version, controllers } = hierarchy;
    return { folder: path, version, controllers, processes: processesOf(path), values };
  });
}

/** What a group uses, and what it may use. Bytes, seconds; undefined: no such controller, null: no limit. */
export interface GroupUse {
  readonly processes: number;
  readonly memory?: {
    readonly bytes: number;
    readonly limit: number | null;
    readonly peak?: number;
    readonly killed: number;
  };
  readonly cpu?: {
    readonly seconds?: number;
    /** Cores' worth of time. */
    readonly limit: number | null;
    readonly weight?: number;
    readonly periods: number;
    readonly throttled: number;
    readonly throttledSeconds: number;
  };
  readonly pids?: { readonly current: number; readonly limit: number | null; readonly refused: number };
  readonly io?: { readonly readBytes: number; readonly writtenBytes: number };
  readonly frozen?: boolean;
}

/** The numbers of a group, from the files of either version. */
export function groupUse(places: readonly Group[]): GroupUse {
  const pids = new Set(places.flatMap(({ path }) => processesOf(path)));
  const memory = memoryUse(placeWith(places, "memory"));
  const cpu = cpuUse(placeWith(places, "cpu"), placeWith(places, "cpuacct"));
  const pidsPlace = placeWith(places, "pids");
  const io = ioUse(placeWith(places, "io") ?? placeWith(places, "blkio"));
  const frozen = isFrozen(places);
  const current = pidsPlace === undefined ? undefined : read(`${pidsPlace.path}/pids.current`);
  return {
    processes: pids.size,
    ...(memory === undefined ? {} : { memory }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(current === undefined || pidsPlace === undefined
      ? {}
      : {
          pids: {
            current: Number(current),
            limit: limit(read(`${pidsPlace.path}/pids.max`) ?? "max"),
            refused: field(read(`${pidsPlace.path}/pids.events`), "max"),
          },
        }),
    ...(io === undefined ? {} : { io }),
    ...(frozen === undefined ? {} : { frozen }),
  };
}

function memoryUse(place: Group | undefined): GroupUse["memory"] {
  if (place === undefined) return undefined;
  const v1 = place.hierarchy.version === 1;
  const text = (v1File: string, v2File: string): string | undefined =>
    read(`${place.path}/${v1 ? v1File : v2File}`);
  const current = text("memory.usage_in_bytes", "memory.current");
  if (current === undefined) return undefined;
  const peak = text("memory.max_usage_in_bytes", "memory.peak");
  return {
    bytes: Number(current),
    limit: limit(bytesFromV1(text("memory.limit_in_bytes", "memory.max") ?? "max")),
    ...(peak === undefined ? {} : { peak: Number(peak) }),
    killed: field(text("memory.oom_control", "memory.events"), "oom_kill"),
  };
}

function cpuUse(place: Group | undefined, account: Group | undefined): GroupUse["cpu"] {
  if (place === undefined) return undefined;
  const stat = read(`${place.path}/cpu.stat`);
  if (stat === undefined) return undefined;
  const v1 = place.hierarchy.version === 1;
  const nanoseconds = account === undefined ? undefined : read(`${account.path}/cpuacct.usage`);
  const seconds = v1
    ? nanoseconds === undefined
      ? undefined
      : Number(nanoseconds) / 1e9
    : field(stat, "usage_usec") / 1e6;
  const [quota = "max", period = "100000"] = v1
    ? [read(`${place.path}/cpu.cfs_quota_us`), read(`${place.path}/cpu.cfs_period_us`)]
    : (read(`${place.path}/cpu.max`) ?? "max 100000").split(" ");
  const weight = read(`${place.path}/${v1 ? "cpu.shares" : "cpu.weight"}`);
  return {
    ...(seconds === undefined ? {} : { seconds }),
    limit: quota === "max" || quota === "-1" ? null : Number(quota) / Number(period),
    ...(weight === undefined ? {} : { weight: Number(weight) }),
    periods: field(stat, "nr_periods"),
    throttled: field(stat, "nr_throttled"),
    throttledSeconds: v1 ? field(stat, "throttled_time") / 1e9 : field(stat, "throttled_usec") / 1e6,
  };
}

function ioUse(place: Group | undefined): GroupUse["io"] {
  if (place === undefined) return undefined;
  let readBytes = 0;
  let writtenBytes = 0;
  if (place.hierarchy.version === 1) {
    for (const line of (read(`${place.path}/blkio.throttle.io_service_bytes`) ?? "").split("\n")) {
      const [, kind, bytes] = line.split(" ");
      if (kind === "Read") readBytes += Number(bytes);
      else if (kind === "Write") writtenBytes += Number(bytes);
    }
  } else {
    const text = read(`${place.path}/io.stat`);
    if (text === undefined) return undefined;
    for (const [, key, bytes] of text.matchAll(/(rbytes|wbytes)=(\d+)/g)) {
      if (key === "rbytes") readBytes += Number(bytes);
      else writtenBytes += Number(bytes);
    }
  }
  return { readBytes, writtenBytes };
}

function isFrozen(places: readonly Group[]): boolean | undefined {
  let frozen: boolean | undefined;
  for (const { path } of places) {
    const v1 = read(`${path}/freezer.state`);
    const v2 = read(`${path}/cgroup.events`);
    if (v1 !== undefined) frozen = frozen === true || v1 === "FROZEN";
    else if (v2 !== undefined) frozen = frozen === true || field(v2, "frozen") === 1;
  }
  return frozen;
}

/** The number behind a word of a file such as cpu.stat; 0 where there is none. */
function field(text: string | undefined, name: string): number {
  const match = new RegExp(`^${name} (\\d+)$`, "m").exec(text ?? "");
  return match === null ? 0 : Number(match[1]);
}

function limit(text: string): number | null {
  return text === "max" ? null : Number(text);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trimEnd();
  } catch {
    return undefined; // only to be written, or not for this user
  }
}
