import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { GroupFolders } from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";

const PATIENCE_MS = 10_000;

/** The group that freezes a container: v2's where there is one, also beside v1 hierarchies. */
function freezingGroup({ groups }: GroupFolders): { path: string; version: 1 | 2 } | undefined {
  for (const path of groups) if (existsSync(`${path}/cgroup.freeze`)) return { path, version: 2 };
  for (const path of groups) if (existsSync(`${path}/freezer.state`)) return { path, version: 1 };
  return undefined;
}

/** Whether everything in the groups stands still; undefined where nothing can freeze it. */
export function freezerState(folders: GroupFolders): "frozen" | "thawed" | undefined {
  const group = freezingGroup(folders);
  if (group === undefined) return undefined;
  if (group.version === 2)
    return read(`${group.path}/cgroup.events`).includes("frozen 1") ? "frozen" : "thawed";
  // FREEZING is on its way there: somebody asked for it.
  return read(`${group.path}/freezer.state`).startsWith("THAWED") ? "thawed" : "frozen";
}

/** Whether {@link setFrozen} has a control group to do it with. */
export function canFreeze(folders: GroupFolders | undefined): boolean {
  return folders !== undefined && freezingGroup(folders) !== undefined;
}

/**
 * Stops everything in the groups, or lets it go on, and waits until that is so.
 *
 * @param patience how long, in milliseconds
 * @throws HuskError "unavailable" where there is no freezer, "failed" when processes do not stop in time; what was
 *   frozen until then goes on again; "conflict" when they ended, or somebody let them go on
 */
export function setFrozen(
  folders: GroupFolders | undefined,
  frozen: boolean,
  patience: number = PATIENCE_MS,
): void {
  const group = folders === undefined ? undefined : freezingGroup(folders);
  if (group === undefined) {
    if (folders !== undefined && areGone(folders)) {
      if (!frozen) return;
      throw endedBefore();
    }
    throw new HuskError(
      "unavailable",
      "cannot pause the container: it is in no control group that can freeze it",
      {
        hint: "the freezer controller (cgroup v1) or cgroup v2 has to be mounted and writable",
      },
    );
  }
  const { path, version } = group;
  const write = (wanted: boolean): void => {
    try {
      if (version === 2) writeFileSync(`${path}/cgroup.freeze`, wanted ? "1" : "0");
      else writeFileSync(`${path}/freezer.state`, wanted ? "FROZEN" : "THAWED");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ENODEV") throw error;
    }
  };
  const progress = (): "reached" | "coming" | "undone" | "gone" => {
    const state = read(version === 2 ? `${path}/cgroup.events` : `${path}/freezer.state`);
    if (state === "") return "gone";
    if (version === 1) return state.startsWith(frozen ? "FROZEN" : "THAWED") ? "reached" : "coming";
    if (state.includes(frozen ? "frozen 1" : "frozen 0")) return "reached";
    return read(`${path}/cgroup.freeze`).startsWith(frozen ? "0" : "1") ? "undone" : "coming";
  };
  write(frozen);
  const deadline = Date.now() + patience;
  for (let pause = 1; ; pause = Math.min(2 * pause, 50)) {
    const now = progress();
    if (now === "reached") return;
    // Nothing of what has ended stands still; and who kills a container lets it go on, whoever stops it.
    if (now === "gone" && !frozen) return;
    if (now === "gone" || (now === "undone" && frozen)) throw endedBefore();
    if (Date.now() > deadline) {
      if (frozen) write(false);
      throw new HuskError("failed", `the processes of ${path} do not ${frozen ? "stop" : "go on"}`, {
        hint: "one of them waits for a device: ps -eo pid,stat,wchan,args shows it as D",
      });
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    // v1: processes that were born meanwhile are stopped by another request only.
    if (version === 1 || now === "undone") write(frozen);
  }
}

/** Groups go, one after the other, with what was in them. */
function areGone({ groups }: GroupFolders): boolean {
  return groups.some((path) => !existsSync(path));
}

function endedBefore(): HuskError {
  return new HuskError("conflict", "the container ended, or was let go on, before it stood still");
}

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
