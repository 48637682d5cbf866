import { packLayer } from "../../image/index.ts";
import type { RecordedOptions } from "../container/record.ts";
import type { Home } from "../home.ts";
import { imageContext } from "../image-context.ts";
import type { MountSpec } from "../run-options.ts";
import { becomeLike, unpackArchive } from "../unpack-archive.ts";
import { createVolume, getVolume, letGoOfVolume, removeVolume } from "../volume/index.ts";

/** Options with copies of volumes. */
export interface WithOwnVolumes {
  readonly options: RecordedOptions;
  /** The container is listed, so that everybody sees who uses them. */
  letGo(): void;
  takeBack(): Promise<void>;
}

/** Copies the volumes that were made for one container alone. */
export async function ownVolumes(
  home: Home,
  options: RecordedOptions,
  signal?: AbortSignal,
): Promise<WithOwnVolumes> {
  const { mounts } = options;
  const { root } = home.folders;
  const made: string[] = [];
  const letGo = (): void => {
    for (const name of made) letGoOfVolume(root, name);
  };
  const takeBack = async (): Promise<void> => {
    for (const name of made) await removeVolume(home, name);
  };
  if (mounts === undefined) return { options, letGo, takeBack };
  const own: MountSpec[] = [];
  try {
    for (const mount of mounts) {
      if (mount.type !== "volume" || mount.anonymous !== true || mount.name === undefined) {
        own.push(mount);
        continue;
      }
      const { volume } = createVolume(home.folders, { anonymous: true }, true);
      made.push(volume.name);
      await copyFiles(home, getVolume(root, mount.name).mountpoint, volume.mountpoint, signal);
      own.push({ ...mount, name: volume.name });
    }
  } catch (error) {
    await takeBack();
    throw error;
  }
  return { options: { ...options, mounts: own }, letGo, takeBack };
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
