import { readFileSync } from "node:fs";

/** What this process may do: read once, from /proc/self/status (proc_pid_status(5)). */
export interface Privileges {
  readonly uid: number;
  readonly gid: number;
  /** The two halves of the effective capability mask. */
  readonly capabilities: { readonly low: number; readonly high: number };
}

const CAP_SETUID = 7;
const CAP_SYS_ADMIN = 21;
const CAP_SYS_RESOURCE = 24;

/** Reads this process's ids and effective capabilities. */
export function readPrivileges(): Privileges {
  return parsePrivileges(readFileSync("/proc/self/status", "latin1"));
}

/** Takes ids and capabilities from a text of /proc/<pid>/status. */
export function parsePrivileges(status: string): Privileges {
  const effective = field(status, "\nCapEff:\t", 0);
  return {
    uid: Number(field(status, "\nUid:\t", 1)),
    gid: Number(field(status, "\nGid:\t", 1)),
    capabilities: {
      high: Number.parseInt(effective.slice(0, 8), 16),
      low: Number.parseInt(effective.slice(8), 16),
    },
  };
}

/** Column `column` (real, effective, …) of a row. */
function field(status: string, name: string, column: number): string {
  const start = status.indexOf(name) + name.length;
  const row = status.slice(start, status.indexOf("\n", start));
  return column === 0 ? row : (row.split("\t")[column] as string);
}

function has(privileges: Privileges, capability: number): boolean {
  return (privileges.capabilities.low & (1 << capability)) !== 0;
}

/** May write any id map and make namespaces without a user namespace. */
export function isPrivileged(privileges: Privileges): boolean {
  return has(privileges, CAP_SYS_ADMIN) && has(privileges, CAP_SETUID);
}

/** May raise hard limits and lower oom_score_adj. */
export function mayRaiseLimits(privileges: Privileges): boolean {
  return has(privileges, CAP_SYS_RESOURCE);
}
