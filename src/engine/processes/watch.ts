import { readFileSync } from "node:fs";
import { listContainers } from "../container/list.ts";
import { isAlive } from "../container/state.ts";
import type { Home } from "../home.ts";
import { findAccount } from "../user.ts";
import { type ContainerProcess, containerPids, readProcesses } from "./read.ts";

/** A process with what it did between two looks. */
export interface WatchedProcess extends ContainerProcess {
  /** Name of its container. */
  readonly container: string;
  /** Of the host's /etc/passwd; digits where that has none. */
  readonly user: string;
  /** Percent of one CPU. */
  readonly cpuPercent: number;
}

/** The processes of all running containers; each call tells what they did since the last one. */
export function processWatch({ folders }: Home): () => WatchedProcess[] {
  const passwd = readFileSync("/etc/passwd", "utf8");
  let before = new Map<string, number>();
  let last = performance.now();
  return () => {
    const now = performance.now();
    const elapsed = (now - last) / 1000;
    last = now;
    const seconds = new Map<string, number>();
    const found: WatchedProcess[] = [];
    for (const one of listContainers(folders, () => {})) {
      if (!isAlive(one)) continue;
      for (const process of readProcesses(containerPids(folders, one.record.id, one))) {
        const key = `${process.pid} ${process.startTime}`;
        const earlier = before.get(key);
        seconds.set(key, process.seconds);
        found.push({
          ...process,
          container: one.record.name,
          user: findAccount(passwd, process.uid)?.name ?? `${process.uid}`,
          cpuPercent:
            earlier === undefined || elapsed <= 0 ? 0 : (100 * (process.seconds - earlier)) / elapsed,
        });
      }
    }
    before = seconds;
    return found;
  };
}
