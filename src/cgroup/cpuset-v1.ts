import { existsSync, readFileSync } from "node:fs";
import { type List, Memory, quote } from "../plan/index.ts";
import { AT_FDCWD, O_CLOEXEC, O_WRONLY } from "./flags.ts";
import type { Group } from "./group.ts";

/** From which group a v1 cpuset gets what it starts without: CPUs and memory nodes. */
export interface CpusetFill {
  readonly from: string;
  /** The container's group, and the parents that are missing or empty, the highest first. */
  readonly into: readonly string[];
}

/**
 * Finds the nearest group above that has CPUs and memory nodes.
 *
 * A v1 group does not inherit them (cpuset(7)), and nothing can run in it before it has some.
 * Several husk processes that make the same parent at once write the same into it.
 */
export function cpusetFill({ base, parents, path }: Group): CpusetFill {
  let first = parents.length;
  for (; first > 0; first--) {
    const parent = parents[first - 1] as string;
    if (isFilled(`${parent}/cpuset.cpus`) && isFilled(`${parent}/cpuset.mems`)) break;
  }
  const from = first > 0 ? (parents[first - 1] as string) : base;
  const into = parents.slice(first);
  into.push(path);
  return { from, into };
}

function isFilled(file: string): boolean {
  return existsSync(file) && readFileSync(file, "utf8").trim() !== "";
}

/** The step that copies them. */
export function fillCpuset(keeper: List, { from, into }: CpusetFill): void {
  keeper.step(
    "CPUs and memory to run on",
    "a new cpuset of v1 is empty and nothing can run in it: it gets what the group above has",
    () =>
      into
        .flatMap((path) =>
          ["cpuset.cpus", "cpuset.mems"].map((file) => copy(`${from}/${file}`, `${path}/${file}`)),
        )
        .join("\n"),
  );
  copyCpuset(keeper, from, into);
}

/** Gives groups what another one has. */
export function copyCpuset(keeper: List, from: string, into: readonly string[]): void {
  copyFile(keeper, from, into, "cpuset.cpus");
  copyFile(keeper, from, into, "cpuset.mems");
}

function copyFile(keeper: List, from: string, into: readonly string[], file: string): void {
  const text = new Memory(1024);
  const source = keeper.call("openat", AT_FDCWD, `${from}/${file}`, O_CLOEXEC, 0);
  const length = keeper.call("read", source, text, text.bytes.length);
  for (const path of into) {
    const fd = keeper.call("openat", AT_FDCWD, `${path}/${file}`, O_WRONLY | O_CLOEXEC, 0);
    keeper.call("write", fd, text, length).about(`${path}/${file}`);
  }
}

function copy(from: string, to: string): string {
  return `cat ${quote(from)} > ${quote(to)}`;
}
