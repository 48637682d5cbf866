import {
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import type { GroupFolders } from "../cgroup/index.ts";
import { HuskError } from "../platform/error.ts";
import { type ProcessIdentity, ownIdentity } from "../platform/process-identity.ts";
import { checkContainerName, shortId } from "./id.ts";

/**
 * What is known of a running container from outside, so that what a killed husk leaves behind can be
 * found and removed. `$run/containers/<id>/record.json`.
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
   * The keeper opens (O_CREAT) and flocks this file for as long as it lives, and then looks whether
   * `record` still exists: whoever clears up renames the folder before.
   */
  readonly lock: string;
  readonly record: string;
  /** Everything there is, files first: what the keeper removes in the end. */
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** The paths of a container's record. */
export function recordPaths(run: string, id: string, name: string | undefined): RecordPaths {
  const folder = `${run}/containers/${id}`;
  const lock = `${folder}/lock`;
  const record = `${folder}/record.json`;
  const files = name === undefined ? [lock, record] : [`${run}/names/${name}`, lock, record];
  return { lock, record, files, folders: [folder] };
}

/**
 * Writes a container's record and takes its name.
 *
 * @param run the engine's run folder
 * @throws HuskError "conflict" when another container has the name; "invalid" for an unusable one
 */
export function claimContainer(run: string, about: Omit<ContainerRecord, "format" | "creator">): void {
  if (about.name !== undefined) checkContainerName(about.name);
  const creator = ownIdentity();
  const record: ContainerRecord = { format: 1, creator, ...about };
  const folder = `${run}/containers/${about.id}`;
  const unfinished = workFolder(run, "new", creator, about.id);
  makeIn(run, unfinished);
  writeFileSync(`${unfinished}/record.json`, JSON.stringify(record), { mode: 0o600 });
  try {
    // Nobody ever sees a folder without a whole record.
    renameSync(unfinished, folder);
  } catch (cause) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new HuskError("conflict", `the container id "${about.id}" is in use`, {
      cause,
      hint: "choose another id",
    });
  }
  if (about.name !== undefined) {
    try {
      claimName(run, about.name, about.id);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }
}

/** Gives the name back and removes the record; what it tells of has to be gone already. */
export function releaseContainer(run: string, id: string, name: string | undefined): void {
  if (name !== undefined) releaseName(run, name, id);
  rmSync(`${run}/containers/${id}`, { recursive: true, force: true });
}

/** Reads a record; undefined when it is gone or no record. */
export function readRecord(folder: string): ContainerRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(`${folder}/record.json`, "utf8")) as ContainerRecord;
    return typeof record.id === "string" && typeof record.creator?.pid === "number" ? record : undefined;
  } catch {
    return undefined;
  }
}

/** A folder in `$run/containers` that one process works in; its name says which. */
export function workFolder(run: string, what: "new" | "dead", owner: ProcessIdentity, id: string): string {
  return `${run}/containers/.${what}-${owner.pid}-${owner.startTime}-${id}`;
}

/** A name is a link to an id: made in one step, whole or not at all, and only once (EEXIST). */
function claimName(run: string, name: string, id: string): void {
  try {
    makeLink(run, name, id);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const holder = nameHolder(run, name);
    throw new HuskError(
      "conflict",
      `the container name "${name}" is in use by container ${shortId(holder ?? "")}`,
      {
        cause: error,
        hint: `choose another --name, or wait until that container has ended`,
      },
    );
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

function makeIn(run: string, folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(`${run}/containers`, { recursive: true, mode: 0o700 });
    mkdirSync(folder, { mode: 0o700 });
  }
}
