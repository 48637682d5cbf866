import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { writeError } from "../../platform/whole-file.ts";
import { lockContainer } from "../container/lock.ts";
import { containerPaths } from "../container/paths.ts";
import type { Folders } from "../folders.ts";
import type { Home } from "../home.ts";

/**
 * Notes that a container with `--rm` was started: whoever finds the note without a run's record beside it removes the
 * container, since the process that was to do it was killed.
 */
export function noteRemoval({ run }: Pick<Folders, "run">, id: string): void {
  const file = noteOf(run, id);
  try {
    writeFileSync(file, "", { mode: 0o600 });
  } catch (error) {
    throw writeError(file, error);
  }
}

function noteOf(run: string, id: string): string {
  return `${run}/containers/${id}${ENDING}`;
}

const ENDING = ".rm";
/** Of the process id that a keeper had not written to its end. */
const UNFINISHED_PID = ".pid.new";

/** The container is gone. */
export function forgetRemoval({ run }: Pick<Folders, "run">, id: string): void {
  rmSync(noteOf(run, id), { force: true });
}

/**
 * Removes containers with `--rm` that have ended and that nobody removes any more. One that somebody works on, or that
 * cannot be removed, waits for a later command.
 */
export async function removeForgotten(home: Home): Promise<void> {
  const { folders } = home;
  let names: string[];
  try {
    names = readdirSync(`${folders.run}/containers`);
  } catch {
    return;
  }
  for (const name of names) {
    if (name.startsWith(".") && name.endsWith(UNFINISHED_PID)) {
      const { running } = containerPaths(folders, name.slice(1, -UNFINISHED_PID.length));
      if (!existsSync(running)) rmSync(`${folders.run}/containers/${name}`, { force: true });
    }
    if (!name.endsWith(ENDING)) continue;
    const id = name.slice(0, -ENDING.length);
    const { record, running } = containerPaths(folders, id);
    if (existsSync(running)) continue;
    const release = lockContainer(folders, id);
    if (release === undefined) continue;
    try {
      const { finishLocked } = await import("./finish.ts");
      await finishLocked(home, id);
      if (!existsSync(record)) forgetRemoval(folders, id);
    } catch {
      continue;
    } finally {
      release();
    }
  }
}
