import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { inFolder, isAscii } from "../../platform/in-folder.ts";
import { emptyFolder, removeTree } from "../../platform/remove-tree.ts";
import { type ByteString, displayName, type TarEntry, type TarHandler } from "../tar/index.ts";
import { type Finish, Finishes } from "./finish.ts";
import { FolderWalk, type Place } from "./folder-walk.ts";
import { namesOf, type Whiteout, whiteoutOf } from "./path.ts";
import { isExact, isExactTimes, timesOf } from "./times.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const O_CLOEXEC = 0o2000000;
const S_IFCHR = 0o020000;
const nodeTypes = { "character-device": S_IFCHR, "block-device": 0o060000, fifo: 0o010000 } as const;

/** How a layer is unpacked. */
export interface UnpackOptions {
  /**
   * Owners as the archive names them: "now" by who unpacks, "later" by the keeper in a user namespace, or "never":
   * everything belongs to who unpacks.
   */
  readonly owners: "now" | "later" | "never";
  /**
   * "overlay": as overlayfs wants them, device 0:0 and an attribute; "apply": the folder holds the layers below
   * already, and what a whiteout hides is removed from it; "none": the archive is no layer, such names are like any other.
   */
  readonly whiteouts: "overlay" | "apply" | "none";
  /** The folder itself was there before and stays as it is, whatever the archive says of its root. */
  readonly keepsRoot?: boolean;
  /**
   * Namespace of overlayfs's attributes: "user" for mounts inside a user namespace (`userxattr`). With "trusted" those
   * of "user" are set as well where they can be, as root's containers may have a user namespace, too.
   */
  readonly overlayXattrs: "trusted" | "user";
  /**
   * Folders that hide what is below them and cannot be marked so on this file system: they are listed in a file beside
   * the layer's folder ({@link readLostMarks}); absent: an error.
   */
  readonly lostMarks?: "beside";
  /** Changes what an archive says of an entry, such as owners; not its name, type or size. */
  readonly change?: (entry: TarEntry) => TarEntry;
  /** Is told what could not be taken over, each a sentence. */
  readonly warn: (message: string) => void;
}

interface FolderFacts {
  readonly mode: number;
  readonly times: NonNullable<Finish["times"]> | undefined;
}

/**
 * Unpacks one layer below a folder, entry by entry. Nothing outside of the folder changes, whatever the archive says:
 * each name is opened by its parent's descriptor, and links are followed as a program inside would follow them, if at
 * all. What node:fs cannot do is left in {@link LayerUnpacker.close}'s answer for the keeper.
 */
export class LayerUnpacker implements TarHandler {
  readonly #walk: FolderWalk;
  readonly #options: UnpackOptions;
  readonly #umask: number;
  readonly #finishes = new Finishes();
  readonly #folders = new Map<ByteString, FolderFacts>();
  /** Paths that this layer made, for whiteouts, which do not concern them. */
  readonly #made = new Set<ByteString>();
  /** Whiteouts, which the keeper will make: device 0:0. */
  readonly #hidden = new Set<ByteString>();
  #entry: TarEntry | undefined;
  /** Files that got another owner than the archive says. */
  #disowned = 0;
  #file: { readonly fd: number; readonly path: ByteString } | undefined;

  constructor(folder: string, options: UnpackOptions) {
    this.#walk = new FolderWalk(folder);
    this.#options = options;
    this.#umask = process.umask();
  }

  /** @throws HuskError "invalid" for an archive that cannot be unpacked, "failed" for a file system that refuses */
  entry(entry: TarEntry): void {
    this.#entry = entry;
    this.#guarded(() => this.#begin(entry));
  }

  data(bytes: Uint8Array, offset: number): void {
    if (this.#file === undefined) return;
    const { fd } = this.#file;
    this.#guarded(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, offset + at);
    });
  }

  end(): void {
    if (this.#file === undefined) return;
    const { fd, path } = this.#file;
    const entry = this.#entry as TarEntry;
    this.#guarded(() => {
      if (entry.extents !== undefined) ftruncateSync(fd, entry.size);
      if (this.#options.owners === "now") fchownSync(fd, entry.uid, entry.gid);
      else this.#ownLater(path, entry);
      const mode = this.#modeOf(entry);
      if ((mode & (0o7000 | this.#umask)) !== 0) fchmodSync(fd, mode);
      if (isExact(entry)) futimesSync(fd, (entry.atime ?? entry.mtime).seconds, entry.mtime.seconds);
      else this.#finishes.at(path).times = timesOf(entry);
      this.#file = undefined;
      closeSync(fd);
    });
  }

  /**
   * The archive is whole: gives the folders their modes and times.
   *
   * @returns what is left for the keeper, by path
   */
  close(): ReadonlyMap<ByteString, Finish> {
    // A folder's mode may forbid its owner to enter: what is deepest comes first.
    const deepestFirst = [...this.#folders].toSorted(([a], [b]) => (a < b ? 1 : -1));
    for (const [path, finish] of this.#finishes.paths) {
      const folder = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
      const facts = this.#folders.get(folder);
      if ((finish.node ?? finish.link) !== undefined && path !== "" && facts?.times !== undefined)
        this.#finishes.at(folder).times = facts.times;
    }
    for (const [path, { mode, times }] of deepestFirst) {
      const place = this.#walk.find(path === "" ? [] : path.split("/"), undefined);
      if (place === undefined) continue;
      const self = `/proc/self/fd/${place.fd}`;
      if (times !== undefined && isExactTimes(times))
        utimesSync(self, times.atime.seconds, times.mtime.seconds);
      else if (times !== undefined) this.#finishes.at(path).times = times;
      chmodSync(self, mode);
    }
    this.#walk.close();
    if (this.#disowned > 0)
      this.#options.warn(
        `${this.#disowned} files belong to others than root in the image, and to you here: no range of ids in /etc/subuid`,
      );
    return this.#finishes.paths;
  }

  /** Lets go of all descriptors, after a failure. */
  abandon(): void {
    if (this.#file !== undefined) closeSync(this.#file.fd);
    this.#file = undefined;
    this.#walk.close();
  }

  #begin(entry: TarEntry): void {
    const names = namesOf(entry.name);
    if (names === undefined) throw this.#refuse("its name leads out of the layer");
    const name = names.pop();
    if (name === undefined) {
      if (entry.type !== "directory") throw this.#refuse("the root of the layer is no folder");
      if (this.#options.keepsRoot === true) return;
      return this.#describeFolder("", entry, this.#walk.find([], undefined) as Place);
    }
    const parent = this.#walk.find(names, (path) => this.#addFolder(path));
    if (parent === undefined) throw this.#refuse("what should be its folder is a file");
    const whiteout = this.#options.whiteouts === "none" ? undefined : whiteoutOf(name);
    if (whiteout !== undefined) return this.#hide(parent, whiteout);
    const path = join(parent.path, name);
    this.#makeRoom(parent, name, entry);
    this.#made.add(path);
    this.#create(parent, name, path, entry);
    // The layer hides what is below and brings something of its own: below a folder nothing may shine through.
    if (this.#hidden.delete(path) && entry.type === "directory") this.#makeOpaque(path);
  }

  /** Removes what stands where the entry belongs, unless both are folders. */
  #makeRoom(parent: Place, name: ByteString, entry: TarEntry): void {
    const path = join(parent.path, name);
    const found = this.#look(parent, name);
    if (found?.isDirectory() === true && entry.type === "directory") return;
    if (entry.type === "hard-link" && namesOf(entry.linkName)?.join("/") === path)
      throw this.#refuse("it is a hard link to itself");
    if (found?.isDirectory() === true) {
      removeTree(parent.fd, name);
      this.#walk.forget(path);
      for (const other of this.#folders.keys())
        if (other === path || other.startsWith(`${path}/`)) this.#folders.delete(other);
      for (const other of this.#made) if (other.startsWith(`${path}/`)) this.#made.delete(other);
    } else if (found !== undefined) unlinkSync(inFolder(parent.fd, name));
    this.#finishes.forget(path, found?.isDirectory() === true);
  }

  #create(parent: Place, name: ByteString, path: ByteString, entry: TarEntry): void {
    const at = inFolder(parent.fd, name);
    switch (entry.type) {
      case "file": {
        const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        this.#file = { fd: openSync(at, flags, entry.mode & 0o777), path };
        break;
      }
      case "directory":
        if (this.#look(parent, name) === undefined) mkdirSync(at, 0o700);
        this.#describeFolder(path, entry, this.#walk.find(path.split("/"), undefined) as Place);
        return;
      case "symlink":
        symlinkSync(isAscii(entry.linkName) ? entry.linkName : Buffer.from(entry.linkName, "latin1"), at);
        if (this.#options.owners === "now") lchownSync(at, entry.uid, entry.gid);
        else this.#ownLater(path, entry);
        if (isExact(entry)) lutimesSync(at, (entry.atime ?? entry.mtime).seconds, entry.mtime.seconds);
        else this.#finishes.at(path).times = timesOf(entry);
        break;
      case "hard-link":
        return this.#link(parent, name, path, entry);
      default: {
        if (entry.type !== "fifo" && this.#options.owners !== "now") {
          this.#options.warn(`${displayName(path)}: a device, which only root can make, was left out`);
          return;
        }
        const finish = this.#finishes.at(path);
        const mode = nodeTypes[entry.type] | entry.mode;
        finish.node = { mode, major: entry.deviceMajor, minor: entry.deviceMinor };
        if (this.#options.owners !== "never") finish.owner = { uid: entry.uid, gid: entry.gid };
        finish.mode = entry.mode;
        finish.times = timesOf(entry);
      }
    }
    this.#addXattrs(path, entry);
  }

  #link(parent: Place, name: ByteString, path: ByteString, entry: TarEntry): void {
    const names = namesOf(entry.linkName);
    const target = names?.pop();
    if (names === undefined || target === undefined)
      throw this.#refuse(`it is a hard link to ${displayName(entry.linkName)}, outside of the layer`);
    // Looking for the target moves the walk on: the parent is found again afterwards.
    const inside = parent.path === "" ? [] : parent.path.split("/");
    const folder = this.#walk.find(names, undefined);
    const targetPath = folder === undefined ? undefined : join(folder.path, target);
    if (targetPath !== undefined && this.#finishes.makes(targetPath)) {
      this.#finishes.at(path).link = targetPath;
      return;
    }
    const held = folder === undefined ? undefined : this.#look(folder, target);
    if (folder === undefined || targetPath === undefined || held === undefined || held.isDirectory())
      throw this.#refuse(
        `it is a hard link to ${displayName(entry.linkName)}, which is no file of the layer`,
      );
    const from = reopen(folder.fd);
    try {
      const to = this.#walk.find(inside, undefined) as Place;
      linkSync(inFolder(from, target), inFolder(to.fd, name));
    } finally {
      closeSync(from);
    }
    // What the keeper will do to the file must happen even if its first name is removed.
    const pending = this.#finishes.paths.get(targetPath);
    if (pending !== undefined) Object.assign(this.#finishes.at(path), pending);
  }

  #hide(parent: Place, whiteout: Whiteout): void {
    const { whiteouts } = this.#options;
    switch (whiteout.kind) {
      case "ignored":
        return;
      case "malformed":
        throw this.#refuse("it is a whiteout of nothing");
      case "opaque":
        if (whiteouts === "overlay") return this.#makeOpaque(parent.path);
        emptyFolder(`/proc/self/fd/${parent.fd}/.`, (name) => this.#made.has(join(parent.path, name)));
        return;
      default: {
        const path = join(parent.path, whiteout.name);
        // A layer's whiteouts hide what is in the layers below, not what the layer itself brings.
        if (this.#made.has(path)) {
          if (whiteouts === "overlay" && this.#folders.has(path)) this.#makeOpaque(path);
          return;
        }
        if (whiteouts === "apply") {
          removeTree(parent.fd, whiteout.name);
          this.#walk.forget(path);
        } else {
          this.#finishes.at(path).node = { mode: S_IFCHR, major: 0, minor: 0 };
          this.#hidden.add(path);
        }
      }
    }
  }

  #makeOpaque(path: ByteString): void {
    if (this.#options.whiteouts !== "overlay") return;
    const finish = this.#finishes.at(path);
    const kinds = this.#options.overlayXattrs === "trusted" ? ["trusted", "user"] : ["user"];
    const xattrs = new Map(finish.xattrs);
    for (const kind of kinds) xattrs.set(`${kind}.overlay.opaque`, Buffer.from("y"));
    finish.xattrs = xattrs;
    const times = this.#folders.get(path)?.times;
    if (times !== undefined) finish.times = times;
  }

  /** A folder that the archive takes for granted. */
  #addFolder(path: ByteString): void {
    this.#folders.set(path, { mode: 0o755, times: undefined });
    this.#made.add(path);
    if (!this.#hidden.delete(path)) return;
    this.#finishes.forget(path, false);
    this.#makeOpaque(path);
  }

  #describeFolder(path: ByteString, entry: TarEntry, place: Place): void {
    if (this.#options.owners === "now") lchownSync(`/proc/self/fd/${place.fd}/.`, entry.uid, entry.gid);
    else this.#ownLater(path, entry);
    this.#folders.set(path, { mode: entry.mode, times: timesOf(entry) });
    this.#addXattrs(path, entry);
  }

  /** What root of the user namespace owns has its owner already. A change of owner clears set-user-id bits. */
  #ownLater(path: ByteString, { uid, gid, mode, type }: TarEntry): void {
    if (uid === 0 && gid === 0) return;
    if (this.#options.owners === "never") this.#disowned++;
    if (this.#options.owners !== "later") return;
    const finish = this.#finishes.at(path);
    finish.owner = { uid, gid };
    if (type !== "symlink" && (mode & 0o6000) !== 0) finish.mode = mode;
  }

  /** A program that runs as its owner must not run as another one. */
  #modeOf({ mode, uid, gid }: TarEntry): number {
    if (this.#options.owners !== "never") return mode;
    return mode & ~((uid === 0 ? 0 : 0o4000) | (gid === 0 ? 0 : 0o2000));
  }

  #addXattrs(path: ByteString, { xattrs, type }: TarEntry): void {
    if (xattrs === undefined) return;
    const kept = new Map(this.#finishes.paths.get(path)?.xattrs);
    for (const [name, value] of xattrs) {
      // They steer overlayfs: redirects, opaque folders and whiteouts would come from the image's maker.
      if (name.includes(".overlay.")) {
        this.#options.warn(`${displayName(path)}: its attribute ${name} is overlayfs's own and was left out`);
        continue;
      }
      if (type === "symlink" && name.startsWith("user.")) continue;
      kept.set(name, value);
    }
    if (kept.size > 0) this.#finishes.at(path).xattrs = kept;
  }

  #look(parent: Place, name: ByteString): Stats | undefined {
    return lstatSync(inFolder(parent.fd, name), { throwIfNoEntry: false });
  }

  /** System errors become errors that name the entry. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch (cause) {
      if (cause instanceof HuskError) throw cause;
      const { code, message } = cause as NodeJS.ErrnoException;
      const full = code === "ENOSPC" || code === "EDQUOT";
      throw new HuskError(
        code === "EPERM" || code === "EACCES" ? "denied" : "failed",
        `cannot unpack ${displayName(this.#entry?.name ?? "")}: ${full ? "the disk is full" : message}`,
        {
          cause,
          ...(full ? { hint: "remove images (husk image prune), or give another folder with --root" } : {}),
        },
      );
    }
  }

  #refuse(why: string): HuskError {
    return new HuskError("invalid", `layer entry ${displayName(this.#entry?.name ?? "")}: ${why}`, {
      hint: "the archive is damaged or was made to do harm; nothing outside of the layer has changed",
    });
  }
}

function join(folder: ByteString, name: ByteString): ByteString {
  return folder === "" ? name : `${folder}/${name}`;
}

function reopen(fd: number): number {
  return openSync(`/proc/self/fd/${fd}`, 0o10000000 | constants.O_DIRECTORY | O_CLOEXEC);
}
