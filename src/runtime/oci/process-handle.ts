import { closeSync, openSync, readFileSync } from "node:fs";
import type { ProcessIdentity } from "../../platform/process-identity.ts";

const O_DIRECTORY_CLOEXEC = 0o2200000;

/** An open /proc/PID: it stays that process's, whoever gets the number afterwards. */
export interface ProcessHandle {
  readonly fd: number;
  /** Path of the folder by the descriptor: what is below is that process's or not there. */
  readonly path: string;
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
  const path = `/proc/self/fd/${fd}`;
  const close = (): void => closeSync(fd);
  try {
    const stat = readFileSync(`${path}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[19] === startTime && fields[0] !== "Z" && fields[0] !== "X") return { fd, path, close };
  } catch {
    // It has ended.
  }
  close();
  return undefined;
}

/** Whether a process may not change its groups (user_namespaces(7)); undefined when it has ended. */
export function setgroupsDenied({ path }: ProcessHandle): boolean | undefined {
  try {
    return readFileSync(`${path}/setgroups`, "latin1").startsWith("deny");
  } catch {
    return undefined;
  }
}
