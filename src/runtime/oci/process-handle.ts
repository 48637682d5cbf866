import { closeSync, openSync, readFileSync } from "node:fs";
import type { ProcessIdentity } from "../../platform/process-identity.ts";

const O_DIRECTORY_CLOEXEC = 0o2200000;

/** An open /proc/PID: it stays that process's, whoever gets the number afterwards. */
export interface ProcessHandle {
  readonly fd: number;
  close(): void;
}

/**
 * Opens /proc/PID of a process; undefined when that very process is no more. The kernel takes the descriptor for a
 * pidfd in pidfd_send_signal(2), and everything below it fails once the process is gone.
 */
export function openProcessHandle({ pid, startTime }: ProcessIdentity): ProcessHandle | undefined {
  let fd: number;
  try {
    fd = openSync(`/proc/${pid}`, O_DIRECTORY_CLOEXEC);
  } catch {
    return undefined;
  }
  const close = (): void => closeSync(fd);
  try {
    const stat = readFileSync(`/proc/self/fd/${fd}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[19] === startTime && fields[0] !== "Z" && fields[0] !== "X") return { fd, close };
  } catch {
    // It has ended.
  }
  close();
  return undefined;
}
