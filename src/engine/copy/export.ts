import { existsSync } from "node:fs";
import { packLayer, packMerged, type TarEntry } from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import { canFreeze, setFrozen } from "../../runtime/oci/freezer.ts";
import { imageLayers } from "../changes/parts.ts";
import { writtenIds } from "../copied-root/index.ts";
import { readRun } from "../container/run-record.ts";
import { withContainer } from "../container/lock.ts";
import { isAlive } from "../container/state.ts";
import { forkFolder, forksOf } from "../fork/fork-layers.ts";
import type { Home } from "../home.ts";
import { imageContext } from "../image-context.ts";
import { readTarget, type Target } from "../life/target.ts";

/**
 * Gives the whole root file system of a container as an archive, without its volumes and other mounts. A running one
 * is frozen meanwhile.
 *
 * @param id its whole id
 * @throws HuskError "unsupported" for a container of host or of a bundle
 */
export async function exportContainer(
  home: Home,
  id: string,
  take: (archive: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  await withContainer(home.folders, id, async () => {
    const target = readTarget(home, id);
    const archive = await archiveOf(home, target);
    await whileFrozen(target, () => take(archive));
  });
}

async function archiveOf(home: Home, target: Target): Promise<AsyncIterable<Uint8Array>> {
  const { record, paths } = target;
  const { source } = record;
  const { tools } = imageContext(home, () => {});
  const change = writtenIds(record);
  if (source.kind === "image" && existsSync(paths.copy))
    return packLayer(paths.copy, { overlay: false, ...(change && { change }) }, tools);
  if (source.kind === "image") {
    const upper = existsSync(paths.upper) ? [paths.upper] : [];
    const written = new Set([
      paths.upper,
      ...forksOf(record).map((fork) => forkFolder(home.folders.root, fork)),
    ]);
    const owners = (entry: TarEntry, folder: string): TarEntry =>
      written.has(folder) ? (change?.(entry) ?? entry) : entry;
    return packMerged([...upper, ...(await imageLayers(home, target))], tools, owners);
  }
  if (source.kind === "rootfs") return packLayer(source.path, { overlay: false }, tools);
  throw new HuskError(
    "unsupported",
    source.kind === "host"
      ? `${record.name} is a container of host: its files are this machine's`
      : `${record.name} is a container of a bundle, whose files are in ${source.path}`,
    { hint: "husk cp copies files and folders out, husk diff shows what changed" },
  );
}

/**
 * Does something while nothing in a container runs; the caller has its lock. Its files are read by their paths, so
 * nobody in there may exchange a folder for a link meanwhile.
 *
 * @throws HuskError "conflict" for a running one that cannot be frozen
 */
export async function whileFrozen<T>({ paths, record, state }: Target, body: () => Promise<T>): Promise<T> {
  if (!isAlive(state) || state.status === "paused") return body();
  const groups = readRun(paths.running)?.cgroups;
  if (!canFreeze(groups))
    throw new HuskError("conflict", `${record.name} runs, and there is no control group to freeze it by`, {
      hint: `husk stop ${record.name}`,
    });
  setFrozen(groups, true);
  try {
    return await body();
  } finally {
    setFrozen(groups, false);
  }
}
