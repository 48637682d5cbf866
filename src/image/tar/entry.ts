/**
 * Bytes as a string: each character is one byte (latin1). Names in archives and file systems are bytes, in no
 * certain encoding; in this form they can be compared, cut and used as keys without a loss.
 */
export type ByteString = string;

/** What a tar entry is; contiguous files (type 7) are files. */
export type TarType =
  | "file"
  | "hard-link"
  | "symlink"
  | "character-device"
  | "block-device"
  | "directory"
  | "fifo";

/** A moment: seconds since 1970, possibly negative, and 0 to 999,999,999 nanoseconds after it. */
export interface TarTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** A piece of a sparse file that is not a hole, in bytes. */
export interface TarExtent {
  readonly offset: number;
  readonly length: number;
}

/** One entry of a tar archive: ustar, with what PAX and GNU headers said of it. */
export interface TarEntry {
  /** Path as it stands in the archive: may be absolute, contain "..", and end in a slash. */
  readonly name: ByteString;
  readonly type: TarType;
  /** Permission bits with set-user-id, set-group-id and sticky (07777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the file when unpacked, holes included; 0 for all else. */
  readonly size: number;
  readonly mtime: TarTime;
  readonly atime?: TarTime;
  readonly ctime?: TarTime;
  /** Target of a symbolic link; name of an earlier entry for a hard link; else empty. */
  readonly linkName: ByteString;
  readonly userName: ByteString;
  readonly groupName: ByteString;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** Extended attributes by name, such as `security.capability`. */
  readonly xattrs?: ReadonlyMap<ByteString, Uint8Array>;
  /** Present for sparse files: the rest is zeros. */
  readonly extents?: readonly TarExtent[];
}

/** For people: as UTF-8 if it is, with what is not shown as escapes. */
export function displayName(name: ByteString): string {
  const text = Buffer.from(name, "latin1").toString("utf8");
  const shown = text.includes("\ufffd") ? name : text;
  return JSON.stringify(shown.length > 200 ? `${shown.slice(0, 200)}…` : shown);
}
