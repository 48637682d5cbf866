import { readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { removeGroups } from "../../cgroup/remove-groups.ts";
import { HuskError } from "../../platform/error.ts";
import { isRunning, ownIdentity } from "../../platform/process-identity.ts";
import type { Runtime } from "./create.ts";
import { DELETED } from "./folder.ts";
import { type Container, type ContainerState, readContainer } from "./state.ts";

const SIGKILL = 9;
const PATIENCE_MS = 10_000;

/**
 * Removes what is left of a container, also of one whose creation was interrupted; `force` ends it before.
 *
 * @throws HuskError "conflict": `cannot delete container ID that is not stopped: running`; "not-found" unless forced
 */
export async function deleteContainer(runtime: Runtime, id: string, force: boolean): Promise<void> {
  let container: Container;
  try {
    container = readContainer(runtime.root, id);
  } catch (error) {
    if (force && error instanceof HuskError && error.code === "not-found")
      return forgetUnfinished(runtime, id);
    throw error;
  }
  const { files, state, status, process } = container;
  if (status !== "stopped") {
    // Nothing of the program has run in a created one: there is nothing to lose.
    if (!force && status !== "created")
      throw new HuskError("conflict", `cannot delete container ${id} that is not stopped: ${status}`);
    if (process !== undefined) await (await import("./kill.ts")).signalProcess(runtime, process, SIGKILL);
  }
  if (state.cgroups !== undefined) removeGroups(state.cgroups, PATIENCE_MS);
  if (state.scope !== undefined) await forgetScope(runtime, state.scope);
  if (process !== undefined) waitForEnd(() => isRunning(process), id);
  for (const folder of state.rdtFolders ?? []) removeFolder(folder);
  // Whoever renames the folder is the one who deletes it, and runs the hooks.
  const { pid, startTime } = ownIdentity();
  const doomed = `${runtime.root}/${DELETED}${pid}-${startTime}-${id}`;
  try {
    renameSync(files.folder, doomed);
  } catch (cause) {
    if (force) return;
    throw new HuskError("not-found", "container does not exist", { cause });
  }
  try {
    if (state.hooks?.poststop?.length)
      await (await import("./later-hooks.ts")).runLaterHooks(runtime, container, "poststop");
  } catch (error) {
    runtime.warn((error as Error).message);
  }
  rmSync(doomed, { recursive: true, force: true });
  removeLeftovers(runtime.root);
}

/** Of the resource control file system, whose files go with their folder. */
function removeFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** The groups are gone; systemd may still have to forget the unit, which nobody but it can. */
async function forgetScope(runtime: Runtime, scope: NonNullable<ContainerState["scope"]>): Promise<void> {
  try {
    await (await import("./scope.ts")).stopScope(scope);
  } catch (error) {
    runtime.warn((error as Error).message);
  }
}

/** Folders of containers whose deleter was killed: all but the files was gone already. */
function removeLeftovers(root: string): void {
  for (const entry of readdirSync(root)) {
    if (!entry.startsWith(DELETED)) continue;
    const [pid, startTime = ""] = entry.slice(DELETED.length).split("-");
    if (isRunning({ pid: Number(pid), startTime })) continue;
    rmSync(`${root}/${entry}`, { recursive: true, force: true });
  }
}

/** A folder without a state: whoever made it was killed before anything else was made. */
function forgetUnfinished({ root }: Runtime, id: string): void {
  try {
    rmSync(`${root}/${id}`, { recursive: true, force: true });
  } catch (cause) {
    throw new HuskError("denied", `cannot delete container ${id}: ${(cause as Error).message}`, { cause });
  }
}

function waitForEnd(runs: () => boolean, id: string): void {
  const deadline = Date.now() + PATIENCE_MS;
  for (let pause = 1; runs(); pause = Math.min(2 * pause, 50)) {
    if (Date.now() > deadline)
      throw new HuskError("failed", `container ${id} does not end: one of its processes is stuck`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
  }
}
