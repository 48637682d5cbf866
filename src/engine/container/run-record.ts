import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import type { GroupFolders } from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { FileMark } from "../../runtime/process/lock-record.ts";
import { ownIdentity, type ProcessIdentity } from "../../platform/process-identity.ts";
import { writeError } from "../../platform/whole-file.ts";
import type { Folders } from "../folders.ts";
import type { Entry } from "../exec/entry.ts";
import { containerPaths } from "./paths.ts";

/**
 * What is known of a running container from outside, so that what a killed husk leaves behind can be found and
 * removed: `$run/containers/<id>.json`. Its keeper opens it, holds flock(2) on it for as long as it lives, and then
 * looks whether it still has its name: whoever clears up renames it before, and somebody may start it anew then. A keeper
 * knows its own record by {@link runMark}.
 */
export interface RunRecord {
  readonly format: 1;
  readonly id: string;
  /** The husk process that started it. */
  readonly creator: ProcessIdentity;
  /** Its control groups; absent: it has none. */
  readonly cgroups?: GroupFolders | undefined;
  /** Where its root file system comes from, in words for people. */
  readonly rootfs: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  /** How often the restart policy started it since somebody did. */
  readonly restarts: number;
  /** How long its keeper waits before it starts it again, in milliseconds, unless it runs for long. */
  readonly delay: number;
  /** What programs that enter it later are given; absent: it was started by a husk that knew nothing of that. */
  readonly entry?: Entry;
}

/** What tells a run's record from that of the container's next run: the last digits of when it was planned, and where they stand. */
export function runMark(started: number): FileMark {
  return { at: MARK_AT, text: String(started).slice(-MARK_LENGTH) };
}

const MARK_LENGTH = 8;
const MARK_AT = '{"format":1,"started":1700012345678'.length - MARK_LENGTH;

/**
 * Writes a container's run record.
 *
 * @param replaces the one there is tells of a run that has ended; at no moment there is none
 * @throws HuskError "conflict" when the container has one
 */
export function claimRun(
  { run }: Pick<Folders, "run">,
  { started, ...about }: Omit<RunRecord, "format" | "creator">,
  replaces = false,
): void {
  const { id } = about;
  const creator = ownIdentity();
  // The first two in this order: runMark.
  const record: RunRecord = { format: 1, started, creator, ...about };
  const unfinished = workFile(run, "new", creator, id);
  const { running } = containerPaths({ root: "", run }, id);
  // Nobody ever sees half a record.
  try {
    const fd = create(run, unfinished);
    try {
      writeFileSync(fd, JSON.stringify(record));
    } finally {
      closeSync(fd);
    }
    if (replaces) renameSync(unfinished, running);
    else linkSync(unfinished, running);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw writeError(running, cause);
    throw new HuskError("conflict", `the container "${id}" is running already`, { cause });
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** Reads a run record; undefined when it is gone or none. */
export function readRun(file: string): RunRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as RunRecord;
    return typeof record.id === "string" && typeof record.creator?.pid === "number" ? record : undefined;
  } catch {
    return undefined;
  }
}

/** A file in `$run/containers` that one process works on; its name says which. */
export function workFile(run: string, what: "new" | "dead", owner: ProcessIdentity, id: string): string {
  return `${run}/containers/.${what}-${owner.pid}-${owner.startTime}-${id}`;
}

function create(run: string, file: string): number {
  try {
    return openSync(file, "wx", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(`${run}/containers`, { recursive: true, mode: 0o700 });
    return openSync(file, "wx", 0o600);
  }
}

/** Removes everything in `$run` that tells of a container; what it tells of has to be gone already. */
export function forgetRun({ run }: Pick<Folders, "run">, id: string): void {
  const { running, pid, socket, paused } = containerPaths({ root: "", run }, id);
  for (const file of [pid, socket, paused, running]) rmSync(file, { force: true });
}
