import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { packLayer } from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import { draftFolder } from "../container/folder.ts";
import { withContainer } from "../container/lock.ts";
import type { ContainerRecord } from "../container/record.ts";
import { isAlive } from "../container/state.ts";
import { whileStill } from "../copy/while-still.ts";
import { writeRecord } from "../container/write-record.ts";
import { tellContainer } from "../events/container-event.ts";
import type { Home } from "../home.ts";
import { newId } from "../id.ts";
import { imageContext } from "../image-context.ts";
import { withDraft } from "../life/create.ts";
import { removeFolder } from "../life/remove.ts";
import { readTarget, type Target } from "../life/target.ts";
import { becomeLike, unpackArchive } from "../unpack-archive.ts";
import { completeFork, forksOf } from "./fork-layers.ts";
import { ownVolumes } from "./own-volumes.ts";

export interface ForkOptions {
  /** Absent: a random one. */
  readonly name?: string;
  /** Gives it up; there is no new container then. */
  readonly signal?: AbortSignal;
}

/** A fork that is being made: its first container stands still. */
interface Fork extends ForkOptions {
  readonly home: Home;
  readonly target: Target;
}

/**
 * Makes a new container, not started yet, whose file system is what that of another one is at this moment; from then
 * on they go their own ways. Everything else is as with the first: program, limits, named volumes; a volume that is
 * the first one's alone is copied.
 *
 * What a stopped container of an image wrote becomes a layer that both stand on, in one step, whatever its size, as long
 * as an overlay takes one more. A running one is frozen while it is copied, and so is what a container of host wrote; a
 * container that is a copy of its image is copied as a whole.
 *
 * @param id the first one's whole id
 * @throws HuskError "unsupported" for a container that writes into a folder directly; "conflict" for a name that is
 *   taken; "failed"
 */
export async function forkContainer(
  home: Home,
  id: string,
  options: ForkOptions = {},
): Promise<ContainerRecord> {
  const { name, source } = readTarget(home, id).record;
  if (source.kind === "rootfs" || source.kind === "bundle")
    throw new HuskError("unsupported", `${name} writes into ${source.path} itself`, {
      hint: "fork containers of an image or of host, or copy the folder",
    });
  const fork = source.kind === "image" ? forkImage : forkHost;
  return whileStill(home, id, (target) => fork({ ...options, home, target }), options.signal);
}

/** An overlay takes so many folders below the writable one (OVL_MAX_STACK in fs/overlayfs/params.h). */
const MOST_LAYERS = 500;

async function forkImage(fork: Fork): Promise<ContainerRecord> {
  const { home, target } = fork;
  const { paths, record, state } = target;
  const { root } = home.folders;
  if (existsSync(paths.copy))
    return recordFork(fork, record, (folder) => copyTree(fork, paths.copy, `${folder}/rootfs`, "none"));
  if (!isAlive(state)) completeFork(root, record, paths);
  // Nothing was written since it was forked last, or ever.
  if (!existsSync(paths.upper) || readdirSync(paths.upper).length === 0) return recordFork(fork, record);
  const { source } = record;
  const hasRoom = source.kind === "image" && source.layers.length + forksOf(record).length < MOST_LAYERS;
  if (isAlive(state) || !hasRoom) return recordFork(fork, record, (folder) => copyWritten(fork, folder));
  const layered = { ...record, source: { ...source, forks: [newId(), ...forksOf(record)] } as typeof source };
  writeRecord(home.folders, layered);
  completeFork(root, layered, paths);
  return recordFork(fork, layered);
}

async function forkHost(fork: Fork): Promise<ContainerRecord> {
  const { paths, record } = fork.target;
  return recordFork(fork, record, async (folder) => {
    if (existsSync(paths.upper)) await copyWritten(fork, folder);
  });
}

/** Copies what a container wrote into another one's folder. */
async function copyWritten(fork: Fork, folder: string): Promise<void> {
  const { paths } = fork.target;
  for (const part of ["upper", "views", "beside"])
    if (existsSync(`${paths.folder}/${part}`))
      await copyTree(fork, `${paths.folder}/${part}`, `${folder}/${part}`, "overlay");
  for (const work of ["work", "beside-work"]) {
    if (!existsSync(`${paths.folder}/${work}`)) continue;
    mkdirSync(`${folder}/${work}`);
    becomeLike(`${folder}/${work}`, `${paths.folder}/${work}`);
  }
}

/** Lists the new container when `fill` has put into its folder what belongs there. */
async function recordFork(
  { home, name, signal }: Fork,
  first: ContainerRecord,
  fill: (folder: string) => Promise<void> = async () => {},
): Promise<ContainerRecord> {
  const { folders } = home;
  const { options, letGo, takeBack } = await ownVolumes(home, first.options, signal);
  const draft = {
    command: [],
    ...(name === undefined ? {} : { name }),
    source: { kind: "host", with: [] },
  } as const;
  try {
    return await withDraft(draft, {}, async ({ id, name: chosen, created }) => {
      const record: ContainerRecord = { ...first, id, name: chosen, created, options, forked: first.id };
      return withContainer(folders, id, async () => {
        const { discard, folder, list } = draftFolder(folders, record);
        try {
          await fill(folder);
        } catch (error) {
          discard();
          await removeFolder(home, folder);
          throw error;
        }
        list();
        letGo();
        tellContainer(folders, record, "create");
        return record;
      });
    });
  } catch (error) {
    await takeBack();
    throw error;
  }
}

/**
 * Copies a folder with owners, times, attributes.
 *
 * @param whiteouts "overlay": the folder is in overlayfs's form
 */
async function copyTree(
  { home, signal }: Fork,
  from: string,
  to: string,
  whiteouts: "none" | "overlay",
): Promise<void> {
  const { tools } = imageContext(home, () => {});
  mkdirSync(to, { mode: 0o700 });
  const archive = packLayer(from, { overlay: whiteouts === "overlay" }, tools);
  await unpackArchive(home, to, archive, { whiteouts, ...(signal && { signal }) });
  becomeLike(to, from);
}
