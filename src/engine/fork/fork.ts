import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { packLayer } from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import { makeFolder } from "../container/folder.ts";
import { withContainer } from "../container/lock.ts";
import { containerPaths } from "../container/paths.ts";
import type { ContainerRecord } from "../container/record.ts";
import { isAlive } from "../container/state.ts";
import { whileFrozen } from "../copy/export.ts";
import { writeRecord } from "../container/write-record.ts";
import { tellContainer } from "../events/container-event.ts";
import type { Home } from "../home.ts";
import { newId } from "../id.ts";
import { imageContext } from "../image-context.ts";
import { withDraft } from "../life/create.ts";
import { readTarget, type Target } from "../life/target.ts";
import { becomeLike, unpackArchive } from "../unpack-archive.ts";
import { dropForks, forkFolder, forksOf, completeFork } from "./fork-layers.ts";
import { ownVolumes } from "./own-volumes.ts";

export interface ForkOptions {
  /** Absent: a random one. */
  readonly name?: string;
}

/**
 * Makes a new container, not started yet, whose file system is what that of another one is at this moment; from then
 * on they go their own ways. Everything else is as with the first: program, limits, named volumes; a volume that is
 * the first one's alone is copied.
 *
 * What a stopped container of an image wrote becomes a layer that both stand on, in one step, whatever its size.
 * A running one is frozen while it is copied, and so is what a container of host wrote; a container that is a copy of
 * its image is copied as a whole.
 *
 * @param id the first one's whole id
 * @throws HuskError "unsupported" for a container that writes into a folder directly; "conflict" for a name that is
 *   taken; "failed"
 */
export async function forkContainer(
  home: Home,
  id: string,
  { name }: ForkOptions = {},
): Promise<ContainerRecord> {
  return withContainer(home.folders, id, async () => {
    const target = readTarget(home, id);
    const { source } = target.record;
    if (source.kind === "rootfs" || source.kind === "bundle")
      throw new HuskError("unsupported", `${target.record.name} writes into ${source.path} itself`, {
        hint: "fork containers of an image or of host, or copy the folder",
      });
    return source.kind === "image" ? forkImage(home, target, name) : forkHost(home, target, name);
  });
}

async function forkImage(home: Home, target: Target, name: string | undefined): Promise<ContainerRecord> {
  const { paths, state } = target;
  const { root } = home.folders;
  if (existsSync(paths.copy))
    return recordFork(home, target.record, [], name, (folder) =>
      whileFrozen(target, () => copyTree(home, paths.copy, `${folder}/rootfs`, "none")),
    );
  // Nothing was written since it was forked last, or ever.
  if (!existsSync(paths.upper) || readdirSync(paths.upper).length === 0)
    return recordFork(home, target.record, forksOf(target.record), name);
  const fork = newId();
  if (isAlive(state)) {
    try {
      await whileFrozen(target, () => copyTree(home, paths.upper, forkFolder(root, fork), "overlay"));
      return await recordFork(home, target.record, [fork, ...forksOf(target.record)], name);
    } catch (error) {
      await dropForks(home, [fork]);
      throw error;
    }
  }
  const { source } = target.record;
  const forks = [fork, ...forksOf(target.record)];
  const record: ContainerRecord = { ...target.record, source: { ...source, forks } as typeof source };
  writeRecord(home.folders, record);
  completeFork(root, record, paths);
  return recordFork(home, record, forks, name);
}

async function forkHost(home: Home, target: Target, name: string | undefined): Promise<ContainerRecord> {
  const { paths, record } = target;
  return recordFork(home, record, [], name, async (folder) => {
    if (!existsSync(paths.upper)) return;
    const copy = async (): Promise<void> => {
      for (const part of ["upper", "views"])
        await copyTree(home, `${paths.folder}/${part}`, `${folder}/${part}`, "overlay");
    };
    await whileFrozen(target, copy);
    mkdirSync(`${folder}/work`);
    becomeLike(`${folder}/work`, paths.work);
  });
}

/** Lists the new container, with what `fill` puts into its folder. */
async function recordFork(
  home: Home,
  first: ContainerRecord,
  forks: readonly string[],
  name: string | undefined,
  fill: (folder: string) => Promise<void> = async () => {},
): Promise<ContainerRecord> {
  const { source } = first;
  const { options, takeBack } = await ownVolumes(home, first.options);
  const draft = {
    command: [],
    ...(name === undefined ? {} : { name }),
    source: { kind: "host", with: [] },
  } as const;
  try {
    return await withDraft(draft, {}, async ({ id, name: chosen, created }) => {
      const record: ContainerRecord = {
        ...first,
        id,
        name: chosen,
        created,
        options,
        source: source.kind === "image" ? { ...source, forks } : source,
        forked: first.id,
      };
      return withContainer(home.folders, id, async () => {
        makeFolder(home.folders, record);
        try {
          await fill(containerPaths(home.folders, id).folder);
        } catch (error) {
          const { dropContainer } = await import("../life/remove.ts");
          await dropContainer(home, record, false);
          throw error;
        }
        tellContainer(home.folders, record, "create");
        return record;
      });
    });
  } catch (error) {
    await takeBack();
    throw error;
  }
}

/**
 * Copies a folder with owners, times, attributes; it appears whole or not at all.
 *
 * @param whiteouts "overlay": the folder is in overlayfs's form
 */
async function copyTree(home: Home, from: string, to: string, whiteouts: "none" | "overlay"): Promise<void> {
  const { tools } = imageContext(home, () => {});
  const parent = to.slice(0, to.lastIndexOf("/"));
  const unfinished = `${parent}/.new-${process.pid}-${to.slice(parent.length + 1)}`;
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  try {
    await unpackArchive(
      home,
      unfinished,
      packLayer(from, { overlay: whiteouts === "overlay" }, tools),
      whiteouts,
    );
    becomeLike(unfinished, from);
    renameSync(unfinished, to);
  } catch (error) {
    const { removeFolder } = await import("../life/remove.ts");
    await removeFolder(home, unfinished);
    throw error;
  }
}
