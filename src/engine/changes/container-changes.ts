import { forkFolders, forksOf } from "../fork/fork-layers.ts";
import type { Home } from "../home.ts";
import { readTarget } from "../life/target.ts";
import { layersLower } from "./lower.ts";
import { changedParts, imageLayers, overlayPart } from "./parts.ts";
import { type Change, readChanges } from "./read-changes.ts";

/**
 * What a container, running or not, changed in its root file system; volumes and other mounts are none of it.
 *
 * @param id its whole id
 * @throws HuskError "unsupported" for one whose root is a folder it writes to directly
 */
export async function containerChanges(home: Home, id: string): Promise<Change[]> {
  const target = readTarget(home, id);
  const changes = readChanges(await changedParts(home, target));
  const forks = forkFolders(home.folders.root, forksOf(target.record));
  if (forks.length === 0) return changes;
  const image = layersLower((await imageLayers(home, target)).slice(forks.length));
  const now = layersLower([target.paths.upper, ...(await imageLayers(home, target))]);
  const touched = new Map<string, Change>();
  for (const folder of forks.toReversed())
    for (const change of readChanges([await overlayPart(home, "", folder, image)]))
      touched.set(change.path, change);
  for (const change of changes) touched.set(change.path, change);
  const removed = new Set<string>();
  return [...touched.values()].toSorted(inOrder).flatMap((change): Change[] => {
    const { path } = change;
    const before = image.stat(path) !== undefined;
    if (now.stat(path) !== undefined) return [{ ...change, kind: before ? "C" : "A" }];
    if (!before || removed.has(path.slice(0, path.lastIndexOf("/")))) return [];
    removed.add(path);
    return [{ kind: "D", path, part: change.part }];
  });
}

function inOrder(a: Change, b: Change): number {
  return a.path.replaceAll("/", "\0") < b.path.replaceAll("/", "\0") ? -1 : 1;
}
