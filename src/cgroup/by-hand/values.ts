import { readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { parseCpuList, readMachine } from "../cpu-list.ts";

/** v1 has no word for "no limit"; it reads -1, and shows the largest multiple of a page. */
const UNLIMITED_V1 = "-1";
const ALMOST_2_63 = 2 ** 63 - 65536;

/** A setting that makes no sense, with what would. */
export function invalidSetting(name: string, value: string, accepted: string): HuskError {
  return new HuskError("invalid", `invalid value "${value}" for ${name}`, { hint: accepted });
}

/** A number of bytes and how it was reckoned; "max" is no limit. */
export interface Reckoned {
  readonly value: string;
  readonly formula: string | undefined;
}

/** `80M`, `1.5g`, `83886080`, `25%` (of this machine's memory), `max` or `-1`. */
export function parseBytes(name: string, value: string): Reckoned {
  if (value === "max" || value === "-1") return { value: "max", formula: undefined };
  const match = /^(\d+(?:\.\d+)?|\.\d+) ?(%|[kmgtp]?(?:i?b)?)$/i.exec(value);
  if (match === null) {
    throw invalidSetting(
      name,
      value,
      "a size such as 80M or 1.5G (powers of 1024), a share of this machine's memory such as 25%, or max",
    );
  }
  const number = Number(match[1]);
  const unit = (match[2] as string).toLowerCase();
  if (unit === "%") {
    const total = machineMemory();
    const bytes = Math.floor((total * number) / 100);
    return { value: `${bytes}`, formula: `${value} of this machine's ${total} bytes = ${bytes}` };
  }
  const power = unit === "" || unit === "b" ? 0 : "kmgtp".indexOf(unit[0] as string) + 1;
  const bytes = Math.floor(number * 1024 ** power);
  return {
    value: `${bytes}`,
    formula: power === 0 ? undefined : `${value} = ${number} × 1024^${power} = ${bytes} bytes`,
  };
}

/** What v1 writes for a number of bytes. */
export function bytesToV1(value: string): string {
  return value === "max" ? UNLIMITED_V1 : value;
}

/** What v2 would show for what v1 shows. */
export function bytesFromV1(value: string): string {
  return Number(value) >= ALMOST_2_63 || value === UNLIMITED_V1 ? "max" : value;
}

/** A quota of CPU time in a period, both in microseconds. */
export interface Bandwidth {
  /** Undefined: no limit. */
  readonly quota: number | undefined;
  readonly period: number;
  readonly formula: string | undefined;
}

/**
 * CPU time in the kernel's words or as a share: `50000 100000`, `50000`, `max`; `50%` of one core (so `150%` is one
 * and a half); `5%machine` of all cores together.
 *
 * @param present the group's period, for values that do not name one
 */
export function parseBandwidth(name: string, value: string, present: number): Bandwidth {
  const [first = "", second, more] = value.trim().split(/[ \t]+/);
  const period = second === undefined ? present : Number(second);
  const accepted =
    "a share of one core such as 50% (150% is one and a half), of the whole machine such as 5%machine, QUOTA PERIOD in microseconds, or max";
  if (more !== undefined || !/^\d+$/.test(second ?? "1")) throw invalidSetting(name, value, accepted);
  if (first === "max" || first === "-1") return { quota: undefined, period, formula: undefined };
  const share = /^(\d+(?:\.\d+)?|\.\d+)%(machine)?$/.exec(first);
  if (share === null) {
    if (!/^\d+$/.test(first)) throw invalidSetting(name, value, accepted);
    return { quota: Number(first), period, formula: undefined };
  }
  const percent = Number(share[1]);
  const cores = share[2] === undefined ? 1 : machineCores();
  const quota = Math.round((percent / 100) * cores * period);
  const formula =
    share[2] === undefined
      ? `${percent}% of one core: ${percent} / 100 × ${period} µs = ${quota} µs in each period`
      : `${percent}% of this machine's ${cores} cores: ${percent} / 100 × ${cores} × ${period} µs = ${quota} µs in each period`;
  if (quota < 1000) {
    throw new HuskError(
      "invalid",
      `${name} ${value}: ${quota} µs of ${period} µs is less than the kernel's minimum of 1000 µs`,
      {
        hint: "a longer period helps: QUOTA PERIOD, with a period up to 1000000",
      },
    );
  }
  return { quota, period, formula };
}

function machineMemory(): number {
  const line = /^MemTotal: +(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "latin1"));
  return Number(line?.[1]) * 1024;
}

function machineCores(): number {
  return parseCpuList(readMachine().cpus)?.size ?? 1;
}
