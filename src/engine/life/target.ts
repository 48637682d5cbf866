import { findId, noSuchContainer } from "../container/find.ts";
import { containerPaths, type ContainerPaths } from "../container/paths.ts";
import { readRecord } from "../container/read-record.ts";
import type { ContainerRecord } from "../container/record.ts";
import { type ContainerState, readStateOf } from "../container/state.ts";
import type { Home } from "../home.ts";

/** A container as a command finds it. */
export interface Target {
  readonly record: ContainerRecord;
  readonly paths: ContainerPaths;
  readonly state: ContainerState;
}

/**
 * Finds a container by name, id or the beginning of its id.
 *
 * @throws HuskError "not-found": `No such container: x`
 */
export function findTarget(home: Home, text: string): Target {
  return readTarget(home, findId(home.folders, text), text);
}

/** A container by its whole id; `text` is what somebody called it. */
export function readTarget({ folders }: Home, id: string, text: string = id): Target {
  const paths = containerPaths(folders, id);
  const record = readRecord(paths.record);
  if (record === undefined) throw noSuchContainer(text);
  return { record, paths, state: readStateOf(folders, record) };
}
