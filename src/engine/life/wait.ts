import { waitForContainer as waitForKeeper } from "../../platform/keeper-socket.ts";
import { holdExit } from "../container/exit.ts";
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
  const exit = holdExit(paths.exit);
  try {
    await ignoringGone(waitForKeeper(paths.socket, signal));
    const record = exit?.read();
    if (record !== undefined && record.kind !== "running") return record.exitCode;
  } finally {
    exit?.close();
  }
  // Its keeper was killed.
  const { sweepHome } = await import("./sweep-home.ts");
  await sweepHome(home);
  return readTarget(home, id).state.exitCode;
}
