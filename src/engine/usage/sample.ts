import { readFileSync, statSync } from "node:fs";
import { type GroupUsage, readUsage } from "../../cgroup/index.ts";
import { containerPaths } from "../container/paths.ts";
import { readRun } from "../container/run-record.ts";
import type { ContainerState } from "../container/state.ts";
import type { Folders } from "../folders.ts";

/** Counters of a running container at one moment; they only grow, but for what is used now. */
export interface UsageSample extends GroupUsage {
  /** Milliseconds of a clock that nobody sets. */
  readonly time: number;
  /** Bytes its network interfaces took in and gave out, without the loopback. */
  readonly network: { readonly received: number; readonly sent: number };
}

/** A container's counters now; undefined: it does not run. */
export function sampleUsage(folders: Folders, id: string, { pid }: ContainerState): UsageSample | undefined {
  const run = pid === 0 ? undefined : readRun(containerPaths(folders, id).running);
  if (run === undefined) return undefined;
  return { time: performance.now(), ...readUsage(run.cgroups?.groups ?? []), network: readNetwork(pid) };
}

function readNetwork(pid: number): UsageSample["network"] {
  const total = { received: 0, sent: 0 };
  let text: string;
  try {
    // The host's interfaces serve others, too.
    if (statSync(`/proc/${pid}/ns/net`).ino === statSync("/proc/self/ns/net").ino) return total;
    text = readFileSync(`/proc/${pid}/net/dev`, "latin1");
  } catch {
    return total;
  }
  for (const line of text.split("\n").slice(2)) {
    const colon = line.indexOf(":");
    if (colon < 0 || line.slice(0, colon).trim() === "lo") continue;
    const fields = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/);
    total.received += Number(fields[0]);
    total.sent += Number(fields[8]);
  }
  return total;
}

/** What a container used, and how fast between two looks; undefined is what nobody counts for it (no control group). */
export interface Usage {
  /** Percent of one CPU. */
  readonly cpuPercent: number | undefined;
  readonly memoryBytes: number | undefined;
  /** The container's limit, or all the machine has. */
  readonly memoryLimit: number;
  readonly memoryPercent: number | undefined;
  readonly network: { readonly received: number; readonly sent: number };
  readonly io: { readonly read: number; readonly written: number } | undefined;
  readonly processes: number | undefined;
  /** Share of the time between the looks in which it had used up its CPU quota, in percent; undefined: it has none. */
  readonly throttledPercent: number | undefined;
  /** Percent of the last ten seconds in which something in it waited; undefined where the kernel does not tell. */
  readonly pressure: GroupUsage["pressure"];
}

/** What two samples mean. */
export function usageBetween(before: UsageSample | undefined, now: UsageSample, machineBytes: number): Usage {
  const elapsed = before === undefined ? 0 : (now.time - before.time) * 1e6;
  const share = (later: number, earlier: number | undefined): number =>
    elapsed > 0 ? (100 * Math.max(later - (earlier ?? later), 0)) / elapsed : 0;
  const memoryLimit = Math.min(now.memory?.limit ?? machineBytes, machineBytes);
  const memoryBytes = now.memory?.used;
  const { throttling } = now;
  const hasQuota = throttling !== undefined && throttling.periods > 0;
  return {
    cpuPercent: now.cpu === undefined ? undefined : share(now.cpu, before?.cpu),
    memoryBytes,
    memoryLimit,
    memoryPercent:
      memoryBytes === undefined || memoryLimit === 0 ? undefined : (100 * memoryBytes) / memoryLimit,
    network: now.network,
    io: now.io,
    processes: now.pids?.current,
    throttledPercent: hasQuota ? Math.min(share(throttling.time, before?.throttling?.time), 100) : undefined,
    pressure: now.pressure,
  };
}

/** All memory of this machine, in bytes. */
export function machineMemory(): number {
  const match = /^MemTotal:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "latin1"));
  return Number(match?.[1] ?? 0) * 1024;
}
