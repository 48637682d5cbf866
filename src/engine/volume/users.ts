import { HuskError } from "../../platform/error.ts";
import { listIds } from "../container/list-ids.ts";
import { containerPaths } from "../container/paths.ts";
import { readRecord } from "../container/read-record.ts";
import type { Folders } from "../folders.ts";
import { folderBytes } from "./bytes.ts";
import { listVolumes, removeVolume } from "./list.ts";
import type { Volume } from "./record.ts";
import { getVolume } from "./store.ts";
import { volumesOf } from "./use.ts";

/** Ids of the containers, running or not, that use a volume, by its name. */
export function volumeUsers(folders: Folders): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const id of listIds(folders)) {
    const record = readRecord(containerPaths(folders, id).record);
    for (const name of volumesOf(record?.options.mounts)) users.set(name, [...(users.get(name) ?? []), id]);
  }
  return users;
}

/**
 * Removes a volume that no container uses.
 *
 * @throws HuskError "not-found"; "conflict" in docker's words
 */
export function deleteVolume(folders: Folders, name: string): void {
  getVolume(folders.root, name);
  const users = volumeUsers(folders).get(name);
  if (users !== undefined)
    throw new HuskError("conflict", `remove ${name}: volume is in use - [${users.join(", ")}]`, {
      hint: "remove these containers first (husk rm)",
    });
  removeVolume(folders.root, name);
}

/** What a prune did. */
export interface PrunedVolumes {
  readonly removed: readonly string[];
  readonly bytes: number;
}

/** Removes volumes that no container uses: those nobody named, or all, as far as `wanted` says yes. */
export function pruneVolumes(
  folders: Folders,
  all: boolean,
  wanted: (volume: Volume) => boolean = () => true,
): PrunedVolumes {
  const users = volumeUsers(folders);
  const removed: string[] = [];
  let bytes = 0;
  for (const volume of listVolumes(folders.root)) {
    const { anonymous, name, mountpoint } = volume;
    if (users.has(name) || !(all || anonymous) || !wanted(volume)) continue;
    const size = folderBytes(mountpoint);
    removeVolume(folders.root, name);
    removed.push(name);
    bytes += size;
  }
  return { removed, bytes };
}
