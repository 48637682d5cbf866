import { type BigIntStats, closeSync, constants, lstatSync, openSync, readdirSync } from "node:fs";
import {
  type ByteString,
  content,
  describe,
  displayName,
  TAR_END,
  tarHeader,
  type TarEntry,
} from "../../image/index.ts";
import { fileError } from "./spot.ts";

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
  const progress: Progress = { inodes: new Map(), at: options.as };
  try {
    yield* pack(folder, name, options.as, options, progress);
  } catch (error) {
    // Even root reads not everything: the image host keeps back what others may not read, NFS what is root's.
    throw fileError("read", displayName(`${name}${progress.at.slice(options.as.length)}`), error);
  }
  yield TAR_END;
}

interface Progress {
  /** Where files with several names stand first. */
  readonly inodes: Map<string, ByteString>;
  /** The entry that is being packed. */
  at: ByteString;
}

function kindOf(stats: BigIntStats): "folder" | "link" | "file" {
  return stats.isDirectory() ? "folder" : stats.isSymbolicLink() ? "link" : "file";
}

function* pack(
  folder: number,
  name: ByteString,
  as: ByteString,
  options: PackTreeOptions,
  progress: Progress,
): Generator<Uint8Array, void, undefined> {
  progress.at = as;
  const { inodes } = progress;
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
  if (entry.type === "file") {
    yield* packFile(tarHeader(entry), content(folder, name, entry.size));
    return;
  }
  if (as !== ".") yield tarHeader(entry);
  if (entry.type !== "directory") return;
  const fd = openSync(place(here, name), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  try {
    const names = readdirSync(`/proc/self/fd/${fd}`, { encoding: "buffer" }).map((bytes) =>
      bytes.toString("latin1"),
    );
    for (const inside of names.toSorted()) yield* pack(fd, inside, `${as}/${inside}`, options, progress);
  } finally {
    closeSync(fd);
  }
}

/** The file is opened first: of one that cannot be read nothing comes into being elsewhere. */
function* packFile(
  header: Uint8Array,
  content: Generator<Uint8Array, void, undefined>,
): Generator<Uint8Array, void, undefined> {
  const first = content.next();
  try {
    yield header;
    if (first.done !== true) yield first.value;
    yield* content;
  } finally {
    content.return();
  }
}

function statAt(folder: string, name: ByteString): BigIntStats | undefined {
  return lstatSync(place(folder, name), { bigint: true, throwIfNoEntry: false });
}

function place(folder: string, name: ByteString): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, "latin1")]);
}
