import { existsSync, readFileSync } from "node:fs";
import type { Group } from "./group.ts";

/** What a v1 cpuset group has to be given before a process can join it: it starts out empty. */
export interface CpusetFill {
  readonly cpus: string;
  readonly mems: string;
  /** Parents that are missing or empty, the highest first; they are filled with the same. */
  readonly parents: readonly string[];
}

/**
 * CPUs and memory nodes of the nearest group above that has some.
 *
 * They are copied as text, since a v1 group does not inherit them (cpuset(7)). Several husk
 * processes that make the same parent at once write the same into it.
 */
export function cpusetFill(group: Group): CpusetFill {
  const { base, parents } = group;
  let first = parents.length;
  let from = base;
  for (; first > 0; first--) {
    const parent = parents[first - 1] as string;
    if (existsSync(`${parent}/cpuset.cpus`) && read(parent, "cpus") !== "" && read(parent, "mems") !== "") {
      from = parent;
      break;
    }
  }
  return { cpus: read(from, "cpus"), mems: read(from, "mems"), parents: parents.slice(first) };
}

function read(group: string, kind: "cpus" | "mems"): string {
  return readFileSync(`${group}/cpuset.${kind}`, "utf8").trim();
}
