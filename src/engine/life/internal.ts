import { HuskError } from "../../platform/error.ts";
import type { Home } from "../home.ts";

/**
 * What keepers start a program for: `restart`, `finish` or `health` of a container; `log` copies its log for other tools.
 * `pack` writes an archive of folders to stdout, for a husk that may not read all of them.
 *
 * @param id the container's; of `pack` what to make of the folders
 * @param rest of `restart`: how often so far, and after which delay; of `pack` the folders
 * @returns the exit status
 * @throws HuskError "invalid" for anything else
 */
export async function internal(
  home: Home,
  what: string,
  id: string,
  rest: readonly string[],
): Promise<number> {
  const [restarts, delay] = rest;
  switch (what) {
    case "restart":
      await (await import("./start-again.ts")).startAgain(
        home,
        id,
        restarts === undefined ? undefined : { restarts: Number(restarts), delay: Number(delay ?? 0) },
      );
      return 0;
    case "finish":
      await (await import("./finish.ts")).finish(home, id);
      return 0;
    case "log":
      await (await import("../log/copy/copy-log.ts")).copyLog(home, id);
      return 0;
    case "health":
      return (await import("../health/run-check.ts")).runHealthCheck(home, id);
    case "pack":
      await (await import("../pack-for.ts")).packTo(home, id, rest);
      return 0;
    default:
      throw new HuskError("invalid", `husk internal ${what}: no such task`, {
        hint: "this is for husk's own use",
      });
  }
}
