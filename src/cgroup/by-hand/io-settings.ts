import { existsSync } from "node:fs";
import { ioWeight } from "../convert.ts";
import type { Group } from "../group.ts";
import { invalidSetting, parseBytes } from "./values.ts";

/** A file of the group, its value, and what was reckoned. */
export interface IoWrite {
  readonly file: string;
  readonly value: string;
  readonly formula?: string;
}

const throttles = [
  ["rbps", "blkio.throttle.read_bps_device"],
  ["wbps", "blkio.throttle.write_bps_device"],
  ["riops", "blkio.throttle.read_iops_device"],
  ["wiops", "blkio.throttle.write_iops_device"],
] as const;

/** Whether a name is a setting of block devices that v1 and v2 have in different files. */
export function isIoSetting(name: string): boolean {
  return (
    name === "io.max" ||
    name === "io.weight" ||
    name === "blkio.weight" ||
    throttles.some(([, v1]) => v1 === name)
  );
}

/** Rates and weights of block devices; `place` is the group with `io` or `blkio`. */
export function ioWrites(place: Group, name: string, value: string): IoWrite[] {
  const { version } = place.hierarchy;
  if (name === "io.weight" || name === "blkio.weight") return [weight(place, name, value)];
  if (name === "io.max")
    return version === 2 ? [{ file: name, value: limits(name, value).join(" ") }] : throttleWrites(value);
  const key = throttles.find(([, v1]) => v1 === name)?.[0] as string;
  const [device = "", rate = ""] = value.trim().split(/\s+/);
  const { value: bytes } = parseBytes(name, rate);
  if (version === 1) return [{ file: name, value: `${device} ${bytes}` }];
  const text = `${device} ${key}=${bytes === "0" ? "max" : bytes}`;
  return [{ file: "io.max", value: text, formula: `v2 has one file for the four rates: ${key}` }];
}

/** `8:0 rbps=1M wiops=100` in words, sizes as bytes. */
function limits(name: string, value: string): string[] {
  const [device = "", ...words] = value.trim().split(/\s+/);
  if (!/^\d+:\d+$/.test(device) || words.length === 0)
    throw invalidSetting(name, value, "MAJOR:MINOR rbps=N wbps=N riops=N wiops=N (lsblk shows the numbers)");
  const shown = words.map((word) => {
    const [key = "", rate = ""] = word.split("=");
    if (!throttles.some(([known]) => known === key))
      throw invalidSetting(name, value, "rbps=, wbps=, riops= and wiops=");
    return `${key}=${parseBytes(name, rate).value}`;
  });
  return [device, ...shown];
}

function throttleWrites(value: string): IoWrite[] {
  const [device, ...words] = limits("io.max", value);
  return words.map((word) => {
    const [key = "", rate = ""] = word.split("=");
    const file = throttles.find(([known]) => known === key)?.[1] as string;
    return {
      file,
      value: `${device} ${rate === "max" ? "0" : rate}`,
      formula: `v1 has a file for each rate; 0 is no limit`,
    };
  });
}

/** v1 counts 10–1000, v2 1–10000; either may have the BFQ scheduler's file, which counts 1–1000, alone. */
function weight({ path, hierarchy }: Group, name: string, value: string): IoWrite {
  const bfq = hierarchy.version === 1 ? "blkio.bfq.weight" : "io.bfq.weight";
  const own = hierarchy.version === 1 ? "blkio.weight" : "io.weight";
  const number = Number(value);
  if (name === own && existsSync(`${path}/${own}`)) return { file: own, value };
  if (!/^\d+$/.test(value)) throw invalidSetting(name, value, "a whole number");
  if (existsSync(`${path}/${bfq}`)) {
    const scaled = name === "io.weight" ? Math.min(1000, Math.max(1, Math.round(number / 10))) : number;
    const formula = name === "io.weight" ? `${bfq} = ${number} / 10` : `${name} is ${bfq} here`;
    return { file: bfq, value: `${scaled}`, formula };
  }
  if (name === "blkio.weight") {
    const scaled = ioWeight(number);
    return {
      file: own,
      value: `${scaled}`,
      formula: `io.weight = 1 + (${number} - 10) × 9999 / 990 = ${scaled}`,
    };
  }
  const scaled = Math.min(1000, Math.max(10, Math.round(10 + ((number - 1) * 990) / 9999)));
  return {
    file: own,
    value: `${scaled}`,
    formula: `blkio.weight = 10 + (${number} - 1) × 990 / 9999 = ${scaled}`,
  };
}
