import { readFileSync } from "node:fs";

/** A process: a pid alone may belong to another one by now. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot, as in field 22 of /proc/PID/stat (proc_pid_stat(5)). */
  readonly startTime: string;
}

/** Who this process is. */
export function ownIdentity(): ProcessIdentity {
  own ??= { pid: process.pid, startTime: startTimeOf("self") as string };
  return own;
}

/** It stays what it is, and every lock and record wants it. */
let own: ProcessIdentity | undefined;

/** When a process was started; undefined when there is none (a dead one that nobody waited for counts as none). */
export function startTimeOf(pid: number | "self"): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses and may itself contain both ") " and digits.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

/** Whether that very process still runs. */
export function isRunning({ pid, startTime }: ProcessIdentity): boolean {
  return startTimeOf(pid) === startTime;
}
