import { HuskError } from "../../platform/error.ts";
import { withContainer } from "../container/lock.ts";
import { claimName, releaseName } from "../container/names.ts";
import { writeRecord } from "../container/write-record.ts";
import { tellContainer } from "../events/container-event.ts";
import type { Home } from "../home.ts";
import { checkContainerName } from "../id.ts";
import { readTarget } from "./target.ts";

/**
 * Gives a container another name.
 *
 * @param id its whole id
 * @throws HuskError "invalid" for an unusable name, or its own; "conflict" for one that is taken
 */
export function renameContainer(home: Home, id: string, name: string, signal?: AbortSignal): Promise<void> {
  checkContainerName(name);
  const rename = (): void => {
    const { record } = readTarget(home, id);
    if (record.name === name)
      throw new HuskError("invalid", "Renaming a container with the same name as its current name");
    // Whoever finds two names takes the record's word for it (claimName).
    claimName(home.folders, name, id);
    const renamed = { ...record, name };
    try {
      writeRecord(home.folders, renamed);
    } catch (error) {
      releaseName(home.folders, name, id);
      throw error;
    }
    releaseName(home.folders, record.name, id);
    tellContainer(home.folders, renamed, "rename", { oldName: record.name });
  };
  return withContainer(home.folders, id, rename, signal);
}
