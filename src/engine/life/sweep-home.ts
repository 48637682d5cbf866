import { buryLost, buryOwn, sweep } from "../container/sweep.ts";
import type { Home } from "../home.ts";
import { removeForgotten } from "./removing.ts";

/**
 * Finishes what killed processes left. Each command and each opened engine begins with it.
 *
 * @returns ids of the containers whose runs were cleared up
 */
export async function sweepHome(home: Home): Promise<string[]> {
  const cleared = await sweep(home.folders, async () => (await import("./sweeper.ts")).sweeperOf(home));
  await removeForgotten(home);
  return cleared;
}

/** Finishes what is left of one container's run whose keeper was killed. The caller has its lock. */
export async function settleRun(home: Home, id: string): Promise<void> {
  await buryLost(home.folders, id, async () => (await import("./sweeper.ts")).sweeperOf(home));
}

/** Finishes what is left of a run that this process began, and whose keeper was killed. The caller has its lock. */
export async function settleOwnRun(home: Home, id: string, started: number): Promise<void> {
  await buryOwn(home.folders, id, started, async () => (await import("./sweeper.ts")).sweeperOf(home));
}

const SELDOM_MS = 1000;
const lastSweeps = new Map<string, number>();

/** The same for what a process may do hundreds of times a second: not each time. */
export async function sweepNowAndThen(home: Home): Promise<void> {
  const { run } = home.folders;
  const now = performance.now();
  const last = lastSweeps.get(run);
  if (last !== undefined && now - last < SELDOM_MS) return;
  lastSweeps.set(run, now);
  await sweepHome(home);
}
