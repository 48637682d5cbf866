import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { inFolder } from "../../platform/in-folder.ts";
import {
  type ByteString,
  displayName,
  TAR_END,
  type TarEntry,
  tarHeader,
  tarPadding,
  type TarType,
} from "../tar/index.ts";
import { checkDepth, FolderWalk } from "./folder-walk.ts";
import type { KeeperTools } from "./keeper-work.ts";
import { OPAQUE_NAME, WHITEOUT_PREFIX } from "./path.ts";
import { packInNamespace, packsInNamespace } from "./pack-in-namespace.ts";
import { readXattrs } from "./read-xattrs.ts";

const PIECE = 1 << 18;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const S_IFMT = 0o170000;
const types: Readonly<Record<number, TarType>> = {
  0o100000: "file",
  0o040000: "directory",
  0o120000: "symlink",
  0o020000: "character-device",
  0o060000: "block-device",
  0o010000: "fifo",
};

/** A file below a root. */
export interface Found {
  readonly path: ByteString;
  readonly stats: BigIntStats;
}

/** How a folder becomes an archive. */
export interface PackOptions {
  /** The folder is the upper one of an overlay: its whiteouts and opaque folders become those of a layer. */
  readonly overlay: boolean;
  /** Changes what is said of an entry, or leaves it out: owners, times. */
  readonly change?: (entry: TarEntry) => TarEntry | undefined;
}

/**
 * A folder as a layer's archive, piece by piece: everything in it in the order of its bytes, so that equal folders
 * give equal archives. Sockets are left out, as they mean nothing without their process. Of extended attributes there
 * are capabilities and those of namespaces `user` and `trusted`.
 *
 * @throws HuskError "unsupported" for a name that a layer cannot have, "failed" for a file that changes meanwhile
 */
export async function* packLayer(
  folder: string,
  options: PackOptions,
  tools: KeeperTools,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (options.change === undefined && packsInNamespace(tools))
    return yield* packInNamespace(options.overlay ? "overlay" : "folder", [folder], tools);
  const all = listTree(folder);
  const withXattrs = all.filter(({ stats }) => !stats.isSymbolicLink()).map(({ path }) => path);
  const xattrs = await readXattrs(folder, withXattrs, tools);
  const inodes = new Map<bigint, ByteString>();
  const walk = new FolderWalk(`${folder}/.`);
  try {
    for (const found of all) yield* packFile(walk, found, xattrs.get(found.path), options, inodes);
  } finally {
    walk.close();
  }
  yield TAR_END;
}

function* packFile(
  walk: FolderWalk,
  { path, stats }: Found,
  own: ReadonlyMap<ByteString, Uint8Array> | undefined,
  options: PackOptions,
  inodes: Map<bigint, ByteString>,
): Generator<Uint8Array, void, undefined> {
  const [folder, name] = placeOf(walk, path);
  if (name.startsWith(WHITEOUT_PREFIX))
    throw new HuskError("unsupported", `a layer cannot hold the file ${displayName(path)}`, {
      hint: `names that begin with ${WHITEOUT_PREFIX} mark deleted files in layers: rename it`,
    });
  if (options.overlay && stats.isCharacterDevice() && stats.rdev === 0n) {
    const hidden = `${path.slice(0, path.length - name.length)}${WHITEOUT_PREFIX}${name}`;
    yield tarHeader(marker(hidden));
    return;
  }
  const found = { ...describe(folder, name, stats, own), name: path };
  const entry = options.change === undefined ? found : options.change(found);
  if (entry === undefined) return;
  const first = stats.nlink > 1n && entry.type !== "directory" ? inodes.get(stats.ino) : undefined;
  if (first !== undefined) {
    yield tarHeader({ ...entry, type: "hard-link", linkName: first, size: 0 });
    return;
  }
  inodes.set(stats.ino, path);
  yield tarHeader(entry);
  if (entry.type === "file") yield* content(folder, name, entry.size);
  if (options.overlay && isOpaque(own))
    yield tarHeader(marker(`${path === "." ? "" : `${path}/`}${OPAQUE_NAME}`));
}

/**
 * Everything below a root but sockets, folders before what is in them, in the order of names' bytes. No link is
 * followed, and what goes meanwhile is passed over.
 */
export function listTree(root: string): Found[] {
  const found: Found[] = [];
  list(openFolder(`${root}/.`), "", 0, found);
  return found;
}

function list(folder: number, path: ByteString, depth: number, into: Found[]): void {
  try {
    checkDepth(depth, path);
    const names = readdirSync(`/proc/self/fd/${folder}`, { encoding: "buffer" }).map((name) =>
      name.toString("latin1"),
    );
    for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) {
      const place = inFolder(folder, name);
      const stats = lstatSync(place, { bigint: true, throwIfNoEntry: false });
      if (stats === undefined || stats.isSocket()) continue;
      const inside = path === "" ? name : `${path}/${name}`;
      into.push({ path: inside, stats });
      if (stats.isDirectory()) list(openFolder(place), inside, depth + 1, into);
    }
  } finally {
    closeSync(folder);
  }
}

function openFolder(place: string | Buffer): number {
  return openSync(place, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW | O_CLOEXEC);
}

/**
 * The folder of a path, open until the walk goes on, and the path's last name.
 *
 * @throws HuskError "failed" for a folder that is gone
 */
export function placeOf(walk: FolderWalk, path: ByteString): [folder: number, name: ByteString] {
  const names = path.split("/");
  const name = names.pop() as ByteString;
  const folder = walk.find(names, undefined);
  if (folder === undefined) throw changed(path);
  return [folder.fd, name];
}

function changed(path: ByteString): HuskError {
  return new HuskError("failed", `${displayName(path)} became another file while it was read`, {
    hint: "stop what writes there, and do it again",
  });
}

/** A file in a folder that is open, as an entry of an archive. */
export function describe(
  folder: number,
  name: ByteString,
  stats: BigIntStats,
  xattrs: ReadonlyMap<ByteString, Uint8Array> | undefined,
): TarEntry {
  const mode = Number(stats.mode);
  const type = types[mode & S_IFMT] as TarType;
  const kept = [...(xattrs ?? [])].filter(([name]) => isPortable(name));
  const isDevice = type === "character-device" || type === "block-device";
  const link =
    type === "symlink" ? readlinkSync(inFolder(folder, name), { encoding: "buffer" }).toString("latin1") : "";
  const nanoseconds = ((stats.mtimeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return {
    name,
    type,
    mode: mode & 0o7777,
    uid: ownId(stats.uid, process.geteuid?.()),
    gid: ownId(stats.gid, process.getegid?.()),
    size: type === "file" ? Number(stats.size) : 0,
    mtime: {
      seconds: Number((stats.mtimeNs - nanoseconds) / 1_000_000_000n),
      nanoseconds: Number(nanoseconds),
    },
    linkName: link,
    userName: "",
    groupName: "",
    deviceMajor: isDevice ? Number(((stats.rdev >> 8n) & 0xfffn) | ((stats.rdev >> 32n) & ~0xfffn)) : 0,
    deviceMinor: isDevice ? Number((stats.rdev & 0xffn) | ((stats.rdev >> 12n) & ~0xffn)) : 0,
    ...(kept.length > 0 ? { xattrs: new Map(kept) } : {}),
  };
}

/** An ordinary user is root in containers. */
function ownId(id: bigint, own: number | undefined): number {
  return own !== 0 && Number(id) === own ? 0 : Number(id);
}

/** Labels and access control lists are this machine's matter; overlayfs's attributes describe its own layers. */
function isPortable(name: ByteString): boolean {
  if (name.includes(".overlay.")) return false;
  return name === "security.capability" || name.startsWith("user.") || name.startsWith("trusted.");
}

/** Whether a folder of an overlay hides what is below it. */
export function isOpaque(xattrs: ReadonlyMap<ByteString, Uint8Array> | undefined): boolean {
  const value = xattrs?.get("trusted.overlay.opaque") ?? xattrs?.get("user.overlay.opaque");
  return value !== undefined && Buffer.from(value).toString() === "y";
}

/** A marker has no time of its own: unpacking makes another whiteout, and packing that has to give the same bytes. */
function marker(name: ByteString): TarEntry {
  return {
    name,
    type: "file",
    mode: 0,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: { seconds: 0, nanoseconds: 0 },
    linkName: "",
    userName: "",
    groupName: "",
    deviceMajor: 0,
    deviceMinor: 0,
  };
}

/**
 * The content of a regular file in a folder that is open, and the padding after it. Whatever stands there by now,
 * nothing but a regular file is opened: a device may be one that the container's maker has no right to read.
 */
export function* content(
  folder: number,
  name: ByteString,
  size: number,
): Generator<Uint8Array, void, undefined> {
  const fd = openFile(folder, name);
  try {
    for (let at = 0; at < size; ) {
      const piece = new Uint8Array(Math.min(PIECE, size - at));
      const count = readSync(fd, piece, 0, piece.length, at);
      if (count === 0)
        throw new HuskError("failed", `${displayName(name)} became shorter while it was read`, {
          hint: "stop what writes to it, and do it again",
        });
      yield piece.subarray(0, count);
      at += count;
    }
  } finally {
    closeSync(fd);
  }
  yield tarPadding(size);
}

function openFile(folder: number, name: ByteString): number {
  const found = openSync(inFolder(folder, name), O_PATH | constants.O_NOFOLLOW | O_CLOEXEC);
  try {
    if (!fstatSync(found).isFile()) throw changed(name);
    return openSync(`/proc/self/fd/${found}`, constants.O_RDONLY | O_CLOEXEC);
  } finally {
    closeSync(found);
  }
}
