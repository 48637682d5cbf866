import { readFileSync } from "node:fs";
import type { RunRecord } from "./run-record.ts";

/**
 * Whether an open /proc/PID is the container's, and not that of a process which got the number after it: it is in a
 * group with the container's name. Without groups, the container still has it for its first process.
 */
export function isProcessOf(process: number, { id, cgroups }: RunRecord, isFirst: () => boolean): boolean {
  if (cgroups === undefined || cgroups.groups.length === 0) return isFirst();
  try {
    return readFileSync(`/proc/self/fd/${process}/cgroup`, "latin1").includes(id);
  } catch {
    return false;
  }
}
