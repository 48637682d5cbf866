import { HuskError } from "../../platform/error.ts";
import { isAlive } from "../container/state.ts";
import type { Home } from "../home.ts";
import { readTarget } from "../life/target.ts";
import { listProcesses, type ProcessTable } from "./ps.ts";
import { containerPids } from "./read.ts";

/**
 * A container's processes as ps(1) shows them on the host (docker top).
 *
 * @param options as ps takes them; none: `-ef`
 * @throws HuskError "not-found", "conflict" for a container that does not run, and what {@link listProcesses} throws
 */
export function containerTop(home: Home, id: string, options: readonly string[] = []): ProcessTable {
  const {
    record: { name },
    state,
  } = readTarget(home, id);
  if (!isAlive(state) || state.pid === 0)
    throw new HuskError("conflict", `container ${name} is not running`, { hint: `husk start ${name}` });
  return listProcesses(containerPids(home.folders, id, state), options);
}
