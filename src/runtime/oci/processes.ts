import { existsSync } from "node:fs";
import { processesOf } from "./kill.ts";
import type { Container } from "./state.ts";

/** The processes in a container's control groups; without any, its first process. */
export function containerProcesses({ state, process }: Container): number[] {
  const group = state.cgroups?.groups.find((path) => existsSync(`${path}/cgroup.procs`));
  if (group === undefined) return process === undefined ? [] : [process.pid];
  return processesOf(group).toSorted((a, b) => a - b);
}
