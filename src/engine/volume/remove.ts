import { existsSync, renameSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { writeError } from "../../platform/whole-file.ts";
import { folderSize } from "../container/folder-size.ts";
import { tellVolume } from "../events/object-event.ts";
import type { Home } from "../home.ts";
import { removeFolder } from "../life/remove.ts";
import { clearAbandonedVolumes, listVolumes } from "./list.ts";
import type { Volume } from "./record.ts";
import { getVolume, isHeldVolume, volumeFolder, workFolder } from "./store.ts";
import { volumeUsers } from "./users.ts";

/**
 * Removes a volume with its files. Whether a container uses it, the caller has looked.
 *
 * @throws HuskError "failed"; whatever happens, what stays has no name any more
 */
export async function removeVolume(home: Home, name: string): Promise<void> {
  const { root } = home.folders;
  const dying = workFolder(root, "dead", name);
  try {
    renameSync(volumeFolder(root, name), dying);
  } catch (cause) {
    if (!existsSync(volumeFolder(root, name))) return;
    throw writeError(volumeFolder(root, name), cause);
  }
  await removeFolder(home, dying);
  tellVolume(home.folders, "destroy", name);
}

/**
 * Removes a volume that no container uses.
 *
 * @throws HuskError "not-found"; "conflict" in docker's words
 */
export async function deleteVolume(home: Home, name: string): Promise<void> {
  getVolume(home.folders.root, name);
  if (isHeldVolume(home.folders.root, name))
    throw new HuskError("conflict", `remove ${name}: volume is in use: a container is being made of it`);
  const users = volumeUsers(home.folders).get(name);
  if (users !== undefined)
    throw new HuskError("conflict", `remove ${name}: volume is in use - [${users.join(", ")}]`, {
      hint: "remove these containers first (husk rm)",
    });
  await removeVolume(home, name);
}

/** What a prune did. */
export interface PrunedVolumes {
  readonly removed: readonly string[];
  /** Bytes on the disk. */
  readonly bytes: number;
}

/** Removes volumes that no container uses: those nobody named, or all, as far as `wanted` says yes. */
export async function pruneVolumes(
  home: Home,
  all: boolean,
  wanted: (volume: Volume) => boolean = () => true,
): Promise<PrunedVolumes> {
  await clearAbandonedVolumes(home);
  // In this order: what is made for a container from now on is not on the list.
  const volumes = listVolumes(home.folders.root);
  const users = volumeUsers(home.folders);
  const removed: string[] = [];
  let bytes = 0;
  for (const volume of volumes) {
    const { anonymous, name, mountpoint } = volume;
    if (users.has(name) || !(all || anonymous) || !wanted(volume)) continue;
    const size = folderSize(mountpoint);
    // Removing the others takes its time: by now a container may have it.
    if (isHeldVolume(home.folders.root, name) || volumeUsers(home.folders).has(name)) continue;
    await removeVolume(home, name);
    removed.push(name);
    bytes += size;
  }
  return { removed, bytes };
}
