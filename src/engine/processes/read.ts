import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { processesOf } from "../../runtime/oci/processes.ts";
import { containerPaths } from "../container/paths.ts";
import { readRun } from "../container/run-record.ts";
import type { ContainerState } from "../container/state.ts";
import type { Folders } from "../folders.ts";

/** Clock ticks a second and bytes a page: the same on all machines husk runs on (sysconf(3)). */
const TICKS = 100;
const PAGE_BYTES = 4096;

/** A process of a container as the host sees it. */
export interface ContainerProcess {
  readonly pid: number;
  /** As the container's own processes count; the same without a pid namespace. */
  readonly insidePid: number;
  readonly parent: number;
  /** User id on the host. */
  readonly uid: number;
  /** R, S, D, Z, T, … (proc_pid_stat(5)) */
  readonly state: string;
  /** Processor time so far, in seconds. */
  readonly seconds: number;
  readonly memoryBytes: number;
  readonly threads: number;
  /** With pid one process for good. */
  readonly startTime: string;
  readonly command: string;
}

/**
 * The pids of a running container: of its control groups; without any, what is in its pid namespace, or, where it has
 * none of its own, its first process and what that started.
 */
export function containerPids(folders: Folders, id: string, { pid }: ContainerState): number[] {
  if (pid === 0) return [];
  const groups = readRun(containerPaths(folders, id).running)?.cgroups?.groups ?? [];
  for (const group of groups) {
    const pids = processesOf(group);
    if (pids.length > 0) return pids.toSorted((a, b) => a - b);
  }
  return inSameNamespace(pid) ?? withDescendants(pid);
}

function inSameNamespace(first: number): number[] | undefined {
  const namespaceOf = (pid: number | string): string | undefined => {
    try {
      return readlinkSync(`/proc/${pid}/ns/pid`);
    } catch {
      return undefined; // It has ended, or is somebody else's.
    }
  };
  const wanted = namespaceOf(first);
  if (wanted === undefined || wanted === namespaceOf("self")) return undefined;
  const pids: number[] = [];
  for (const entry of readdirSync("/proc"))
    if (/^\d+$/.test(entry) && namespaceOf(entry) === wanted) pids.push(Number(entry));
  return pids.toSorted((a, b) => a - b);
}

function withDescendants(first: number): number[] {
  const pids = [first];
  for (let i = 0; i < pids.length; i++) {
    const children = read(`/proc/${pids[i]}/task/${pids[i]}/children`);
    for (const child of children.split(" ")) if (child !== "") pids.push(Number(child));
  }
  return pids;
}

/** What /proc says of processes; those that end meanwhile are left out. */
export function readProcesses(pids: readonly number[]): ContainerProcess[] {
  const found: ContainerProcess[] = [];
  for (const pid of pids) {
    const stat = read(`/proc/${pid}/stat`);
    const status = read(`/proc/${pid}/status`);
    if (stat === "" || status === "") continue;
    // The program's name in parentheses may itself contain both ") " and digits.
    const end = stat.lastIndexOf(")");
    const fields = stat.slice(end + 2).split(" ");
    const line = (name: string): string[] =>
      new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1]?.split(/\s+/) ?? [];
    const command = read(`/proc/${pid}/cmdline`).replace(/\0+$/, "").replaceAll("\0", " ");
    found.push({
      pid,
      insidePid: Number(line("NSpid").at(-1) ?? pid),
      parent: Number(fields[1]),
      uid: Number(line("Uid")[1] ?? 0),
      state: fields[0] ?? "?",
      seconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
      memoryBytes: Number(fields[21]) * PAGE_BYTES,
      threads: Number(fields[17]),
      startTime: fields[19] ?? "",
      // Without arguments: a thread of the kernel, or a dead process.
      command: command === "" ? `[${stat.slice(stat.indexOf("(") + 1, end)}]` : command,
    });
  }
  return found;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
