import { isAlive } from "../container/state.ts";
import { tellContainer } from "../events/container-event.ts";
import type { Home } from "../home.ts";
import { startContainer } from "./start.ts";
import { endContainer, type StopOptions } from "./stop.ts";
import { readTarget } from "./target.ts";

/**
 * Ends a container, if it runs, and starts it.
 *
 * @param id its whole id
 * @returns what is stricter than asked
 */
export async function restartContainer(
  home: Home,
  id: string,
  options: StopOptions = {},
): Promise<readonly string[]> {
  const target = readTarget(home, id);
  if (isAlive(target.state)) await endContainer(home, target, options);
  const warnings = await startContainer(
    home,
    id,
    options.signal === undefined ? {} : { signal: options.signal },
  );
  tellContainer(home.folders, target.record, "restart");
  return warnings;
}
