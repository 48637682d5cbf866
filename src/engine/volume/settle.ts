import type { Folders } from "../folders.ts";
import type { MountSpec, VolumeSpec } from "../run-options.ts";
import { createVolume } from "./store.ts";

/** What deciding on a container's volumes needs. */
export interface VolumeWishes {
  readonly folders: Pick<Folders, "root" | "run">;
  /** `--volume`, `--mount`, `--tmpfs`. */
  readonly mounts: readonly MountSpec[];
  /** Mounts of other containers, `--volumes-from`; where both have one, `mounts` counts. */
  readonly inherited?: readonly MountSpec[];
  /** Paths the image wants volumes at (`VOLUME`); where there is a mount already, that counts. */
  readonly imageVolumes?: readonly string[];
  /** Fills a new volume with what the root file system has at a path; absent: nothing does. */
  readonly fill?: (volume: string, target: string) => Promise<void>;
}

/**
 * Makes the volumes of a container that is being created and gives each mount of one its name, so that it finds them
 * again whenever it starts. A new volume is filled with what stands at its place in the root file system, as docker
 * does, unless the mount says not to.
 *
 * @throws HuskError "invalid", "conflict", "failed" from making and filling them
 */
export async function settleVolumes(wishes: VolumeWishes): Promise<{
  readonly mounts: MountSpec[];
  /** Names of those that were made, and are held; for taking them back if the container comes to nothing. */
  readonly made: string[];
}> {
  const { folders, fill } = wishes;
  const mounts = merged(wishes);
  const settled: MountSpec[] = [];
  const made: string[] = [];
  for (const mount of mounts) {
    if (mount.type !== "volume") {
      settled.push(mount);
      continue;
    }
    const { name, labels, options, ...rest } = mount;
    const anonymous = name === undefined;
    const wanted = {
      anonymous: mount.anonymous ?? anonymous,
      ...(anonymous ? {} : { name }),
      ...(labels === undefined ? {} : { labels }),
      ...(options === undefined ? {} : { options }),
    };
    const volume = createVolume(folders, wanted, true);
    if (volume.made) made.push(volume.volume.name);
    const fillable = mount.noCopy !== true && mount.subpath === undefined;
    if (fillable && Object.keys(volume.volume.options).length === 0)
      await fill?.(volume.volume.name, mount.target);
    settled.push({ ...rest, name: volume.volume.name, ...(anonymous ? { anonymous: true } : {}) });
  }
  return { mounts: settled, made };
}

function merged({ mounts, inherited = [], imageVolumes = [] }: VolumeWishes): MountSpec[] {
  const all = [...mounts];
  const taken = new Set(mounts.map(({ target }) => tidied(target)));
  const add = (mount: MountSpec): void => {
    const place = tidied(mount.target);
    if (taken.has(place)) return;
    taken.add(place);
    all.push(mount);
  };
  for (const mount of inherited) add(mount);
  for (const target of imageVolumes) add({ type: "volume", target } satisfies VolumeSpec);
  return all;
}

function tidied(path: string): string {
  return `/${path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")}`;
}
