import { HuskError } from "../../platform/error.ts";
import { containerPaths } from "../container/paths.ts";
import type { ContainerRecord } from "../container/record.ts";
import type { Home } from "../home.ts";
import type { MountSpec, RunOptions } from "../run-options.ts";
import { removeVolume } from "./remove.ts";
import { settleVolumes } from "./settle.ts";
import { letGoOfVolume } from "./store.ts";
import { anonymousVolumesOf } from "./use.ts";
import { volumeUsers } from "./users.ts";

/** Options whose volumes exist. */
export interface WithVolumes {
  readonly options: RunOptions;
  /** The container is listed, so that everybody sees who uses them. */
  letGo(): void;
  /** It comes to nothing: those that nobody else can know go again. */
  takeBack(): Promise<void>;
}

/**
 * Makes the volumes a new container needs and names them in its mounts.
 *
 * @throws HuskError "not-found" for a container of `volumesFrom`, and what making volumes throws
 */
export async function makeVolumes(home: Home, options: RunOptions): Promise<WithVolumes> {
  const { volumesFrom, imageVolumes, source, ...rest } = options;
  const { fillVolume } = await import("./fill.ts");
  const inherited = await inheritedMounts(home, volumesFrom ?? []);
  const { mounts, made } = await settleVolumes({
    folders: home.folders,
    mounts: options.mounts ?? [],
    inherited,
    ...(imageVolumes === undefined ? {} : { imageVolumes }),
    fill: (name, target) => fillVolume(home, source, name, target),
  });
  const letGo = (): void => {
    for (const name of made) letGoOfVolume(home.folders.root, name);
  };
  return {
    options: { ...rest, source, mounts },
    letGo,
    takeBack: async () => {
      letGo();
      const own = new Set(anonymousVolumesOf(mounts));
      for (const name of made) if (own.has(name)) await removeVolume(home, name);
    },
  };
}

/** `NAME[:ro|rw]`: the mounts of other containers, volumes and folders of this machine, as docker has it. */
async function inheritedMounts(home: Home, names: readonly string[]): Promise<MountSpec[]> {
  const { findId } = await import("../container/find.ts");
  const { readRecord } = await import("../container/read-record.ts");
  return names.flatMap((text) => {
    const [name = "", mode] = text.split(":");
    const record = readRecord(containerPaths(home.folders, findId(home.folders, name)).record);
    const mounts = (record?.options.mounts ?? []).filter(({ type }) => type === "volume" || type === "bind");
    return mounts.map((mount): MountSpec => {
      const own = mount.type === "volume" ? { ...mount, noCopy: true, anonymous: false } : mount;
      return mode === "ro" ? ({ ...own, readOnly: true } as MountSpec) : own;
    });
  });
}

/** Removes the volumes that were made for a container alone, unless another one uses them by now. */
export async function dropAnonymousVolumes(home: Home, { options }: ContainerRecord): Promise<void> {
  const own = anonymousVolumesOf(options.mounts);
  if (own.length === 0) return;
  const users = knownUsers(home);
  for (const name of own) if (users?.has(name) === false) await removeVolume(home, name);
}

/** Undefined: another container's record cannot be read, so nobody knows; `prune` removes them later. */
function knownUsers({ folders }: Home): ReturnType<typeof volumeUsers> | undefined {
  try {
    return volumeUsers(folders);
  } catch (error) {
    if (error instanceof HuskError) return undefined;
    throw error;
  }
}
