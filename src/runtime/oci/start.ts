import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { type Complaint, decodeComplaint } from "../../plan/complaint.ts";
import type { Runtime } from "./create.ts";
import { type Container, readContainer } from "./state.ts";
import { withLock } from "./lock.ts";

const O_RDWR = 2;
const O_WRONLY_NONBLOCK = 0o4001;
const SIGKILL = 9;

/**
 * Starts a created container's program, and waits until it has begun.
 *
 * @throws HuskError "conflict" for a container in another state (runc's words), "command-not-found" or
 *   "cannot-execute" when the program cannot be executed
 */
export async function startContainer(runtime: Runtime, id: string): Promise<void> {
  const { files } = readContainer(runtime.root, id);
  await withLock(files.lock, async () => {
    const container = readContainer(runtime.root, id);
    refuseUnlessCreated(container);
    const complaint = release(container);
    if (complaint !== undefined)
      throw (await import("./setup-error.ts")).startError(complaint, container.state);
    if (!container.state.hooks?.poststart?.length) return;
    const { runLaterHooks } = await import("./later-hooks.ts");
    try {
      await runLaterHooks(runtime, container, "poststart");
    } catch (error) {
      const { signalProcess } = await import("./kill.ts");
      if (container.process !== undefined) await signalProcess(runtime, container.process, SIGKILL);
      throw error;
    }
  });
}

function refuseUnlessCreated({ status }: Container): void {
  if (status === "created") return;
  if (status === "stopped") throw new HuskError("conflict", "cannot start a container that has stopped");
  if (status === "running") throw new HuskError("conflict", "cannot start an already running container");
  throw new HuskError("conflict", `cannot start a container in the ${status} state`);
}

/** Lets the program begin. Returns what it failed at; undefined: it runs. */
function release({ files }: Container): Complaint | undefined {
  const outcome = openOutcome(files.outcome);
  try {
    let trigger: number;
    try {
      trigger = openSync(files.trigger, O_WRONLY_NONBLOCK);
    } catch (cause) {
      // Nobody waits any more (ENXIO): it was started by somebody who could not finish, or has ended.
      rmSync(files.trigger, { force: true });
      throw new HuskError("conflict", "cannot start an already running container", { cause });
    }
    try {
      writeSync(trigger, "+");
    } catch (cause) {
      throw new HuskError("conflict", "cannot start a container that has stopped", { cause });
    } finally {
      closeSync(trigger);
    }
    const complaint = decodeComplaint(readAll(outcome));
    rmSync(files.trigger, { force: true });
    rmSync(files.outcome, { force: true });
    return complaint;
  } finally {
    closeSync(outcome);
  }
}

function openOutcome(path: string): number {
  try {
    // Opened for both first, so that nothing waits for another end that may be gone.
    const both = openSync(path, O_RDWR);
    const outcome = openSync(path, "r");
    closeSync(both);
    return outcome;
  } catch (cause) {
    // It was deleted meanwhile.
    throw new HuskError("not-found", "container does not exist", { cause });
  }
}

/** Everything until the other end is closed, which execve(2) does. */
function readAll(fd: number): Uint8Array {
  const bytes = new Uint8Array(8192);
  let used = 0;
  for (let n = 1; n > 0 && used < bytes.length; used += n)
    n = readSync(fd, bytes, used, bytes.length - used, null);
  return bytes.subarray(0, used);
}
