import { existsSync, readdirSync, renameSync } from "node:fs";
import { removeFolder } from "../../image/index.ts";
import { isRunning } from "../../platform/process-identity.ts";
import { writeError } from "../../platform/whole-file.ts";
import type { Volume } from "./record.ts";
import { findVolume, volumeFolder, workFolder } from "./store.ts";

/** All volumes, by name. What killed processes left half made or half removed goes. */
export function listVolumes(root: string): Volume[] {
  let names: string[];
  try {
    names = readdirSync(`${root}/volumes`);
  } catch {
    return [];
  }
  const found: Volume[] = [];
  for (const name of names.toSorted()) {
    if (name.startsWith(".")) {
      clearAbandoned(root, name);
      continue;
    }
    const volume = findVolume(root, name);
    if (volume !== undefined) found.push(volume);
  }
  return found;
}

/**
 * Removes a volume with its files. Whether a container uses it, the caller has looked.
 *
 * @throws HuskError "failed"; whatever happens, what stays has no name any more
 */
export function removeVolume(root: string, name: string): void {
  const dying = workFolder(root, "dead", name);
  try {
    renameSync(volumeFolder(root, name), dying);
  } catch (cause) {
    if (!existsSync(volumeFolder(root, name))) return;
    throw writeError(volumeFolder(root, name), cause);
  }
  removeFolder(`${root}/volumes`, dying);
}

function clearAbandoned(root: string, entry: string): void {
  const [, pid, startTime] = entry.split("-");
  if (startTime === undefined || isRunning({ pid: Number(pid), startTime })) return;
  try {
    removeFolder(`${root}/volumes`, `${root}/volumes/${entry}`);
  } catch {
    // Somebody else does it, or the next one can.
  }
}
