import { withContainer } from "../container/lock.ts";
import { isAlive } from "../container/state.ts";
import { tellContainer } from "../events/container-event.ts";
import type { Home } from "../home.ts";
import { startContainer, startLocked } from "./start.ts";
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
  const { record } = readTarget(home, id);
  const { signal } = options;
  const end = async (): Promise<void> => {
    const target = readTarget(home, id);
    if (isAlive(target.state)) await endContainer(home, target, options);
  };
  let warnings: readonly string[];
  if (record.options.rm === true) {
    // Who removes it because it has ended waits for the lock, and finds it running.
    const again = async (): Promise<readonly string[]> => {
      await end();
      return startLocked(home, id, true);
    };
    warnings = await withContainer(home.folders, id, again, signal);
  } else {
    await end();
    warnings = await startContainer(home, id, signal === undefined ? {} : { signal });
  }
  tellContainer(home.folders, record, "restart");
  return warnings;
}
