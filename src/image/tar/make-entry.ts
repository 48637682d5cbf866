import type { ByteString, TarEntry, TarTime, TarType } from "./entry.ts";
import type { Header } from "./header.ts";
import { parseDecimal, parseTime } from "./number.ts";
import { readXattr } from "./pax.ts";

const types: Readonly<Record<string, TarType>> = {
  "0": "file",
  "\0": "file",
  "1": "hard-link",
  "2": "symlink",
  "3": "character-device",
  "4": "block-device",
  "5": "directory",
  "6": "fifo",
  "7": "file",
  D: "directory",
  S: "file",
};

/** The mutable form of an entry, while records are applied to it. */
type Draft = { -readonly [Key in keyof TarEntry]: TarEntry[Key] };

/**
 * A header with the records that belong to it. PAX overrides the header; GNU's long names override both, as in Go's
 * archive/tar. `stored` is the number of content bytes that follow in the archive.
 *
 * @returns a string that says what is wrong
 */
export function makeEntry(
  header: Header,
  records: readonly (readonly [ByteString, ByteString])[],
  long: { readonly name: ByteString | undefined; readonly link: ByteString | undefined },
): { entry: TarEntry; stored: number } | string {
  const type = types[header.type];
  if (type === undefined) return `an entry of the unknown type ${JSON.stringify(header.type)}`;
  const entry: Draft = {
    name: header.name,
    type,
    mode: header.mode & 0o7777,
    uid: header.uid,
    gid: header.gid,
    size: header.size,
    mtime: { seconds: header.mtime, nanoseconds: 0 },
    linkName: header.linkName,
    userName: header.userName,
    groupName: header.groupName,
    deviceMajor: header.deviceMajor,
    deviceMinor: header.deviceMinor,
  };
  if (header.atime > 0) entry.atime = { seconds: header.atime, nanoseconds: 0 };
  if (header.ctime > 0) entry.ctime = { seconds: header.ctime, nanoseconds: 0 };
  for (const [keyword, value] of records) {
    const wrong = applyRecord(entry, keyword, value);
    if (wrong !== undefined) return wrong;
  }
  if (long.name !== undefined) entry.name = long.name;
  if (long.link !== undefined) entry.linkName = long.link;
  if (entry.name.includes("\0") || entry.linkName.includes("\0")) return "a name with a NUL byte";
  if (entry.uid < 0 || entry.gid < 0 || entry.uid > 0xfffffffe || entry.gid > 0xfffffffe)
    return `an owner that cannot be (${entry.uid}:${entry.gid})`;
  // Go reads no content after these, whatever size they claim.
  const bare = type !== "file" && header.type !== "D";
  const stored = bare ? 0 : entry.size;
  if (type !== "file") entry.size = 0;
  if (type !== "hard-link" && type !== "symlink") entry.linkName = "";
  if (header.type === "\0" && entry.name.endsWith("/")) {
    entry.type = "directory";
    entry.size = 0;
  }
  return { entry, stored };
}

function applyRecord(entry: Draft, keyword: ByteString, value: ByteString): string | undefined {
  // An empty value says nothing: the header block counts.
  if (value === "" && !keyword.includes("xattr.")) return undefined;
  switch (keyword) {
    case "path":
      entry.name = value;
      return undefined;
    case "linkpath":
      entry.linkName = value;
      return undefined;
    case "uname":
      entry.userName = value;
      return undefined;
    case "gname":
      entry.groupName = value;
      return undefined;
    case "uid":
    case "gid":
    case "size": {
      const number = parseDecimal(value);
      if (number === undefined) return malformed(keyword, value);
      entry[keyword] = number;
      return undefined;
    }
    case "mtime":
    case "atime":
    case "ctime": {
      const time: TarTime | undefined = parseTime(value);
      if (time === undefined) return malformed(keyword, value);
      entry[keyword] = time;
      return undefined;
    }
    case "SCHILY.devmajor":
    case "SCHILY.devminor": {
      const number = parseDecimal(value);
      if (number === undefined) return malformed(keyword, value);
      entry[keyword === "SCHILY.devmajor" ? "deviceMajor" : "deviceMinor"] = number;
      return undefined;
    }
    default: {
      if (!keyword.includes("xattr.")) return undefined;
      const xattrs = (entry.xattrs as Map<ByteString, Uint8Array> | undefined) ?? new Map();
      if (readXattr(keyword, value, xattrs)) entry.xattrs = xattrs;
      return undefined;
    }
  }
}

function malformed(keyword: string, value: string): string {
  return `an extended header with a malformed ${keyword} ${JSON.stringify(value.slice(0, 40))}`;
}
