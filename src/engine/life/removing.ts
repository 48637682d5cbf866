import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { writeError } from "../../platform/whole-file.ts";
import { containerPaths } from "../container/paths.ts";
import type { Folders } from "../folders.ts";
import type { Home } from "../home.ts";

/**
 * Notes that a container with `--rm` was started: whoever finds the note without a run's record beside it removes the
 * container, since the process that was to do it was killed.
 */
export function noteRemoval({ run }: Pick<Folders, "run">, id: string): void {
  const file = `${run}/removing/${id}`;
  try {
    writeFileSync(file, "", { mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw writeError(file, error);
    mkdirSync(`${run}/removing`, { recursive: true, mode: 0o700 });
    writeFileSync(file, "", { mode: 0o600 });
  }
}

/** The container is gone. */
export function forgetRemoval({ run }: Pick<Folders, "run">, id: string): void {
  rmSync(`${run}/removing/${id}`, { force: true });
}

/** Removes containers with `--rm` that have ended and that nobody removes any more. */
export async function removeForgotten(home: Home): Promise<void> {
  const { folders } = home;
  let ids: string[];
  try {
    ids = readdirSync(`${folders.run}/removing`);
  } catch {
    return;
  }
  for (const id of ids) {
    const { record, running } = containerPaths(folders, id);
    if (existsSync(running)) continue;
    const { finish } = await import("./finish.ts");
    await finish(home, id);
    if (!existsSync(record)) forgetRemoval(folders, id);
  }
}
