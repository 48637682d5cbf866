import { readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { cleanPath, ROOT, type RootfsSource, type RootPart } from "../../rootfs/index.ts";
import { unreadableByOthers } from "./unreadable.ts";

/** What the host image depends on. */
export interface HostImageOptions {
  /** More folders of the host, absolute, shown in the same way (`--with`). */
  readonly with?: readonly string[];
  /** Contents of /etc/hostname, /etc/hosts and /etc/resolv.conf; absent: the host's file, if others may read it. */
  readonly hostname?: string;
  readonly hosts?: string;
  readonly resolvConf?: string;
  /** The id maps of the container's user namespace; absent: it has none of its own. */
  readonly idMaps?: { readonly uids: readonly IdRange[]; readonly gids: readonly IdRange[] };
  /** Largest size of everything written, in tmpfs's words (`512m`); absent: half of the memory. */
  readonly size?: string;
}

/** Ids that exist in a user namespace. */
export interface IdRange {
  readonly containerID: number;
  readonly size: number;
}

/** The built-in image `host`. */
export interface HostImage {
  readonly source: Extract<RootfsSource, { kind: "composed" }>;
  /** What is weaker or slower here than it should be, each a sentence. */
  readonly warnings: readonly string[];
}

const OVERLAYFS_SUPER_MAGIC = 0x794c7630;
/** PROC_USER_INIT_INO of include/linux/proc_ns.h. */
const FIRST_USER_NAMESPACE = "user:[4026531837]";
/** Owns no file: far above every range of ids in use, and below 2^31, where programs begin to misread them. */
const NOBODY_AT_ALL = 2147483646;
const NOBODY = 65534;
/** The host's folders besides /usr and /etc; on most machines they are links into /usr. */
const PROGRAM_FOLDERS = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/**
 * This machine as an image that needs no network: its /usr, /bin, /sbin, /lib* and the world-readable part of /etc
 * as a copy-on-write view, and everything else new and empty. What others may not read stays unreadable, to the
 * container's root too. File systems mounted below /usr or /etc are not part of it, unless named in `with`.
 *
 * @throws HuskError `invalid`, `not-found` for a folder in `with`
 */
export function hostImage(options: HostImageOptions = {}): HostImage {
  const parts = freshParts();
  const folders: string[] = [];
  for (const entry of readdirSync("/", { withFileTypes: true })) {
    if (entry.isDirectory()) folders.push(entry.name);
    if (!PROGRAM_FOLDERS.includes(entry.name)) continue;
    const path = `/${entry.name}`;
    if (entry.isSymbolicLink()) parts.push({ kind: "link", path, target: readlinkSync(path) });
    else if (entry.isDirectory()) parts.push({ kind: "copy-on-write", path, from: path, mode: 0o755 });
  }
  parts.push({ kind: "copy-on-write", path: "/usr", from: "/usr", mode: 0o755 });
  parts.push({ kind: "copy-on-write", path: "/etc", from: "/etc", mode: 0o755 });
  markInRoot(parts, folders);
  for (const folder of options.with ?? []) addFolder(parts, folder);
  const warnings = hideWhereNested(parts);
  const { hostname, hosts, resolvConf, size } = options;
  if (hostname !== undefined) parts.push(file("/etc/hostname", `${hostname}\n`));
  if (hosts !== undefined) parts.push(file("/etc/hosts", hosts));
  if (resolvConf !== undefined) parts.push(file("/etc/resolv.conf", resolvConf));
  parts.push({ kind: "link", path: "/etc/mtab", target: "/proc/self/mounts" });
  const reader = readerIn(options.idMaps);
  return {
    source: {
      kind: "composed",
      parts,
      ...(reader === undefined ? {} : { reader }),
      ...(size === undefined ? {} : { size }),
    },
    warnings,
  };
}

/**
 * Marks the parts that are folders in `/` themselves.
 *
 * @param folders names of those
 */
function markInRoot(parts: RootPart[], folders: readonly string[]): void {
  if (folders.includes(ROOT) || statfsSync("/").type === OVERLAYFS_SUPER_MAGIC) return;
  // In another user namespace mounts are not to be looked under.
  if (readlinkSync("/proc/self/ns/user") !== FIRST_USER_NAMESPACE) return;
  const mounts = readFileSync("/proc/self/mountinfo", "latin1");
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as RootPart;
    if (part.kind !== "copy-on-write" || !folders.includes(part.path.slice(1))) continue;
    if (!mounts.includes(` ${part.path} `)) parts[i] = { ...part, inRoot: true };
  }
}

function freshParts(): RootPart[] {
  return [
    folder("/dev", 0o755),
    folder("/proc", 0o555),
    folder("/sys", 0o555),
    folder("/root", 0o700),
    folder("/home", 0o755),
    folder("/tmp", 0o1777),
    folder("/run", 0o755),
    folder("/run/lock", 0o1777),
    folder("/mnt", 0o755),
    folder("/media", 0o755),
    folder("/opt", 0o755),
    folder("/srv", 0o755),
    folder("/var", 0o755),
    folder("/var/tmp", 0o1777),
    folder("/var/log", 0o755),
    folder("/var/lib", 0o755),
    folder("/var/cache", 0o755),
    folder("/var/spool", 0o755),
    { kind: "link", path: "/var/run", target: "/run" },
    { kind: "link", path: "/var/lock", target: "/run/lock" },
  ];
}

function folder(path: string, mode: number): RootPart {
  return { kind: "directory", path, mode };
}

function file(path: string, content: string): RootPart {
  return { kind: "file", path, content, mode: 0o644 };
}

function addFolder(parts: RootPart[], given: string): void {
  if (!given.startsWith("/")) throw unusable(given, "invalid", "is no absolute path", "begin it with /");
  const path = cleanPath(given);
  const top = path.split("/")[1];
  if (top === "" || top === "proc" || top === "sys" || top === "dev") {
    throw unusable(given, "invalid", "cannot be part of the host image", "the container has its own");
  }
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined) throw unusable(given, "not-found", "does not exist", "name an existing folder");
  if (!info.isDirectory())
    throw unusable(given, "invalid", "is no folder", `use -v ${path}:${path} for a file`);
  const at = parts.findIndex((part) => part.path === path);
  if (at >= 0 && parts[at]?.kind !== "directory") return; // there already
  if (at >= 0) parts.splice(at, 1);
  parts.push({ kind: "copy-on-write", path, from: path, mode: info.mode & 0o7777 });
}

function unusable(folder: string, code: "invalid" | "not-found", why: string, hint: string): HuskError {
  return new HuskError(code, `--with ${folder}: the folder ${why}`, { hint });
}

/** Where folders are on an overlay already, names what is not to be shown. Returns warnings. */
function hideWhereNested(parts: RootPart[]): string[] {
  const nested: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as RootPart;
    if (part.kind !== "copy-on-write" || part.inRoot === true) continue;
    if (statfsSync(part.from).type !== OVERLAYFS_SUPER_MAGIC) continue;
    nested.push(part.path);
    parts[i] = { ...part, hidden: unreadableByOthers(part.from) };
  }
  if (nested.length === 0) return [];
  return [
    `${nested.join(", ")} ${nested.length === 1 ? "is" : "are"} on an overlay on this machine: what others may not read ` +
      "was looked up by name, which takes a moment, and where overlays stand two deep already the view is read-only",
  ];
}

/** An id to read the host's files as: one that owns none of them, if there is such a one. */
function readerIn(maps: HostImageOptions["idMaps"]): number | undefined {
  const uids = maps?.uids ?? ownRanges("uid_map");
  const gids = maps?.gids ?? (has(uids, NOBODY_AT_ALL) ? uids : ownRanges("gid_map"));
  for (const id of [NOBODY_AT_ALL, NOBODY]) if (has(uids, id) && has(gids, id)) return id;
  return undefined;
}

function has(ranges: readonly IdRange[], id: number): boolean {
  for (const { containerID, size } of ranges) if (id >= containerID && id < containerID + size) return true;
  return false;
}

/** The ids of husk's own user namespace (user_namespaces(7), "uid_map"). */
function ownRanges(name: string): IdRange[] {
  const ranges: IdRange[] = [];
  for (const line of readFileSync(`/proc/self/${name}`, "latin1").split("\n")) {
    const [first, , size] = line.split(" ").filter((word) => word !== "");
    if (size !== undefined) ranges.push({ containerID: Number(first), size: Number(size) });
  }
  return ranges;
}
