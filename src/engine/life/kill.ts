import { HuskError } from "../../platform/error.ts";
import { signalContainer, stopContainer } from "../../platform/keeper-socket.ts";
import { isPaused } from "../container/state.ts";
import { tellContainer } from "../events/container-event.ts";
import type { Home } from "../home.ts";
import { markStopped } from "./mark-stopped.ts";
import { thaw } from "./pause.ts";
import { notRunning } from "./not-running.ts";
import { readTarget } from "./target.ts";

const SIGKILL = 9;

/**
 * Sends a signal to a container's first process. SIGKILL, the container's own stop signal, and any other where it has
 * none, mean that somebody wants it to end: the restart policy then does not count, as docker has it.
 *
 * @param id its whole id
 * @throws HuskError "conflict" when it does not run
 */
export async function killContainer(home: Home, id: string, signal: number): Promise<void> {
  const target = readTarget(home, id);
  const { record, paths, state } = target;
  if (state.status !== "running" && state.status !== "paused") throw notRunning("cannot kill container", id);
  const { stopSignal } = record.options;
  const ends = signal === SIGKILL || stopSignal === undefined || stopSignal === signal;
  const unmarked = ends ? markStopped(target) : undefined;
  // Before it can have died of it.
  tellContainer(home.folders, record, "kill", { signal: String(signal) });
  try {
    await (ends ? stopContainer : signalContainer)(paths.socket, signal);
  } catch (error) {
    if (!(error instanceof HuskError) || (error.code !== "not-found" && error.code !== "conflict"))
      throw error;
    throw notRunning("cannot kill container", id);
  }
  if (ends && isPaused(home.folders, id)) thaw(home.folders, id);
  if (unmarked !== undefined) throw unmarked;
}
