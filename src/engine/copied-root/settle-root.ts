import { existsSync } from "node:fs";
import { containerPaths } from "../container/paths.ts";
import type { Home } from "../home.ts";
import type { RunOptions } from "../run-options.ts";
import { isOff } from "../spec/namespaces.ts";

/** Options whose root file system can be had here. */
export interface SettledRoot {
  readonly options: RunOptions;
  readonly warnings: readonly string[];
}

/**
 * Decides whether the container of an image gets an overlay of its layers, or, where this machine refuses one, a copy of
 * all its files. What was decided at its first start stays; that overlays can be had is asked once a boot.
 *
 * @param isNew what the container's folder has to have is still to be made
 */
export async function settleRoot(
  home: Home,
  id: string,
  options: RunOptions,
  isNew: boolean,
): Promise<SettledRoot> {
  const { source } = options;
  if (source.kind !== "image" || isOff(options, "root")) return { options, warnings: [] };
  const { copy, folder } = containerPaths(home.folders, id);
  const copied = { ...options, source: { ...source, copy } };
  if (existsSync(copy)) return { options: copied, warnings: [] };
  const { uidMap, gidMap, userns } = options;
  const isMapped = uidMap !== undefined || gidMap !== undefined || userns === "private";
  const mark = `${home.folders.run}/overlays${isMapped ? "-mapped" : ""}`;
  if (!isNew || existsSync(mark)) return { options, warnings: [] };
  const { tryOverlay } = await import("./try-overlay.ts");
  const refused = await tryOverlay(home, options, source, mark);
  if (refused === undefined) return { options, warnings: [] };
  // Whoever created it was told.
  if (existsSync(folder)) return { options: copied, warnings: [] };
  const why = `no overlay of its layers can be had here (${refused})`;
  return {
    options: copied,
    warnings: [`${source.name} is copied as a whole, which takes time and room: ${why}`],
  };
}
