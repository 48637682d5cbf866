import { existsSync } from "node:fs";
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
  const paths = containerPaths(home.folders, id);
  const record = readRecord(paths.record);
  if (record?.options.rm !== true) return;
  // Without a run's record its keeper has left, or is about to.
  if (existsSync(paths.running) && isAlive(readStateOf(home.folders, record))) return;
  await dropContainer(home, record, true);
}
