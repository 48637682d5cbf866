import { existsSync, readFileSync } from "node:fs";

/** More CPUs or memory nodes than any Linux has. */
const MOST = 65536;

/**
 * Numbers of a list as the kernel writes it, `0-3,5`; undefined if it is no such list.
 * (cpuset(7), "List format".)
 */
export function parseCpuList(list: string): Set<number> | undefined {
  const numbers = new Set<number>();
  for (const part of list.trim().split(",")) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    if (match === null) return undefined;
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last < first || last >= MOST) return undefined;
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return numbers;
}

/** The CPUs and memory nodes this machine has, as lists. */
export interface Machine {
  readonly cpus: string;
  readonly mems: string;
}

/** Reads which CPUs and NUMA nodes are online. A kernel without NUMA has node 0. */
export function readMachine(): Machine {
  const nodes = "/sys/devices/system/node/online";
  return {
    cpus: readFileSync("/sys/devices/system/cpu/online", "utf8").trim(),
    mems: existsSync(nodes) ? readFileSync(nodes, "utf8").trim() : "0",
  };
}
