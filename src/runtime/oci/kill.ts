import { existsSync } from "node:fs";
import type { GroupFolders } from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { ProcessIdentity } from "../../platform/process-identity.ts";
import { List } from "../../plan/index.ts";
import type { Runtime } from "./create.ts";
import { freezerState, setFrozen } from "./freezer.ts";
import { notRunning } from "./not-running.ts";
import { openProcessHandle } from "./process-handle.ts";
import { processesOf } from "./processes.ts";
import { performList } from "./small-plan.ts";
import type { Container } from "./state.ts";

const SIGKILL = 9;
const FREEZE_MS = 1000;

/**
 * Sends a signal to a container's first process; with `all`, or SIGKILL where the container has no pid namespace
 * that would end with it, to everything in its control groups.
 *
 * @throws HuskError "conflict": `container not running`
 */
export async function killContainer(
  runtime: Runtime,
  container: Container,
  signal: number,
  all: boolean,
): Promise<void> {
  const { state, process } = container;
  const { cgroups } = state;
  const alone = state.namespaces.some(({ type, path }) => type === "pid" && !path);
  if (cgroups !== undefined && (all || (signal === SIGKILL && !alone))) {
    const reached = signalGroups(runtime, cgroups, signal);
    if (all || reached > 0) return;
  }
  if (process === undefined || !(await signalProcess(runtime, process, signal))) throw notRunning();
  // Of v1's freezer nothing gets away, not even by SIGKILL.
  if (signal === SIGKILL && cgroups !== undefined && freezerState(cgroups) === "frozen")
    setFrozen(cgroups, false);
}

/** Signals that very process, whoever has its number now; false when it has ended. */
export async function signalProcess(
  runtime: Runtime,
  process: ProcessIdentity,
  signal: number,
): Promise<boolean> {
  const handle = openProcessHandle(process);
  if (handle === undefined) return false;
  const list = new List("kill");
  list.step(`signal ${signal}`, "by a descriptor: a number could be another process's by now");
  const sent = list.call("pidfd_send_signal", 3, signal, null, 0).about(`process ${process.pid}`);
  let gone = false;
  try {
    await performList(runtime, list, {
      descriptors: [handle.fd],
      failed: ({ ordinal, errno }) => {
        gone = ordinal === sent.ordinal && errno === 3;
        return gone ? notRunning() : undefined;
      },
    });
  } catch (error) {
    if (!gone) throw error;
  } finally {
    handle.close();
  }
  return !gone;
}

/**
 * Signals everything in and below control groups; returns how many processes that were. What is frozen meanwhile
 * can neither fork nor end, so nothing is missed and nobody else is hit.
 */
function signalGroups({ warn }: Runtime, cgroups: GroupFolders, signal: number): number {
  const group = cgroups.groups.find((path) => existsSync(`${path}/cgroup.procs`));
  if (group === undefined) return 0;
  const state = freezerState(cgroups);
  let count = 0;
  try {
    if (state === "thawed") freeze(cgroups, warn);
    for (const pid of processesOf(group)) {
      try {
        process.kill(pid, signal);
        count++;
      } catch {
        // It ended before it was frozen.
      }
    }
  } finally {
    if (state === "thawed" || (state === "frozen" && signal === SIGKILL)) setFrozen(cgroups, false);
  }
  return count;
}

/** A process that waits for a device never stands still, and another command may let all go on: the signal comes anyway. */
function freeze(cgroups: GroupFolders, warn: (message: string) => void): void {
  try {
    setFrozen(cgroups, true, FREEZE_MS);
  } catch (error) {
    if (error instanceof HuskError && error.code === "conflict") return;
    warn(`${(error as Error).message}: the signal is sent all the same`);
  }
}
