import { packLayer } from "../../image/index.ts";
import type { RecordedOptions } from "../container/record.ts";
import type { Home } from "../home.ts";
import { imageContext } from "../image-context.ts";
import type { MountSpec } from "../run-options.ts";
import { becomeLike, unpackArchive } from "../unpack-archive.ts";
import { createVolume, getVolume, removeVolume } from "../volume/index.ts";

/**
 * Options with copies of the volumes that were made for one container alone.
 *
 * @returns them, and how to take the copies back
 */
export async function ownVolumes(
  home: Home,
  options: RecordedOptions,
  signal?: AbortSignal,
): Promise<{ readonly options: RecordedOptions; takeBack(): Promise<void> }> {
  const { mounts } = options;
  const made: string[] = [];
  const takeBack = async (): Promise<void> => {
    for (const name of made) await removeVolume(home, name);
  };
  if (mounts === undefined) return { options, takeBack };
  const { root } = home.folders;
  const own: MountSpec[] = [];
  try {
    for (const mount of mounts) {
      if (mount.type !== "volume" || mount.anonymous !== true || mount.name === undefined) {
        own.push(mount);
        continue;
      }
      const { volume } = createVolume(home.folders, { anonymous: true });
      made.push(volume.name);
      await copyFiles(home, getVolume(root, mount.name).mountpoint, volume.mountpoint, signal);
      own.push({ ...mount, name: volume.name });
    }
  } catch (error) {
    await takeBack();
    throw error;
  }
  return { options: { ...options, mounts: own }, takeBack };
}

async function copyFiles(
  home: Home,
  from: string,
  to: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { tools } = imageContext(home, () => {});
  await unpackArchive(home, to, packLayer(from, { overlay: false }, tools), { ...(signal && { signal }) });
  becomeLike(to, from);
}
