import { readdirSync, rmdirSync, rmSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { listIds } from "../container/list-ids.ts";
import type { Home } from "../home.ts";
import { listVolumes } from "../volume/list.ts";
import { removeVolume } from "../volume/remove.ts";
import { removeContainer, removeFolder } from "./remove.ts";

/** How much there was. */
export interface ResetResult {
  readonly containers: number;
  readonly volumes: number;
}

/** What an engine keeps in its root folder; anything else there is somebody's and stays. */
const OF_ROOT =
  /^(containers|names|volumes|images|layers|claims|downloads|forks|unfinished|run|engine\.json|keeper-[0-9a-f]+|\..*)$/;

/**
 * Kills and removes everything of an engine: containers, volumes, images, and then its folders' content. While others
 * use the engine, what they make meanwhile may stay.
 *
 * @throws HuskError "failed" what could not be removed; the rest is gone then
 */
export async function reset(home: Home): Promise<ResetResult> {
  const { root, run } = home.folders;
  const containers = await removeContainers(home);
  const volumes = listVolumes(root);
  for (const { name } of volumes) await removeVolume(home, name);
  // The keeper is what removes folders of other ids: it goes after them, the mark of the engine at the very end.
  for (const entry of entriesOf(root))
    if (OF_ROOT.test(entry) && !isLast(entry) && `${root}/${entry}` !== run)
      await removeFolder(home, `${root}/${entry}`);
  for (const entry of entriesOf(run))
    if (entry !== "engine.json") rmSync(`${run}/${entry}`, { recursive: true, force: true });
  for (const folder of [run, root]) {
    for (const entry of entriesOf(folder)) if (isLast(entry)) rmSync(`${folder}/${entry}`, { force: true });
    tryRemove(folder);
  }
  return { containers, volumes: volumes.length };
}

function isLast(entry: string): boolean {
  return entry === "engine.json" || entry.startsWith("keeper-");
}

async function removeContainers(home: Home): Promise<number> {
  let count = 0;
  for (const id of listIds(home.folders)) {
    try {
      await removeContainer(home, id, { force: true, volumes: true });
      count++;
    } catch (error) {
      if (!(error instanceof HuskError) || error.code !== "not-found") throw error;
    }
  }
  return count;
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Its parent may be nobody's to change, or something else is in it. */
function tryRemove(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It stays, empty or with what is not ours.
  }
}
