import { HuskError } from "../../platform/error.ts";
import { folderSize } from "../container/folder-size.ts";
import { listContainers } from "../container/list.ts";
import { containerPaths } from "../container/paths.ts";
import { type ContainerSummary, isAlive } from "../container/state.ts";
import type { Home } from "../home.ts";
import { removeContainer } from "./remove.ts";

/** What was removed. */
export interface Pruned {
  readonly ids: readonly string[];
  /** Bytes of what the containers had written. */
  readonly bytes: number;
}

/**
 * Removes the containers that do not run.
 *
 * @param wants of which ones; absent: all
 */
export async function pruneContainers(
  home: Home,
  wants: (container: ContainerSummary) => boolean = () => true,
): Promise<Pruned> {
  const ids: string[] = [];
  let bytes = 0;
  for (const summary of listContainers(home.folders, () => {})) {
    if (isAlive(summary) || !wants(summary)) continue;
    const { id } = summary.record;
    const { folder } = containerPaths(home.folders, id);
    const size = folderSize(folder);
    try {
      await removeContainer(home, id);
    } catch (error) {
      // Somebody started or removed it meanwhile.
      if (error instanceof HuskError && (error.code === "conflict" || error.code === "not-found")) continue;
      throw error;
    }
    ids.push(id);
    bytes += size;
  }
  return { ids, bytes };
}
