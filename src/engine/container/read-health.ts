import { readFileSync } from "node:fs";
import type { Folders } from "../folders.ts";
import type { HealthRecord } from "./health.ts";
import { containerPaths } from "./paths.ts";
import type { ContainerRecord } from "./record.ts";
import type { ContainerState } from "./state.ts";

/** How the last checks went; undefined before the first one. */
export function readHealth(file: string): HealthRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as HealthRecord;
    return record.format === 1 ? record : undefined;
  } catch {
    return undefined;
  }
}

/** A state with what its checks say, if there are any. */
export function withHealth<State extends ContainerState>(
  folders: Folders,
  { id, options }: ContainerRecord,
  state: State,
): State {
  if (options.health === undefined) return state;
  const health = readHealth(containerPaths(folders, id).health);
  return health === undefined ? state : { ...state, health: health.status };
}
