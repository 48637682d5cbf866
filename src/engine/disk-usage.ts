import { folderSize } from "./container/folder-size.ts";
import { listContainers } from "./container/list.ts";
import { containerPaths } from "./container/paths.ts";
import { isAlive } from "./container/state.ts";
import { forksSize } from "./fork/size.ts";
import type { Home } from "./home.ts";
import { listVolumes, volumeUsers } from "./volume/index.ts";

/** What things of one kind take of the disk, in bytes. */
export interface DiskUse {
  readonly count: number;
  /** How many of them are in use: images by containers, containers that run, volumes of containers. */
  readonly active: number;
  readonly size: number;
  /** What could be given back by removing those that are not. */
  readonly reclaimable: number;
}

/** What an engine takes of the disk, as `husk system df` shows it. */
export interface DiskUsage {
  /** Files of layers, each counted once; compressed blobs are not counted. */
  readonly images: DiskUse;
  /** What containers wrote, with their logs, and the layers that forks stand on. */
  readonly containers: DiskUse;
  readonly volumes: DiskUse;
}

/** Adds up what is there. */
export async function diskUsage(home: Home): Promise<DiskUsage> {
  return { images: await imagesUse(home), containers: containersUse(home), volumes: volumesUse(home) };
}

async function imagesUse(home: Home): Promise<DiskUse> {
  const { imagesUsage } = await import("../image/index.ts");
  const { openImages } = await import("./image-context.ts");
  const { imageUse } = await import("./image-users.ts");
  const { images, total, layers } = imagesUsage(openImages(home));
  const { users } = imageUse(home.folders);
  const used = images.filter(({ image }) => users(image).length > 0);
  const kept = new Set(used.flatMap(({ image }) => image.config.rootfs.diff_ids));
  let reclaimable = 0;
  // What an unused image shares with a used one stays.
  for (const [diffId, size] of layers) if (!kept.has(diffId)) reclaimable += size;
  return { count: images.length, active: used.length, size: total, reclaimable };
}

function containersUse({ folders }: Home): DiskUse {
  const containers = listContainers(folders, () => {});
  const forks = forksSize(folders, containers);
  const own = sum(
    containers.map((one) => ({
      isActive: isAlive(one),
      size: folderSize(containerPaths(folders, one.record.id).folder),
    })),
  );
  return { ...own, size: own.size + forks.size, reclaimable: own.reclaimable + forks.reclaimable };
}

function volumesUse({ folders }: Home): DiskUse {
  const users = volumeUsers(folders);
  return sum(
    listVolumes(folders.root).map(({ name, mountpoint }) => ({
      isActive: users.has(name),
      size: folderSize(mountpoint),
    })),
  );
}

function sum(things: readonly { readonly isActive: boolean; readonly size: number }[]): DiskUse {
  let [active, size, reclaimable] = [0, 0, 0];
  for (const thing of things) {
    size += thing.size;
    if (thing.isActive) active++;
    else reclaimable += thing.size;
  }
  return { count: things.length, active, size, reclaimable };
}
