import { existsSync } from "node:fs";
import { packLayer, packMerged, type TarEntry } from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import { imageLayers } from "../changes/parts.ts";
import { writtenIds } from "../copied-root/index.ts";
import type { ContainerRecord } from "../container/record.ts";
import { forkFolders, forksOf } from "../fork/fork-layers.ts";
import type { Home } from "../home.ts";
import { imageContext } from "../image-context.ts";
import { readTarget, type Target } from "../life/target.ts";
import { whileStill } from "./while-still.ts";

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
  signal?: AbortSignal,
): Promise<void> {
  const { record } = readTarget(home, id);
  if (record.source.kind === "host" || record.source.kind === "bundle") throw foreign(record);
  await whileStill(home, id, async (target) => take(await archiveOf(home, target)), signal);
}

function foreign({ name, source }: ContainerRecord): HuskError {
  return new HuskError(
    "unsupported",
    source.kind === "host"
      ? `${name} is a container of host: its files are this machine's`
      : `${name} is a container of a bundle, with files of its own`,
    { hint: "husk cp copies files and folders out, husk diff shows what changed" },
  );
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
    const written = new Set([paths.upper, ...forkFolders(home.folders.root, forksOf(record))]);
    const owners = (entry: TarEntry, folder: string): TarEntry =>
      written.has(folder) ? (change?.(entry) ?? entry) : entry;
    return packMerged([...upper, ...(await imageLayers(home, target))], tools, owners);
  }
  if (source.kind === "rootfs") return packLayer(source.path, { overlay: false }, tools);
  throw foreign(record);
}
