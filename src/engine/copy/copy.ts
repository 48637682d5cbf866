import { closeSync, readFileSync } from "node:fs";
import { decompressed, type TarEntry } from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import { findInRoot } from "../../platform/in-root.ts";
import type { Home } from "../home.ts";
import { unpackArchive, type UnpackArchiveOptions } from "../unpack-archive.ts";
import { withContainerRoot } from "./container-root.ts";
import { packTree } from "./pack-tree.ts";
import { baseOf, findSpot, landingOf, type Spot } from "./spot.ts";

/** What `docker cp` takes. */
export interface CopyOptions {
  /** Owners as they are; absent: of who copies, or of the container's root. */
  readonly archive?: boolean;
  /** A source that is a link stands for what it points to. */
  readonly followLink?: boolean;
  /** Gives it up; what has arrived stays. */
  readonly signal?: AbortSignal;
}

/**
 * Gives a file or folder of a container, running or not, as an archive whose first entry has the name `path` ends in.
 *
 * @param id the container's whole id
 * @throws HuskError "not-found" in docker's words
 */
export async function readFromContainer<T>(
  home: Home,
  id: string,
  path: string,
  take: (archive: AsyncIterable<Uint8Array>) => Promise<T>,
  { followLink = false, signal }: CopyOptions = {},
): Promise<T> {
  const read = async (root: string): Promise<T> => {
    const spot = sourceIn(root, id, path, followLink);
    try {
      const change = idChange(root, "inside");
      return await take(
        packTree(spot.fd, latin(spot.name), { as: latin(baseOf(path)), change, ...kindOf(spot) }),
      );
    } finally {
      spot.leave();
    }
  };
  return withContainerRoot(home, id, read, signal);
}

/**
 * Unpacks an archive, compressed with gzip or zstd or not, into a folder of a container, running or not.
 *
 * @param id the container's whole id
 * @throws HuskError "not-found" in docker's words; "invalid" if `path` is no folder
 */
export async function writeToContainer(
  home: Home,
  id: string,
  path: string,
  archive: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const write = async (root: string): Promise<void> => {
    const found = findInRoot({ root }, path);
    if (found === undefined) throw notFound(path, id);
    try {
      if (!found.stats.isDirectory())
        throw new HuskError("invalid", `${path} in container ${id} is not a directory`);
      await unpackArchive(home, found.fd, decompressed(archive, "the archive"));
    } finally {
      closeSync(found.fd);
    }
  };
  await withContainerRoot(home, id, write, signal);
}

/**
 * Copies a file or folder of a container to this machine, as docker does: into `target` if that is a folder, else
 * under that name; of a source that ends in `/.` the content.
 *
 * @param id the container's whole id
 * @returns the archive's size in bytes, which is what docker tells
 * @throws HuskError "not-found", "invalid", "failed"
 */
export async function copyFromContainer(
  home: Home,
  id: string,
  source: string,
  target: string,
  { archive = false, followLink = false, signal }: CopyOptions = {},
): Promise<number> {
  const to = findSpot("/", absolute(target), true);
  if (to === undefined) throw new HuskError("not-found", `${target}: there is no such folder to copy into`);
  const copy = async (root: string): Promise<number> => {
    const from = sourceIn(root, id, source, followLink);
    try {
      const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
      const inside = idChange(root, "inside");
      const change = archive ? inside : (entry: TarEntry): TarEntry => givenTo(entry, own);
      // An ordinary user gives nothing away here, only in containers.
      const owners = process.geteuid?.() === 0 ? "theirs" : "mine";
      return await land(home, { source, from, target, to, change, owners, ...(signal && { signal }) });
    } finally {
      from.leave();
    }
  };
  try {
    return await withContainerRoot(home, id, copy, signal);
  } finally {
    to.leave();
  }
}

/** Copies a file or folder of this machine into a container, as {@link copyFromContainer} does the other way. */
export async function copyToContainer(
  home: Home,
  id: string,
  source: string,
  target: string,
  { archive = false, followLink = false, signal }: CopyOptions = {},
): Promise<number> {
  const from = findSpot("/", absolute(source), followLink || isFolderPath(source));
  try {
    if (from?.kind === undefined) throw new HuskError("not-found", `${source}: no such file or directory`);
    const copy = async (root: string): Promise<number> => {
      const to = findSpot(root, `/${target}`, true);
      if (to === undefined) throw notFound(target, id);
      try {
        const outside = idChange(root, "outside");
        const change = archive
          ? outside
          : (entry: TarEntry): TarEntry => outside(givenTo(entry, { uid: 0, gid: 0 }));
        return await land(home, { source, from, target, to, change, ...(signal && { signal }) });
      } finally {
        to.leave();
      }
    };
    return await withContainerRoot(home, id, copy, signal);
  } finally {
    from?.leave();
  }
}

/**
 * An entry under another owner. A program that runs as its owner does not become one that runs as somebody else; a
 * device, which its maker may not have been able to open, is for its new owner alone; folders keep their group.
 */
function givenTo(entry: TarEntry, owner: { readonly uid: number; readonly gid: number }): TarEntry {
  const isDevice = entry.type === "character-device" || entry.type === "block-device";
  const lost = (entry.uid === owner.uid ? 0 : 0o4000) | (entry.gid === owner.gid ? 0 : 0o2000);
  const mode = isDevice ? entry.mode & 0o600 : entry.type === "directory" ? entry.mode : entry.mode & ~lost;
  return { ...entry, ...owner, mode };
}

interface Copy extends Pick<UnpackArchiveOptions, "owners" | "signal"> {
  readonly source: string;
  readonly from: Spot;
  readonly target: string;
  readonly to: Spot;
  readonly change: (entry: TarEntry) => TarEntry;
}

async function land(home: Home, { source, from, target, to, change, ...how }: Copy): Promise<number> {
  const { fd, as, leave } = landingOf(source, from.kind === "folder", target, to);
  try {
    const archive = packTree(from.fd, latin(from.name), { as: latin(as), change, ...kindOf(from) });
    return await unpackArchive(home, fd, archive, how);
  } finally {
    leave();
  }
}

function kindOf({ kind }: Spot): { kind?: NonNullable<Spot["kind"]> } {
  return kind === undefined ? {} : { kind };
}

function sourceIn(root: string, id: string, path: string, followLink: boolean): Spot {
  const follow = followLink || isFolderPath(path);
  const spot = findSpot(root, `/${path}`, follow);
  // A link that was to be followed and is still one leads nowhere, or was exchanged for a folder just now.
  if (spot?.kind !== undefined && !(follow && spot.kind === "link")) return spot;
  spot?.leave();
  throw notFound(path, id);
}

function notFound(path: string, id: string): HuskError {
  return new HuskError("not-found", `Could not find the file ${path} in container ${id}`);
}

/** A path that can only mean a folder: a link at its end is followed. */
function isFolderPath(path: string): boolean {
  return /\/\.?$/.test(path);
}

/**
 * Owners as a container's programs see them, or as this machine does; an ordinary user's files get theirs in the user
 * namespace.
 *
 * @param root `/proc/PID/root` of a process of the container's
 */
function idChange(root: string, to: "inside" | "outside"): (entry: TarEntry) => TarEntry {
  if (process.geteuid?.() !== 0) return (entry) => entry;
  const read = (name: string): ((id: number) => number) => {
    const ranges = readFileSync(`${root.slice(0, root.lastIndexOf("/"))}/${name}`, "latin1")
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number, number]);
    return (id) => {
      for (const [inside, outside, size] of ranges) {
        const [from, there] = to === "outside" ? [inside, outside] : [outside, inside];
        if (id >= from && id < from + size) return there + id - from;
      }
      return id;
    };
  };
  const [uid, gid] = [read("uid_map"), read("gid_map")];
  return (entry) => ({ ...entry, uid: uid(entry.uid), gid: gid(entry.gid) });
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${process.cwd()}/${path}`;
}

function latin(text: string): string {
  return Buffer.from(text).toString("latin1");
}
