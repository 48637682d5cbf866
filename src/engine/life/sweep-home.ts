import { sweep } from "../container/sweep.ts";
import type { Home } from "../home.ts";

/**
 * Finishes what killed processes left. Each command and each opened engine begins with it.
 *
 * @returns ids of the containers whose runs were cleared up
 */
export function sweepHome(home: Home): Promise<string[]> {
  return sweep(home.folders, async () => (await import("./sweeper.ts")).sweeperOf(home));
}
