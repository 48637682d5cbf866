import { writeWhole } from "../../platform/whole-file.ts";
import type { Folders } from "../folders.ts";
import { containerPaths } from "./paths.ts";
import type { ContainerRecord } from "./record.ts";

/** Writes a container's record anew. The caller has the container's lock. */
export function writeRecord(folders: Folders, record: ContainerRecord): void {
  writeWhole(containerPaths(folders, record.id).record, JSON.stringify(record), 0o600);
}
