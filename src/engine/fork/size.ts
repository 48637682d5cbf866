import { existsSync } from "node:fs";
import { folderSize, layerSize } from "../container/folder-size.ts";
import { containerPaths } from "../container/paths.ts";
import type { ContainerRecord } from "../container/record.ts";
import { type ContainerSummary, isAlive } from "../container/state.ts";
import type { Folders } from "../folders.ts";
import { forkFolders, forksOf } from "./fork-layers.ts";

/**
 * Bytes of everything a container sees.
 *
 * @param written what it wrote, of a copy of its image all its files
 */
export function rootSize(folders: Folders, record: ContainerRecord, written: number, image: number): number {
  if (existsSync(containerPaths(folders, record.id).copy)) return written;
  const layers = forkFolders(folders.root, forksOf(record));
  return layers.reduce((bytes, layer) => bytes + layerSize(layer), image + written);
}

/** Bytes on the disk of the layers that forks stand on, and of those that none stands on which runs. */
export function forksSize(
  { root }: Folders,
  containers: readonly ContainerSummary[],
): { readonly size: number; readonly reclaimable: number } {
  const layersOf = (list: readonly ContainerSummary[]): Set<string> =>
    new Set(list.flatMap(({ record }) => forkFolders(root, forksOf(record))));
  const used = layersOf(containers.filter(isAlive));
  let [size, reclaimable] = [0, 0];
  for (const layer of layersOf(containers)) {
    const bytes = folderSize(layer);
    size += bytes;
    if (!used.has(layer)) reclaimable += bytes;
  }
  return { size, reclaimable };
}
