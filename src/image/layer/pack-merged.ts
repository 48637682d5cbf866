import type { BigIntStats } from "node:fs";
import { type ByteString, TAR_END, type TarEntry, tarHeader } from "../tar/index.ts";
import type { KeeperTools } from "./keeper-work.ts";
import { FolderWalk } from "./folder-walk.ts";
import { content, describe, isOpaque, listTree, placeOf } from "./pack.ts";
import { readLostMarks } from "./lost-marks.ts";
import { packInNamespace, packsInNamespace } from "./pack-in-namespace.ts";
import { readXattrs } from "./read-xattrs.ts";

/** A file of one of the layers. */
interface Shown {
  readonly root: string;
  readonly stats: BigIntStats;
  readonly xattrs: ReadonlyMap<ByteString, Uint8Array> | undefined;
}

/**
 * What an overlay of folders shows, as one archive without whiteouts, piece by piece: the root file system of a
 * container that does not run, without mounting anything. In the order of its names' bytes.
 *
 * @param folders in overlayfs's own form, the topmost first
 * @param change changes what is said of a file of a folder, such as owners; it does not go with `tools.packer`, in whose
 *   user namespace they are the container's
 */
export async function* packMerged(
  folders: readonly string[],
  tools: KeeperTools,
  change: (entry: TarEntry, folder: string) => TarEntry = (entry) => entry,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (packsInNamespace(tools)) return yield* packInNamespace("merged", folders, tools);
  const shown = await merge(folders, tools);
  const paths = [...shown.keys()].toSorted((a, b) => (inTreeOrder(a) < inTreeOrder(b) ? -1 : 1));
  const inodes = new Map<string, ByteString>();
  const walks = new Map(folders.map((folder) => [folder, new FolderWalk(`${folder}/.`)]));
  try {
    for (const path of paths) {
      const { root, stats, xattrs } = shown.get(path) as Shown;
      const [folder, name] = placeOf(walks.get(root) as FolderWalk, path);
      const entry = change({ ...describe(folder, name, stats, xattrs), name: path }, root);
      const inode = `${root}:${stats.ino}`;
      const first = stats.nlink > 1n && entry.type !== "directory" ? inodes.get(inode) : undefined;
      if (first !== undefined) {
        yield tarHeader({ ...entry, type: "hard-link", linkName: first, size: 0 });
        continue;
      }
      inodes.set(inode, path);
      yield tarHeader(entry);
      if (entry.type === "file") yield* content(folder, name, entry.size);
    }
  } finally {
    for (const walk of walks.values()) walk.close();
  }
  yield TAR_END;
}

async function merge(folders: readonly string[], tools: KeeperTools): Promise<Map<ByteString, Shown>> {
  const shown = new Map<ByteString, Shown>();
  for (const root of folders.toReversed()) {
    const found = listTree(root);
    const asked = found.filter(({ stats }) => !stats.isSymbolicLink()).map(({ path }) => path);
    const xattrs = await readXattrs(root, asked, tools);
    const lost = readLostMarks(root);
    for (const { path, stats } of found) {
      const own = xattrs.get(path);
      const below = shown.get(path);
      const hides = stats.isDirectory()
        ? isOpaque(own) || lost.has(path) || below?.stats.isDirectory() === false
        : true;
      if (below !== undefined && hides) hide(shown, path);
      const isWhiteout = stats.isCharacterDevice() && stats.rdev === 0n;
      if (!isWhiteout) shown.set(path, { root, stats, xattrs: own });
    }
  }
  return shown;
}

/** Takes away a path and what is below it. */
function hide(shown: Map<ByteString, Shown>, path: ByteString): void {
  const isFolder = shown.get(path)?.stats.isDirectory() === true;
  shown.delete(path);
  if (!isFolder) return;
  for (const other of shown.keys()) if (other.startsWith(`${path}/`)) shown.delete(other);
}

/** A folder comes before what is in it, and its neighbours after that. */
function inTreeOrder(path: ByteString): ByteString {
  return path.replaceAll("/", "\0");
}
