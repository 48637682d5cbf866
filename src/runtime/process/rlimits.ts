import { readFileSync } from "node:fs";
import { type List, Memory, rlimit64 } from "../../plan/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { PosixRlimit } from "../config.ts";

const NOFILE = 7;

/** Numbers of the resources (getrlimit(2), asm-generic/resource.h). */
export const rlimitNumbers: Readonly<Record<string, number>> = {
  RLIMIT_CPU: 0,
  RLIMIT_FSIZE: 1,
  RLIMIT_DATA: 2,
  RLIMIT_STACK: 3,
  RLIMIT_CORE: 4,
  RLIMIT_RSS: 5,
  RLIMIT_NPROC: 6,
  RLIMIT_NOFILE: 7,
  RLIMIT_MEMLOCK: 8,
  RLIMIT_AS: 9,
  RLIMIT_LOCKS: 10,
  RLIMIT_SIGPENDING: 11,
  RLIMIT_MSGQUEUE: 12,
  RLIMIT_NICE: 13,
  RLIMIT_RTPRIO: 14,
  RLIMIT_RTTIME: 15,
};

/** Sets the resource limits the configuration names; the others stay the caller's. */
export function setRlimits(list: List, rlimits: readonly PosixRlimit[]): void {
  for (const { type, soft, hard } of rlimits) {
    const number = rlimitNumbers[type];
    if (number === undefined) throw new HuskError("invalid", `process.rlimits: unknown limit "${type}"`);
    const name = type.slice(7).toLowerCase();
    list.step(
      `limit ${name} to ${limitText(soft)}:${limitText(hard)}`,
      "a limit of each process (getrlimit(2)), inherited by its children",
      () => `PRLIMIT="$PRLIMIT --${name.toLowerCase()}=${limitText(soft)}:${limitText(hard)}"`,
    );
    list
      .call("prlimit64", 0, number, rlimit64(soft, hard), null)
      .about(`${type} ${limitText(soft)}:${limitText(hard)}`);
  }
}

/**
 * Gives back the caller's soft limit of open files, unless the configuration has one: a JavaScript runtime
 * raises its own to the hard limit, and programs that use select(2) or close every descriptor suffer from that.
 */
export function restoreOpenFiles(
  list: List,
  rlimits: readonly PosixRlimit[],
  callerSoft: number | undefined,
): void {
  if (callerSoft === undefined) return;
  for (const { type } of rlimits) if (type === "RLIMIT_NOFILE") return;
  list.step(
    "the caller's limit of open files",
    "husk's JavaScript runtime has raised its own; the program gets the caller's",
    () => "#   nothing to do: a shell raises none",
  );
  const present = new Memory(16);
  list.call("prlimit64", 0, NOFILE, null, present);
  const wanted = rlimit64(callerSoft, 0);
  list.store(list.load(present, 8, "u64"), wanted, 8, "u64");
  // A shell that lowered its hard limit and then became husk: the two are alike already.
  list.call("prlimit64", 0, NOFILE, wanted, null).accept("EINVAL").about(`RLIMIT_NOFILE ${callerSoft}`);
}

/** The soft limit of open files that the caller of this process has; undefined if it cannot be read. */
export function callerOpenFiles(): number | undefined {
  try {
    return presentSoftLimit(readFileSync(`/proc/${process.ppid}/limits`, "latin1"), "RLIMIT_NOFILE");
  } catch {
    return undefined;
  }
}

function limitText(value: number): string {
  return value < 0 || value >= 2 ** 63 ? "unlimited" : `${value}`;
}

/**
 * Limits husk may not raise are lowered to what it has: stricter than asked, so a warning and no error.
 * `limitsText` is /proc/self/limits.
 */
export function lowerRlimits(
  rlimits: readonly PosixRlimit[],
  limitsText: string,
  warn: (message: string) => void,
): PosixRlimit[] {
  return rlimits.map((limit) => {
    const present = presentHardLimit(limitsText, limit.type);
    const asked = limit.hard < 0 ? Number.POSITIVE_INFINITY : limit.hard;
    if (present === undefined || asked <= present) return limit;
    warn(
      `${limit.type}: the hard limit ${limitText(limit.hard)} is above husk's own ${present} and CAP_SYS_RESOURCE is missing; ${present} is used`,
    );
    const soft = limit.soft < 0 ? present : Math.min(limit.soft, present);
    return { type: limit.type, soft, hard: present };
  });
}

const limitRows: Readonly<Record<string, string>> = {
  RLIMIT_CPU: "Max cpu time",
  RLIMIT_FSIZE: "Max file size",
  RLIMIT_DATA: "Max data size",
  RLIMIT_STACK: "Max stack size",
  RLIMIT_CORE: "Max core file size",
  RLIMIT_RSS: "Max resident set",
  RLIMIT_NPROC: "Max processes",
  RLIMIT_NOFILE: "Max open files",
  RLIMIT_MEMLOCK: "Max locked memory",
  RLIMIT_AS: "Max address space",
  RLIMIT_LOCKS: "Max file locks",
  RLIMIT_SIGPENDING: "Max pending signals",
  RLIMIT_MSGQUEUE: "Max msgqueue size",
  RLIMIT_NICE: "Max nice priority",
  RLIMIT_RTPRIO: "Max realtime priority",
  RLIMIT_RTTIME: "Max realtime timeout",
};

/** Hard limit in a text of /proc/<pid>/limits (proc_pid_limits(5)); Infinity for "unlimited". */
function presentHardLimit(limitsText: string, type: string): number | undefined {
  const column = limitColumn(limitsText, type, 1);
  return column;
}

/** Soft limit in a text of /proc/<pid>/limits. */
function presentSoftLimit(limitsText: string, type: string): number | undefined {
  return limitColumn(limitsText, type, 0);
}

function limitColumn(limitsText: string, type: string, column: number): number | undefined {
  const title = limitRows[type];
  if (title === undefined) return undefined;
  const at = limitsText.indexOf(title);
  if (at < 0) return undefined;
  const end = limitsText.indexOf("\n", at);
  let from = at + title.length;
  let to = from;
  // Columns are filled up with spaces.
  for (let i = 0; i <= column; i++) {
    for (from = to; limitsText[from] === " "; ) from++;
    to = Math.min(limitsText.indexOf(" ", from), end);
  }
  const word = limitsText.slice(from, to);
  return word === "unlimited" ? Number.POSITIVE_INFINITY : Number(word);
}
