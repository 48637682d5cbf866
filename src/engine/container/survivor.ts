import { readFileSync } from "node:fs";
import { startTimeOf } from "../../platform/process-identity.ts";
import type { RunRecord } from "./run-record.ts";

const SIGKILL = 9;

/**
 * Kills a container that outlived its keeper and has no control groups by which all of it could be found: its program
 * took back that the kernel ends it with its keeper (prctl(2), PR_SET_PDEATHSIG). With its first process its whole pid
 * namespace goes.
 *
 * @param pidFile the process id may be another's by now
 */
export function killSurvivor({ creator, entry }: RunRecord, pidFile: string): void {
  if (entry?.namespaces.includes("pid") !== true) return;
  const pid = Number(read(pidFile));
  if (!(pid > 1) || !isOrphanedInit(pid, Number(creator.startTime))) return;
  try {
    process.kill(pid, SIGKILL);
  } catch {
    // It has just ended, or is somebody else's.
  }
}

/** Whether a process is the first of a pid namespace that is not ours, younger than `since`, and no keeper has it. */
function isOrphanedInit(pid: number, since: number): boolean {
  const status = read(`/proc/${pid}/status`);
  const startTime = startTimeOf(pid);
  if (startTime === undefined || Number(startTime) < since) return false;
  const inside = /^NSpid:\s*\d+\s(?:.*\s)?(\d+)$/m.exec(status)?.[1];
  const parent = /^PPid:\s*(\d+)$/m.exec(status)?.[1];
  return inside === "1" && read(`/proc/${parent}/comm`).trim() !== "husk-keeper";
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
