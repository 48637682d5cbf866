import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Container } from "./state.ts";

/** The processes in a container's control groups; without any, its first process. */
export function containerProcesses({ state, process }: Container): number[] {
  const group = state.cgroups?.groups.find((path) => existsSync(`${path}/cgroup.procs`));
  if (group === undefined) return process === undefined ? [] : [process.pid];
  return processesOf(group).toSorted((a, b) => a - b);
}

/** Process ids in a control group and below it; without those that this pid namespace has no number for, and shows as 0. */
export function processesOf(group: string): number[] {
  const pids: number[] = [];
  try {
    for (const line of readFileSync(`${group}/cgroup.procs`, "latin1").split("\n"))
      if (Number(line) > 0) pids.push(Number(line));
    for (const entry of readdirSync(group, { withFileTypes: true }))
      if (entry.isDirectory()) pids.push(...processesOf(`${group}/${entry.name}`));
  } catch {
    // The group is gone.
  }
  return pids;
}
