import { existsSync, readdirSync, readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { nearest } from "../../platform/nearest.ts";
import type { Group } from "../group.ts";
import { ioWrites, isIoSetting } from "./io-settings.ts";
import { type GroupSpec, placeWith } from "./named-group.ts";
import { translationOf, translations } from "./translate.ts";
import { bytesFromV1, bytesToV1, parseBandwidth, parseBytes } from "./values.ts";

/** One value for one file of a group. */
export interface SettingWrite {
  /** As it was asked for: `memory.max = 80M`. */
  readonly object: string;
  readonly path: string;
  readonly file: string;
  readonly value: string;
  /** What it does, and how the value was reckoned. */
  readonly why: string;
}

const DEFAULT_PERIOD = 100_000;

/**
 * What has to be written for `name=value`, where `name` is a file of v2 or v1 and the group may be in either.
 *
 * @param pending what will have been written before: some values are reckoned from others
 * @throws HuskError "invalid" for a value that makes no sense, "unavailable" for a file the group does not have
 */
export function settingWrites(
  places: readonly Group[],
  spec: GroupSpec,
  name: string,
  value: string,
  pending: readonly SettingWrite[] = [],
): SettingWrite[] {
  const object = `${name} = ${value}`;
  const write = (place: Group, file: string, text: string, why: string, formula?: string): SettingWrite => ({
    object,
    path: place.path,
    file,
    value: text,
    why: formula === undefined ? why : `${why}; ${formula}`,
  });
  switch (name) {
    case "cpu.max":
    case "cpu.cfs_quota_us": {
      const place = need(places, spec, "cpu", name);
      const { quota, period, formula } = parseBandwidth(name, value, presentPeriod(place, pending));
      const why = "when the time of a period is used up, everything in the group waits for the next";
      if (place.hierarchy.version === 2)
        return [write(place, "cpu.max", `${quota ?? "max"} ${period}`, why, formula)];
      const writes = [write(place, "cpu.cfs_quota_us", `${quota ?? -1}`, why, formula)];
      if (period !== presentPeriod(place, pending))
        writes.unshift(write(place, "cpu.cfs_period_us", `${period}`, "length of the periods"));
      return writes;
    }
    case "cpu.cfs_period_us": {
      const place = need(places, spec, "cpu", name);
      if (place.hierarchy.version === 1) return [write(place, name, value, "length of the periods")];
      const quota = readValue(place, "cpu.max", pending).split(" ")[0] as string;
      return [
        write(
          place,
          "cpu.max",
          `${quota} ${value}`,
          "length of the periods",
          "v2 has quota and period in one file",
        ),
      ];
    }
    case "memory.swap.max":
    case "memory.memsw.limit_in_bytes":
      return [swapWrite(need(places, spec, "memory", name), name, value, write, pending)];
    case "pids.max":
      return [
        write(
          need(places, spec, "pids", name),
          name,
          value === "-1" ? "max" : value,
          "fork fails beyond that",
        ),
      ];
  }
  if (isIoSetting(name)) {
    const place = need(places, spec, "io", name);
    return ioWrites(place, name, value).map(({ file, value: text, formula }) => {
      requireFile(place, spec, file);
      return write(place, file, text, "how fast, and with what share, disks are read and written", formula);
    });
  }
  const translation = translationOf(name);
  if (translation !== undefined) {
    const { controller, v1, v2, why } = translation;
    const place = controller === "cgroup" ? places[0] : need(places, spec, controller, name);
    if (place !== undefined) {
      const { version } = place.hierarchy;
      const { value: text, formula } = translation.write(name, value, version);
      const file = version === 1 ? v1 : v2;
      const renamed = file === name ? undefined : `${name} is ${file} in v${version}`;
      const formulas = [renamed, formula].filter((part) => part !== undefined).join("; ");
      requireFile(place, spec, file);
      return [write(place, file, text, why, formulas === "" ? undefined : formulas)];
    }
  }
  const place = places.find(({ path }) => existsSync(`${path}/${name}`));
  if (place === undefined) throw unknownFile(places, spec, name);
  return [write(place, name, value, "written as it is: see the kernel's documentation of the controller")];
}

type Write = (place: Group, file: string, text: string, why: string, formula?: string) => SettingWrite;

/** v1 counts memory and swap together, v2 swap alone. */
function swapWrite(
  place: Group,
  name: string,
  value: string,
  write: Write,
  pending: readonly SettingWrite[],
): SettingWrite {
  const { value: asked, formula } = parseBytes(name, value);
  const why = "more than this is not swapped out";
  const isV1 = place.hierarchy.version === 1;
  const file = isV1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max";
  if (file === name) return write(place, file, isV1 ? bytesToV1(asked) : asked, why, formula);
  const limit = isV1
    ? bytesFromV1(readValue(place, "memory.limit_in_bytes", pending))
    : readValue(place, "memory.max", pending);
  if (asked === "max") return write(place, file, isV1 ? bytesToV1(asked) : asked, why);
  if (limit === "max") {
    throw new HuskError("invalid", `${name}: the group has no memory limit to reckon it from`, {
      hint: "set memory.max first",
    });
  }
  const sum = Number(asked) + (isV1 ? Number(limit) : -Number(limit));
  const reckoned = `v${isV1 ? 1 : 2} counts ${isV1 ? "memory and swap together" : "swap alone"}: ${asked} ${isV1 ? "+" : "-"} ${limit} = ${sum}`;
  return write(place, file, `${Math.max(sum, 0)}`, why, reckoned);
}

/**
 * The value of a file in the spelling that is asked for, whichever version the group is in.
 *
 * @returns the kernel's text; and where it was read, with what was reckoned
 */
export function readSetting(
  places: readonly Group[],
  spec: GroupSpec,
  name: string,
): { readonly value: string; readonly file: string; readonly formula?: string } {
  const place = places.find(({ path }) => existsSync(`${path}/${name}`));
  if (place !== undefined) return { value: readValue(place, name), file: `${place.path}/${name}` };
  const cpu = placeWith(places, "cpu");
  if (cpu?.hierarchy.version === 1 && name === "cpu.max") {
    const quota = readValue(cpu, "cpu.cfs_quota_us");
    const value = `${quota === "-1" ? "max" : quota} ${readValue(cpu, "cpu.cfs_period_us")}`;
    return { value, file: `${cpu.path}/cpu.cfs_quota_us`, formula: "quota and period, from two files of v1" };
  }
  if (cpu?.hierarchy.version === 2 && (name === "cpu.cfs_quota_us" || name === "cpu.cfs_period_us")) {
    const [quota = "", period = ""] = readValue(cpu, "cpu.max").split(" ");
    const value = name === "cpu.cfs_period_us" ? period : quota === "max" ? "-1" : quota;
    return { value, file: `${cpu.path}/cpu.max`, formula: "v2 has quota and period in one file" };
  }
  const translation = translationOf(name);
  for (const { path, hierarchy } of places) {
    const other = hierarchy.version === 1 ? translation?.v1 : translation?.v2;
    if (translation === undefined || other === undefined || !existsSync(`${path}/${other}`)) continue;
    const text = readFileSync(`${path}/${other}`, "utf8").trimEnd();
    const value = hierarchy.version === 1 ? translation.read(text) : translation.readBack(text);
    return {
      value,
      file: `${path}/${other}`,
      formula: `${name} is ${other} in v${hierarchy.version}: ${text}`,
    };
  }
  throw unknownFile(places, spec, name);
}

/** Length of the group's periods in microseconds. */
function presentPeriod(place: Group, pending: readonly SettingWrite[]): number {
  try {
    const text =
      place.hierarchy.version === 1
        ? readValue(place, "cpu.cfs_period_us", pending)
        : readValue(place, "cpu.max", pending).split(" ")[1];
    return Number(text);
  } catch {
    return DEFAULT_PERIOD;
  }
}

function readValue({ path }: Group, file: string, pending: readonly SettingWrite[] = []): string {
  const later = pending.findLast((write) => write.path === path && write.file === file);
  if (later !== undefined) return later.value;
  try {
    return readFileSync(`${path}/${file}`, "utf8").trimEnd();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason =
      code === "EACCES" || code === "EINVAL" ? "it can only be written" : (cause as Error).message;
    throw new HuskError("failed", `cannot read ${path}/${file}: ${reason}`, { cause });
  }
}

function need(places: readonly Group[], spec: GroupSpec, controller: string, name: string): Group {
  const place = placeWith(places, controller);
  if (place === undefined) {
    throw new HuskError(
      "unavailable",
      `${name}: control group "${spec.text}" is in no hierarchy with ${controller}`,
      {
        hint: `husk cgroup create ${controller}:${spec.text}, and attach its processes there`,
      },
    );
  }
  if (place.hierarchy.version === 2 && controller !== "freezer")
    requireController(place, spec, controller, name);
  return place;
}

function requireFile(place: Group, spec: GroupSpec, file: string): void {
  if (!existsSync(`${place.path}/${file}`)) throw unknownFile([place], spec, file);
}

/** A v2 group has the controllers the one above hands down. */
function requireController(place: Group, spec: GroupSpec, controller: string, name: string): void {
  const words = readFileSync(`${place.path}/cgroup.controllers`, "utf8").trim().split(" ");
  if (words.includes(controller) || spec.path === "") return;
  const above = place.path.slice(0, place.path.lastIndexOf("/"));
  throw new HuskError(
    "unavailable",
    `${name}: ${above} does not hand the ${controller} controller down to "${spec.text}"`,
    {
      hint: `husk cgroup create ${controller}:${spec.text} does that; or: echo +${controller} > ${above}/cgroup.subtree_control`,
    },
  );
}

function unknownFile(places: readonly Group[], spec: GroupSpec, name: string): HuskError {
  const names = places.flatMap(({ path }) => readdirSync(path));
  const near = nearest(name, [
    ...names,
    ...translations.flatMap(({ v1, v2 }) => [v1, v2]),
    "cpu.max",
    "memory.swap.max",
  ]);
  const prefix = `${name.split(".")[0]}.`;
  const family = [...new Set(names.filter((file) => file.startsWith(prefix)))].toSorted();
  const hint =
    near === undefined
      ? family.length > 0
        ? `there are ${family.join(", ")}`
        : undefined
      : `did you mean ${near}?`;
  return new HuskError("not-found", `control group "${spec.text}" has no file ${name}`, {
    hint: hint ?? `husk cgroup show ${spec.text} lists what it has`,
  });
}
