import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import type { GroupFolders } from "../cgroup/index.ts";
import { HuskError } from "../platform/error.ts";
import { writeError } from "../platform/whole-file.ts";
import { ownIdentity, type ProcessIdentity } from "../platform/process-identity.ts";
import { checkContainerName, shortId } from "./id.ts";

/**
 * What is known of a running container from outside, so that what a killed husk leaves behind can be
 * found and removed: `$run/containers/<id>.json`.
 */
export interface ContainerRecord {
  readonly format: 1;
  readonly id: string;
  readonly name?: string | undefined;
  /** The husk process that started it. */
  readonly creator: ProcessIdentity;
  /** Its control groups; absent: it has none. */
  readonly cgroups?: GroupFolders | undefined;
  /** Where its root file system comes from, in words for people. */
  readonly rootfs: string;
}

/** Where a container's record lies. */
export interface RecordPaths {
  /**
   * The keeper opens this file, flocks it for as long as it lives, and then looks whether it still
   * has its name: whoever clears up renames it before.
   */
  readonly record: string;
  /** Everything there is: what the keeper removes in the end. */
  readonly files: readonly string[];
}

/** The paths of a container's record and name. */
export function recordPaths(run: string, id: string, name: string | undefined): RecordPaths {
  const record = `${run}/containers/${id}.json`;
  return { record, files: name === undefined ? [record] : [`${run}/names/${name}`, record] };
}

/**
 * Writes a container's record and takes its name.
 *
 * @param run the engine's run folder
 * @throws HuskError "conflict" when another container has the name or id; "invalid" for an unusable name
 */
export function claimContainer(run: string, about: Omit<ContainerRecord, "format" | "creator">): void {
  const { id, name } = about;
  if (name !== undefined) checkContainerName(name);
  const creator = ownIdentity();
  const record: ContainerRecord = { format: 1, creator, ...about };
  const unfinished = workFile(run, "new", creator, id);
  const { record: file } = recordPaths(run, id, name);
  // Nobody ever sees half a record, and an id that somebody chose is taken once only.
  try {
    const fd = create(run, unfinished);
    try {
      writeFileSync(fd, JSON.stringify(record));
    } finally {
      closeSync(fd);
    }
    linkSync(unfinished, file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw writeError(file, cause);
    throw new HuskError("conflict", `the container id "${id}" is in use`, {
      cause,
      hint: "choose another id, or wait until that container has ended",
    });
  } finally {
    rmSync(unfinished, { force: true });
  }
  if (name === undefined) return;
  try {
    claimName(run, name, id);
  } catch (error) {
    rmSync(file, { force: true });
    throw error instanceof HuskError ? error : writeError(`${run}/names/${name}`, error);
  }
}

/** Gives the name back and removes the record; what it tells of has to be gone already. */
export function releaseContainer(run: string, id: string, name: string | undefined): void {
  if (name !== undefined) releaseName(run, name, id);
  rmSync(recordPaths(run, id, name).record, { force: true });
}

/** Reads a record; undefined when it is gone or no record. */
export function readRecord(file: string): ContainerRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as ContainerRecord;
    return typeof record.id === "string" && typeof record.creator?.pid === "number" ? record : undefined;
  } catch {
    return undefined;
  }
}

/** A file in `$run/containers` that one process works on; its name says which. */
export function workFile(run: string, what: "new" | "dead", owner: ProcessIdentity, id: string): string {
  return `${run}/containers/.${what}-${owner.pid}-${owner.startTime}-${id}`;
}

/** A name is a link to an id: made in one step, whole or not at all, and only once (EEXIST). */
function claimName(run: string, name: string, id: string): void {
  try {
    makeLink(run, name, id);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const holder = shortId(nameHolder(run, name) ?? "");
    throw new HuskError("conflict", `the container name "${name}" is in use by container ${holder}`, {
      cause: error,
      hint: "choose another --name, or wait until that container has ended",
    });
  }
}

/** Removes a name if it is that container's; only who owns the container may. */
export function releaseName(run: string, name: string, id: string): void {
  if (nameHolder(run, name) === id) unlinkSync(`${run}/names/${name}`);
}

/** The id of the container that has a name. */
export function nameHolder(run: string, name: string): string | undefined {
  try {
    return readlinkSync(`${run}/names/${name}`);
  } catch {
    return undefined;
  }
}

function makeLink(run: string, name: string, id: string): void {
  const path = `${run}/names/${name}`;
  try {
    symlinkSync(id, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(`${run}/names`, { recursive: true, mode: 0o700 });
    symlinkSync(id, path);
  }
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
