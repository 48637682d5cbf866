import { readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import type { GroupFolders } from "../cgroup/index.ts";
import { isRunning, ownIdentity, type ProcessIdentity } from "../platform/process-identity.ts";
import { type ContainerRecord, readRecord, releaseName, workFile } from "./record.ts";

/** Kills what is left in a container's control groups and removes them. */
export type RemoveGroups = (folders: GroupFolders) => void;

/**
 * Removes what containers left behind whose husk and keeper were killed: processes, control groups,
 * names, files, records. Each husk command begins with it; usually there is nothing to look at.
 *
 * A container is dead when its creator is gone and nobody holds its lock. Any number of commands may
 * sweep at once: who renames the record has it, and a keeper that took the lock meanwhile finds its
 * record gone and gives up.
 *
 * @param removeGroups effects on control groups, passed in so that nothing is loaded for an empty folder
 * @returns ids of the containers that were cleared up
 */
export async function sweep(run: string, removeGroups: () => Promise<RemoveGroups>): Promise<string[]> {
  let entries: string[];
  try {
    entries = readdirSync(`${run}/containers`);
  } catch {
    return [];
  }
  const cleared: string[] = [];
  let locks: string | undefined;
  for (const entry of entries) {
    locks ??= readFileSync("/proc/locks", "latin1");
    const dead = entry.startsWith(".") ? takeAbandoned(run, entry) : takeDead(run, entry, locks);
    if (dead === undefined) continue;
    if (bury(run, dead, await removeGroups())) cleared.push(dead.id);
  }
  return cleared;
}

/** A dead container that this process alone clears up. */
interface Dead {
  readonly id: string;
  /** Its record under its present name. */
  readonly file: string;
  readonly record: ContainerRecord | undefined;
}

function takeDead(run: string, entry: string, locks: string): Dead | undefined {
  if (!entry.endsWith(".json")) return undefined;
  const file = `${run}/containers/${entry}`;
  if (isLocked(file, locks)) return undefined;
  const record = readRecord(file);
  if (record !== undefined && isRunning(record.creator)) return undefined;
  const id = entry.slice(0, -".json".length);
  const taken = take(run, file, id);
  if (taken === undefined) return undefined;
  if (isLocked(taken, readFileSync("/proc/locks", "latin1"))) {
    // The keeper was just starting, and had looked for its record already.
    renameSync(taken, file);
    return undefined;
  }
  return { id, file: taken, record };
}

/** Takes over the file of a process that died in the middle of its work. */
function takeAbandoned(run: string, entry: string): Dead | undefined {
  const [what, pid, startTime, ...rest] = entry.slice(1).split("-");
  if (startTime === undefined || rest.length === 0) return undefined;
  const owner: ProcessIdentity = { pid: Number(pid), startTime };
  if (isRunning(owner)) return undefined;
  const id = rest.join("-");
  const taken = take(run, `${run}/containers/${entry}`, id);
  if (taken === undefined) return undefined;
  // "new": its owner died before the record was in place, so nothing else had been made.
  return { id, file: taken, record: what === "dead" ? readRecord(taken) : undefined };
}

/** Renames a record to this process's own; undefined when somebody else was first. */
function take(run: string, file: string, id: string): string | undefined {
  const taken = workFile(run, "dead", ownIdentity(), id);
  try {
    renameSync(file, taken);
    return taken;
  } catch {
    return undefined;
  }
}

/** False when something could not be removed: the record stays, and a later command tries again. */
function bury(run: string, { id, file, record }: Dead, removeGroups: RemoveGroups): boolean {
  try {
    if (record?.cgroups !== undefined) removeGroups(record.cgroups);
    if (record?.name !== undefined) releaseName(run, record.name, id);
    rmSync(file, { force: true });
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether somebody holds flock(2) on a file, from the text of /proc/locks (proc_locks(5)):
 * `1: FLOCK  ADVISORY  WRITE 4711 00:19:131 0 EOF`, the last number of the triple being the inode.
 *
 * The device is not compared: overlay and btrfs show another one there than in stat(2), and a lock
 * too many only means that a dead container waits for the next sweep.
 */
function isLocked(file: string, locks: string): boolean {
  const inode = statSync(file, { throwIfNoEntry: false })?.ino;
  if (inode === undefined) return false;
  const mark = `:${inode} `;
  for (let at = locks.indexOf(mark); at >= 0; at = locks.indexOf(mark, at + 1)) {
    const start = locks.lastIndexOf("\n", at) + 1;
    if (locks.slice(start, at).includes(" FLOCK ")) return true;
  }
  return false;
}
