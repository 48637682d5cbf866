import { HuskError } from "../../platform/error.ts";
import { setFrozen } from "./freezer.ts";
import { notRunning } from "./not-running.ts";
import { withLock } from "./lock.ts";
import { readContainer } from "./state.ts";

/** Stops everything in a container. @throws HuskError "conflict": `container not running` */
export function pauseContainer(root: string, id: string): void {
  withLock(readContainer(root, id).files.lock, () => {
    const { state, status } = readContainer(root, id);
    if (status !== "running" && status !== "created") throw notRunning();
    setFrozen(state.cgroups, true);
  });
}

/** Lets everything in a paused container go on. @throws HuskError "conflict": `container not paused` */
export function resumeContainer(root: string, id: string): void {
  withLock(readContainer(root, id).files.lock, () => {
    const { state, status } = readContainer(root, id);
    if (status !== "paused") throw new HuskError("conflict", "container not paused");
    setFrozen(state.cgroups, false);
  });
}
