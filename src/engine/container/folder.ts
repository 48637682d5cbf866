import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { isRunning, ownIdentity } from "../../platform/process-identity.ts";
import { writeError } from "../../platform/whole-file.ts";
import type { Folders } from "../folders.ts";
import { claimName, releaseName } from "./names.ts";
import { containerPaths } from "./paths.ts";
import { readRecord } from "./read-record.ts";
import type { ContainerRecord } from "./record.ts";

/** A container's folder that nobody sees yet, and whose name is taken. */
export interface DraftFolder {
  /** Where it is now; whoever finds it after its maker was killed removes it and gives the name back. */
  readonly folder: string;
  /** Lists the container. @throws HuskError "conflict" when the id is taken; it is discarded then */
  list(): void;
  /** Gives the name back; the folder is the caller's to remove. */
  discard(): void;
}

/**
 * Makes a container's folder with its record and takes its name; all of it or nothing. The caller has the container's
 * lock.
 *
 * @throws HuskError "conflict" when the id or name is taken
 */
export function makeFolder(folders: Folders, record: ContainerRecord): void {
  draftFolder(folders, record).list();
}

/** The same for one that is to be filled before anybody sees it. @throws HuskError "conflict" when the name is taken */
export function draftFolder(folders: Folders, record: ContainerRecord): DraftFolder {
  const { id, name } = record;
  const { folder } = containerPaths(folders, id);
  const unfinished = workFolder(folders, "new", id);
  try {
    makeDirectory(unfinished);
    // The name comes after it, so that whoever clears up finds which one it is.
    writeFileSync(`${unfinished}/container.json`, JSON.stringify(record), { mode: 0o600 });
    claimName(folders, name, id);
  } catch (error) {
    tryRemove(unfinished);
    throw error instanceof HuskError ? error : writeError(folder, error);
  }
  const discard = (): void => releaseName(folders, name, id);
  return {
    folder: unfinished,
    discard,
    list: () => {
      try {
        moveDirectory(unfinished, folder);
      } catch (error) {
        discard();
        tryRemove(unfinished);
        const { code } = error as NodeJS.ErrnoException;
        if (code !== "ENOTEMPTY" && code !== "EEXIST") throw writeError(folder, error);
        throw new HuskError("conflict", `the container id "${id}" is in use`, {
          cause: error,
          hint: "choose another id, or remove that container (husk rm)",
        });
      }
    },
  };
}

function tryRemove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // A file system that became read-only: the first error counts.
  }
}

/**
 * Takes a container's folder away from everybody else and gives its name back: the container is gone. The caller has
 * the container's lock.
 *
 * @returns where the folder is now, to be removed
 */
export function takeFolder(folders: Folders, id: string, name: string): string {
  const taken = workFolder(folders, "dead", id);
  moveDirectory(containerPaths(folders, id).folder, taken);
  releaseName(folders, name, id);
  return taken;
}

/** Folders whose makers or removers were killed; they are this process's now, and their names are free. */
export function takeAbandonedFolders(folders: Folders): string[] {
  const place = `${folders.root}/unfinished`;
  let entries: string[];
  try {
    entries = readdirSync(place);
  } catch {
    return [];
  }
  const taken: string[] = [];
  for (const entry of entries) {
    const [, pid, startTime, ...rest] = entry.split("-");
    if (startTime === undefined || isRunning({ pid: Number(pid), startTime })) continue;
    const id = rest.join("-");
    const own = workFolder(folders, "dead", id);
    try {
      renameSync(`${place}/${entry}`, own);
    } catch {
      continue; // Somebody else was first.
    }
    taken.push(own);
    const name = nameIn(own);
    if (name !== undefined) releaseName(folders, name, id);
  }
  return taken;
}

function nameIn(folder: string): string | undefined {
  try {
    return readRecord(`${folder}/container.json`)?.name;
  } catch {
    // Half written: its name was not taken yet.
    return undefined;
  }
}

/** A folder that one process makes or removes; its name says which. */
function workFolder({ root }: Folders, what: "new" | "dead", id: string): string {
  const { pid, startTime } = ownIdentity();
  return `${root}/unfinished/${what}-${pid}-${startTime}-${id}`;
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") throw error;
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
}

function moveDirectory(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(to.slice(0, to.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    renameSync(from, to);
  }
}
