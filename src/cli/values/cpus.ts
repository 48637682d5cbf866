import { readFileSync } from "node:fs";
import { invalidValue } from "./invalid.ts";

/**
 * A number of CPUs: `1.5`, `.5`, or a share of the whole machine: `5%` of four CPUs is 0.2.
 *
 * @param onlineCpus how many CPUs the machine has, asked only for a percentage
 */
export function parseCpus(flag: string, value: string, onlineCpus: () => number = countOnlineCpus): number {
  const percent = value.endsWith("%");
  const text = percent ? value.slice(0, -1) : value;
  const cpus = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (!(cpus < 1e6)) {
    throw invalidValue(flag, value, "a number of CPUs such as 1.5, or a share of the machine such as 5%");
  }
  return percent ? (cpus / 100) * onlineCpus() : cpus;
}

function countOnlineCpus(): number {
  const list = readFileSync("/sys/devices/system/cpu/online", "utf8").trim();
  let count = 0;
  for (const range of list.split(",")) {
    const [first, last] = range.split("-");
    count += Number(last ?? first) - Number(first) + 1;
  }
  return count;
}

/**
 * A list of CPUs or memory nodes as the kernel takes it: `0-3,5` (cpuset(7), "List format").
 * Whether this machine has them is asked when they are used.
 */
export function parseCpuset(flag: string, value: string): string {
  for (const part of value.split(",")) {
    const range = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    if (range === null || (range[2] !== undefined && Number(range[2]) < Number(range[1]))) {
      throw invalidValue(flag, value, "a list such as 0-3 or 0,2");
    }
  }
  return value;
}
