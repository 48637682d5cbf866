import { withContainer } from "../container/lock.ts";
import { containerPaths } from "../container/paths.ts";
import { readRecord } from "../container/read-record.ts";
import { isAlive, readStateOf } from "../container/state.ts";
import type { Home } from "../home.ts";
import { dropContainer } from "./remove.ts";

/** Removes a container with `--rm` that has ended, if nobody else did. */
export async function finish(home: Home, id: string): Promise<void> {
  await withContainer(home.folders, id, () => finishLocked(home, id));
}

/** The same for who has the container's lock. */
export async function finishLocked(home: Home, id: string): Promise<void> {
  const record = readRecord(containerPaths(home.folders, id).record);
  if (record?.options.rm !== true || isAlive(readStateOf(home.folders, record))) return;
  await dropContainer(home, record, true);
}
