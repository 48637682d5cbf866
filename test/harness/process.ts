// Processes as /proc shows them from outside.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Running } from "./command.ts";

export interface ProcessStat {
  readonly pid: number;
  readonly name: string;
  /** R, S, D, Z, T, … (proc_pid_stat(5)) */
  readonly state: string;
  readonly parent: number;
  readonly processGroup: number;
  readonly session: number;
  /** Clock ticks after boot; together with the pid it names one process for good. */
  readonly startTime: number;
}

/** The text of /proc/PID/NAME, or undefined when the process is gone. */
export function procFile(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return undefined;
  }
}

export function processStat(pid: number): ProcessStat | undefined {
  const text = procFile(pid, "stat");
  if (text === undefined) return undefined;
  // The name stands in parentheses and may itself hold spaces and parentheses.
  const end = text.lastIndexOf(")");
  const fields = text.slice(end + 2).split(" ");
  return {
    pid,
    name: text.slice(text.indexOf("(") + 1, end),
    state: fields[0]!,
    parent: Number(fields[1]),
    processGroup: Number(fields[2]),
    session: Number(fields[3]),
    startTime: Number(fields[19]),
  };
}

/** One field of /proc/PID/status, such as `CapEff`, `Seccomp` or `NSpid`. */
export function processStatus(pid: number, field: string): string | undefined {
  const line = procFile(pid, "status")
    ?.split("\n")
    .find((entry) => entry.startsWith(`${field}:`));
  return line?.slice(field.length + 1).trim();
}

/** True until the process has ended; a zombie has ended. */
export function isAlive(pid: number): boolean {
  const stat = processStat(pid);
  return stat !== undefined && stat.state !== "Z" && stat.state !== "X";
}

/** Command line of a process, as a list. */
export function commandLine(pid: number): string[] {
  return (procFile(pid, "cmdline") ?? "").split("\0").slice(0, -1);
}

/** Identity of a namespace of a process, such as `pid:[4026531836]`. */
export function namespaceOf(pid: number, kind: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return undefined;
  }
}

/** Every process there is, by pid. */
export function allProcesses(): ProcessStat[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processStat(Number(name)))
    .filter((stat) => stat !== undefined);
}

/** The living children, grandchildren and so on of a process, nearest first. */
export function descendants(pid: number): ProcessStat[] {
  const processes = allProcesses().filter((stat) => stat.state !== "Z");
  const found: ProcessStat[] = [];
  let parents = new Set([pid]);
  while (parents.size > 0) {
    const next = processes.filter((stat) => parents.has(stat.parent));
    found.push(...next);
    parents = new Set(next.map((stat) => stat.pid));
  }
  return found;
}

/** Whether a program waits for something (and is not stopped) somewhere below a process. */
export function isAsleep(pid: number, program: string): boolean {
  return descendants(pid).some(({ name, state }) => name === program && state === "S");
}

/** The living processes that write to the output of a started program: itself and what it started, wherever it went. */
export function outputHolders(running: Running): ProcessStat[] {
  return allProcesses().filter(({ pid, state }) => {
    if (state === "Z") return false;
    try {
      return readlinkSync(`/proc/${pid}/fd/1`).startsWith(running.outputPath);
    } catch {
      return false;
    }
  });
}
