import { mkdirSync, readlinkSync, symlinkSync, unlinkSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { writeError } from "../../platform/whole-file.ts";
import type { Folders } from "../folders.ts";
import { shortId } from "../id.ts";
import { lockContainer } from "./lock.ts";
import { containerPaths } from "./paths.ts";
import { readRecord } from "./read-record.ts";

const NAME_IN_USE = "the container name";

/**
 * Takes a name for a container: `$root/names/<name>`, a link to its id. A link is made in one step, whole or not at
 * all, and only once. The caller has the container's lock.
 *
 * @throws HuskError "conflict" when another container has it
 */
export function claimName(folders: Folders, name: string, id: string): void {
  const path = `${folders.root}/names/${name}`;
  for (let attempt = 0; ; attempt++) {
    try {
      link(path, id);
      return;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw writeError(path, cause);
      if (attempt < 3 && removeStale(folders, name)) continue;
      throw new HuskError(
        "conflict",
        `${NAME_IN_USE} "${name}" is already in use by container ${shortId(nameHolder(folders, name) ?? "")}`,
        { cause, hint: "choose another --name, or remove (husk rm) or rename that container" },
      );
    }
  }
}

/** Whether an error says that another container has the name. */
export function isNameTaken(error: unknown): boolean {
  return error instanceof HuskError && error.message.startsWith(NAME_IN_USE);
}

function link(path: string, id: string): void {
  try {
    symlinkSync(id, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    symlinkSync(id, path);
  }
}

/** Gives a name back if it is that container's. The caller has the container's lock, or has taken its folder. */
export function releaseName({ root }: Pick<Folders, "root">, name: string, id: string): void {
  if (nameHolder({ root }, name) !== id) return;
  try {
    unlinkSync(`${root}/names/${name}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** The id of the container that has a name. */
export function nameHolder({ root }: Pick<Folders, "root">, name: string): string | undefined {
  try {
    return readlinkSync(`${root}/names/${name}`);
  } catch {
    return undefined;
  }
}

/**
 * A name whose container says it has another one, or does not exist, was left by a command that was killed. Under the
 * container's lock nobody is just about to make that true.
 */
function removeStale(folders: Folders, name: string): boolean {
  const id = nameHolder(folders, name);
  if (id === undefined) return true;
  const release = lockContainer(folders, id);
  if (release === undefined) return false;
  try {
    if (readRecord(containerPaths(folders, id).record)?.name === name) return false;
    releaseName(folders, name, id);
    return true;
  } finally {
    release();
  }
}
