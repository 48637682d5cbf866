import { type BigIntStats, closeSync, constants, lstatSync, openSync, readdirSync } from "node:fs";
import { type ByteString, content, describe, TAR_END, tarHeader, type TarEntry } from "../../image/index.ts";

const { O_DIRECTORY, O_NOFOLLOW } = constants;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

export interface PackTreeOptions {
  /** Name of the first entry in the archive; "." for a folder's content alone. */
  readonly as: ByteString;
  /** What it was found to be; if it is another thing by now, exchanged for a link perhaps, nothing is packed. */
  readonly kind?: "folder" | "link" | "file";
  /** Changes what is said of an entry. */
  readonly change?: (entry: TarEntry) => TarEntry;
}

/**
 * A file, or a folder with all that is in it, as an archive, piece by piece. Every folder is opened by its parent's
 * descriptor and no link is followed, so it does not matter who changes the tree meanwhile. Sockets are left out.
 *
 * @param folder a descriptor of the folder that it is in
 */
export async function* packTree(
  folder: number,
  name: ByteString,
  options: PackTreeOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const inodes = new Map<string, ByteString>();
  yield* pack(folder, name, options.as, options, inodes);
  yield TAR_END;
}

function kindOf(stats: BigIntStats): "folder" | "link" | "file" {
  return stats.isDirectory() ? "folder" : stats.isSymbolicLink() ? "link" : "file";
}

function* pack(
  folder: number,
  name: ByteString,
  as: ByteString,
  options: PackTreeOptions,
  inodes: Map<string, ByteString>,
): Generator<Uint8Array, void, undefined> {
  const here = `/proc/self/fd/${folder}`;
  const stats = statAt(here, name);
  if (stats === undefined || stats.isSocket()) return;
  if (as === options.as && options.kind !== undefined && options.kind !== kindOf(stats)) return;
  const { change = (entry: TarEntry) => entry } = options;
  const entry = change({ ...describe(folder, name, stats, undefined), name: as });
  const inode = `${stats.dev}:${stats.ino}`;
  const first = stats.nlink > 1n && !stats.isDirectory() ? inodes.get(inode) : undefined;
  if (first !== undefined) {
    yield tarHeader({ ...entry, type: "hard-link", linkName: first, size: 0 });
    return;
  }
  inodes.set(inode, as);
  if (as !== ".") yield tarHeader(entry);
  if (entry.type === "file") yield* content(folder, name, entry.size);
  if (entry.type !== "directory") return;
  const fd = openSync(place(here, name), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  try {
    const names = readdirSync(`/proc/self/fd/${fd}`, { encoding: "buffer" }).map((bytes) =>
      bytes.toString("latin1"),
    );
    for (const inside of names.toSorted()) yield* pack(fd, inside, `${as}/${inside}`, options, inodes);
  } finally {
    closeSync(fd);
  }
}

function statAt(folder: string, name: ByteString): BigIntStats | undefined {
  return lstatSync(place(folder, name), { bigint: true, throwIfNoEntry: false });
}

function place(folder: string, name: ByteString): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, "latin1")]);
}
