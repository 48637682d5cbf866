import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import type { GroupFolders } from "./group.ts";

/**
 * Removes a container's groups with everything in and below them, after a crash for instance.
 *
 * What still runs there is killed, frozen or not. Groups that do not exist are well; several
 * processes may do the same at once. Only folders that are control groups are touched, and of the
 * parents only those in which nothing is left.
 *
 * Blocks until the processes have ended, which takes a few milliseconds.
 *
 * @param timeout how long to wait for processes that do not end, in milliseconds
 * @throws HuskError "failed" if a group is still there then
 */
export function removeGroups({ groups, parents }: GroupFolders, timeout = 2000): void {
  // Mostly they are empty: then that is all there is to do.
  let left = groups.filter((path) => isGroup(path) && !removeEmpty(path));
  // Counted, not timed: removing may wait for long itself, and the machine stand still.
  let waited = 0;
  for (let pause = 1; left.length > 0; pause = Math.min(2 * pause, 50)) {
    for (const path of left) killTree(path);
    left = left.filter((path) => !removeTree(path));
    if (left.length === 0) break;
    if (waited >= timeout) throw stuck(left[0] as string);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    waited += pause;
  }
  for (const path of parents) if (isGroup(path)) removeEmpty(path);
}

/** Whether anything runs in a group or below it. */
export function holdsProcesses(path: string): boolean {
  if (read(`${path}/cgroup.procs`) !== "") return true;
  for (const group of subgroups(path)) if (holdsProcesses(group)) return true;
  return false;
}

function isGroup(path: string): boolean {
  return existsSync(`${path}/cgroup.procs`);
}

function stuck(path: string): HuskError {
  const pids = read(`${path}/cgroup.procs`).trim().split("\n").join(", ");
  return new HuskError(
    "failed",
    `control group "${path}" cannot be removed${pids === "" ? "" : `: process ${pids} does not end`}`,
    {
      hint:
        pids === ""
          ? `rmdir ${path}`
          : `look at them with ps -o pid,stat,wchan,cmd -p ${pids.replaceAll(" ", "")}`,
    },
  );
}

/** Kills what is in a group and below it; v1 has to name each process. */
function killTree(path: string): void {
  if (existsSync(`${path}/cgroup.kill`)) {
    write(`${path}/cgroup.kill`, "1");
    write(`${path}/cgroup.freeze`, "0");
    return;
  }
  for (const group of subgroups(path)) killTree(group);
  for (const line of read(`${path}/cgroup.procs`).split("\n")) {
    const pid = Number(line);
    if (pid > 1 && pid !== process.pid) kill(pid);
  }
  // A frozen process of v1 dies when it thaws.
  if (existsSync(`${path}/freezer.state`)) write(`${path}/freezer.state`, "THAWED");
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile; or it may not be killed, and then the group stays and is reported.
  }
}

/** True if the group is gone. */
function removeTree(path: string): boolean {
  for (const group of subgroups(path)) if (!removeTree(group)) return false;
  return removeEmpty(path);
}

function removeEmpty(path: string): boolean {
  try {
    rmdirSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
  return true;
}

function subgroups(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${path}/${entry.name}`);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function write(file: string, value: string): void {
  try {
    writeFileSync(file, value);
  } catch {
    // Gone meanwhile, or not ours: whether the group can be removed tells.
  }
}
