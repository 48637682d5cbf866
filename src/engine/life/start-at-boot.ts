import { existsSync } from "node:fs";
import { listContainers } from "../container/list.ts";
import { containerPaths } from "../container/paths.ts";
import { isAlive } from "../container/state.ts";
import type { Home } from "../home.ts";
import { wantsStartAtBoot } from "./restart-policy.ts";
import { startContainer } from "./start.ts";

/** What became of a container that was to be started. */
export interface BootResult {
  readonly id: string;
  readonly name: string;
  /** Why it was not started; absent: it was. */
  readonly error?: unknown;
}

/** Starts the containers whose restart policy wants that after the machine has started, oldest first. */
export async function startAtBoot(home: Home, warn: (message: string) => void): Promise<BootResult[]> {
  const results: BootResult[] = [];
  for (const summary of listContainers(home.folders, warn).toReversed()) {
    const { id, name, options } = summary.record;
    const wasStopped = existsSync(containerPaths(home.folders, id).stopped);
    if (isAlive(summary) || !wantsStartAtBoot(options.restart, wasStopped, summary.exitCode)) continue;
    try {
      await startContainer(home, id);
      results.push({ id, name });
    } catch (error) {
      results.push({ id, name, error });
    }
  }
  return results;
}
