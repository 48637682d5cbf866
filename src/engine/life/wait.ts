import { closeSync, openSync, readFileSync } from "node:fs";
import { waitForContainer as waitForKeeper } from "../../platform/keeper-socket.ts";
import { decodeExit } from "../container/exit.ts";
import { isAlive } from "../container/state.ts";
import type { Home } from "../home.ts";
import { ignoringGone } from "./stop.ts";
import { readTarget } from "./target.ts";

/**
 * Waits until a container's present run has ended; of one that does not run, the last one counts.
 *
 * @param id its whole id
 * @returns its exit code; 0 if it never ran
 */
export async function waitForContainer(home: Home, id: string, signal?: AbortSignal): Promise<number> {
  const { paths, state } = readTarget(home, id);
  if (!isAlive(state) || state.status === "restarting") return state.exitCode;
  // Held open: with --rm it may be removed before it is read.
  const exit = tryOpen(paths.exit);
  try {
    await ignoringGone(waitForKeeper(paths.socket, signal));
    const record = exit === undefined ? undefined : decodeExit(readFileSync(exit), paths.exit);
    if (record !== undefined && record.kind !== "running") return record.exitCode;
  } finally {
    if (exit !== undefined) closeSync(exit);
  }
  // Its keeper was killed.
  const { sweepHome } = await import("./sweep-home.ts");
  await sweepHome(home);
  return readTarget(home, id).state.exitCode;
}

function tryOpen(file: string): number | undefined {
  try {
    return openSync(file, "r");
  } catch {
    return undefined;
  }
}
