import { HuskError } from "../../platform/error.ts";
import type { Folders } from "../folders.ts";
import { type HeldLocks, readHeldLocks } from "./held-locks.ts";
import { listIds } from "./list-ids.ts";
import { containerPaths } from "./paths.ts";
import { withHealth } from "./read-health.ts";
import { readRecord } from "./read-record.ts";
import { type ContainerSummary, readStateOf } from "./state.ts";

/**
 * All containers, the newest first.
 *
 * @param warn is told of those that cannot be read
 */
export function listContainers(folders: Folders, warn: (message: string) => void): ContainerSummary[] {
  const held = readHeldLocks();
  const list: ContainerSummary[] = [];
  for (const id of listIds(folders)) {
    const summary = summaryOf(folders, id, held, warn);
    if (summary !== undefined) list.push(summary);
  }
  return list.toSorted((a, b) => b.record.created - a.record.created);
}

/** Undefined for one that is gone meanwhile, or cannot be read: one damaged container must not hide the others. */
function summaryOf(
  folders: Folders,
  id: string,
  held: HeldLocks,
  warn: (message: string) => void,
): ContainerSummary | undefined {
  try {
    const record = readRecord(containerPaths(folders, id).record);
    if (record === undefined) return undefined;
    return { record, ...withHealth(folders, record, readStateOf(folders, record, held)) };
  } catch (error) {
    if (!(error instanceof HuskError)) throw error;
    warn(error.message);
    return undefined;
  }
}
