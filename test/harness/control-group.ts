// Control groups as the kernel shows them from outside.
import { existsSync, readFileSync } from "node:fs";
import type { Running } from "./command.ts";
import { commandLine, descendants, processStatus, procFile } from "./process.ts";
import { waitFor } from "./wait-for.ts";

/** The process in a container that runs this program, as seen from outside. */
export async function inside(container: Running, program: string): Promise<number> {
  const found = await waitFor(`${program} in the container`, () =>
    descendants(container.pid).find(({ pid }) => commandLine(pid)[0] === program),
  );
  return found.pid;
}

/** Pid 1 of a container as the host counts, or undefined while there is none. */
export function firstProcess(container: { readonly pid: number }): number | undefined {
  return descendants(container.pid).find(({ pid }) => processStatus(pid, "NSpid")?.endsWith("\t1"))?.pid;
}

/** Kills pid 1 of each container, and waits for husk to have cleared up. */
export async function endContainers(...containers: readonly Running[]): Promise<void> {
  for (const container of containers) {
    const first = firstProcess(container);
    if (first !== undefined) process.kill(first, "SIGKILL");
  }
  await Promise.all(containers.map((container) => container.result));
}

/** Folder of the group a process is in, for a controller of v1 or of v2 (whose `io` is `blkio` in v1). */
export function groupFolder(pid: number, controller: string): string {
  const lines = (procFile(pid, "cgroup") ?? "").trim().split("\n");
  for (const line of lines) {
    const [, names = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (names !== "" && names.split(",").includes(controller))
      return `/sys/fs/cgroup/${names.replace("name=", "")}${path}`;
  }
  const unified = existsSync("/sys/fs/cgroup/cgroup.controllers")
    ? "/sys/fs/cgroup"
    : "/sys/fs/cgroup/unified";
  return unified + (lines.find((line) => line.startsWith("0::")) ?? "").slice(3);
}

/** Content of the first of these files that the process's group has: v1 and v2 name them differently. */
export function groupFile(pid: number, controller: string, ...names: readonly string[]): string {
  const folder = groupFolder(pid, controller);
  const name = names.find((name) => existsSync(`${folder}/${name}`));
  if (name === undefined) throw new Error(`${folder} has none of ${names.join(", ")}`);
  return readFileSync(`${folder}/${name}`, "utf8").trim();
}

/** Every group a process is in, as folders. */
export function groupFolders(pid: number): string[] {
  const lines = (procFile(pid, "cgroup") ?? "").trim().split("\n");
  return lines.map((line) => groupFolder(pid, line.split(":")[1]?.split(",")[0] ?? ""));
}

/**
 * CPU time that processes of one thread use within a time, both in milliseconds; measured over what really passed, as a
 * busy machine lets nobody sleep to the millisecond.
 */
export async function processorTime(pids: readonly number[], milliseconds: number): Promise<number[]> {
  const begin = performance.now();
  const before = pids.map(cpuMilliseconds);
  await Bun.sleep(milliseconds);
  const after = pids.map(cpuMilliseconds);
  const share = milliseconds / (performance.now() - begin);
  return after.map((used, i) => (used - before[i]!) * share);
}

/** CPU time a process has used, in milliseconds; more exactly of one thread, and as the kernel schedules it. */
export function cpuMilliseconds(pid: number): number {
  const nanoseconds = Number((procFile(pid, "schedstat") ?? "0").split(" ")[0]);
  if (nanoseconds > 0) return nanoseconds / 1e6;
  const stat = procFile(pid, "stat") ?? "";
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
