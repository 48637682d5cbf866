import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { writeError } from "../../platform/whole-file.ts";
import { listIds } from "../container/list-ids.ts";
import { containerPaths, type ContainerPaths } from "../container/paths.ts";
import { readRecord } from "../container/read-record.ts";
import type { ContainerRecord } from "../container/record.ts";
import type { Folders } from "../folders.ts";
import type { Home } from "../home.ts";
import { removeFolder } from "../life/remove.ts";

/** The layer that forks stand on: what a container had written when it was forked. Nobody changes it any more. */
function forkFolder(root: string, fork: string): string {
  return `${root}/forks/${fork}`;
}

/** The fork layers of a container, the topmost first. */
export function forksOf({ source }: ContainerRecord): readonly string[] {
  return source.kind === "image" ? (source.forks ?? []) : [];
}

/**
 * The folders of fork layers, the topmost first. That one is left out while it is not there: whoever was to make it of
 * what the container has written was killed.
 */
export function forkFolders(root: string, forks: readonly string[]): string[] {
  const folders = forks.map((fork) => forkFolder(root, fork));
  const [newest] = folders;
  return newest === undefined || existsSync(newest) ? folders : folders.slice(1);
}

/**
 * Makes what a container has written the topmost of its fork layers, by rename(2), and gives it a new writable layer.
 * The record names the layer before: whoever finds the layer missing comes here and completes what a killed process
 * began. The caller has the container's lock, and it does not run.
 */
export function completeFork(root: string, record: ContainerRecord, paths: ContainerPaths): void {
  const [fork] = forksOf(record);
  if (fork === undefined) return;
  const folder = forkFolder(root, fork);
  try {
    if (!existsSync(folder)) {
      mkdirSync(`${root}/forks`, { recursive: true, mode: 0o711 });
      renameSync(paths.upper, folder);
    }
    if (existsSync(paths.upper)) return;
    const { mode, uid, gid } = statSync(folder);
    mkdirSync(paths.upper);
    chownSync(paths.upper, uid, gid);
    chmodSync(paths.upper, mode & 0o7777);
  } catch (cause) {
    throw writeError(folder, cause);
  }
}

/** Removes fork layers that no container stands on: a layer's container names it before it is there. */
export async function dropForks(home: Home): Promise<void> {
  let forks: string[];
  try {
    forks = readdirSync(`${home.folders.root}/forks`);
  } catch {
    return;
  }
  const used = usedForks(home.folders);
  if (used === undefined) return;
  for (const fork of forks)
    if (!used.has(fork)) await removeFolder(home, forkFolder(home.folders.root, fork));
}

/** Undefined: there is a container of which nobody knows what it stands on, its record being damaged or of a newer husk. */
function usedForks(folders: Folders): Set<string> | undefined {
  const used = new Set<string>();
  try {
    for (const id of listIds(folders)) {
      const record = readRecord(containerPaths(folders, id).record);
      if (record !== undefined) for (const fork of forksOf(record)) used.add(fork);
    }
    return used;
  } catch (error) {
    if (error instanceof HuskError) return undefined;
    throw error;
  }
}
