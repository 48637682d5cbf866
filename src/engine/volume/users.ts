import { listIds } from "../container/list-ids.ts";
import { containerPaths } from "../container/paths.ts";
import { readRecord } from "../container/read-record.ts";
import type { Folders } from "../folders.ts";
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
