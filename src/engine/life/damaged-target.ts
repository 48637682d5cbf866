import { readdirSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { nameHolder } from "../container/names.ts";
import { containerPaths } from "../container/paths.ts";
import { type ContainerRecord, RECORD_FORMAT } from "../container/record.ts";
import { readStateOf } from "../container/state.ts";
import type { Home } from "../home.ts";
import type { Target } from "./target.ts";

/** Whether an error says that a container's record cannot be read, and not that a newer husk wrote it. */
export function isDamage(error: unknown): boolean {
  return error instanceof HuskError && error.code === "failed";
}

/** A container whose record is damaged, as far as it has to be known for ending and removing it. */
export function damagedTarget({ folders }: Home, id: string): Target {
  const record: ContainerRecord = {
    format: RECORD_FORMAT,
    id,
    name: nameOf(folders.root, id) ?? id,
    created: 0,
    source: { kind: "host", with: [] },
    inputOnce: false,
    options: { command: [] },
  };
  return { record, paths: containerPaths(folders, id), state: readStateOf(folders, record) };
}

function nameOf(root: string, id: string): string | undefined {
  try {
    return readdirSync(`${root}/names`).find((name) => nameHolder({ root }, name) === id);
  } catch {
    return undefined;
  }
}
