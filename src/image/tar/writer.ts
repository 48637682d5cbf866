import { isAscii } from "../../platform/in-folder.ts";
import type { ByteString, TarEntry, TarType } from "./entry.ts";
import { BLOCK, FIELD, MAGIC_USTAR, sign } from "./header.ts";
import { fitsOctal, formatTime, writeOctal } from "./number.ts";
import { formatRecord, formatXattr } from "./pax.ts";
import { formatMap } from "./sparse.ts";

const typeFlags: Readonly<Record<TarType, string>> = {
  file: "0",
  "hard-link": "1",
  symlink: "2",
  "character-device": "3",
  "block-device": "4",
  directory: "5",
  fifo: "6",
};

/** Two zero blocks: nothing follows. */
export const TAR_END: Uint8Array = new Uint8Array(2 * BLOCK);
const zeros = new Uint8Array(BLOCK);

/**
 * What stands in an archive before an entry's content: a ustar header, with a PAX header in front for what does not
 * fit there. Equal entries give equal bytes. A sparse file (`extents`) is written in PAX form 1.0: its content is then
 * what its extents hold, one after the other.
 */
export function tarHeader(entry: TarEntry): Uint8Array {
  const map = entry.extents === undefined ? undefined : padded(formatMap(entry.extents));
  let stored = entry.type === "file" ? entry.size : 0;
  if (entry.extents !== undefined && map !== undefined) {
    stored = map.length;
    for (const { length } of entry.extents) stored += length;
  }
  const records = paxRecords(entry, stored);
  const header = block(entry, stored, splitName(nameOf(entry)) ?? ["", nameOf(entry).slice(-100)]);
  const parts: Uint8Array[] = [];
  if (records !== "") {
    const body = padded(records);
    parts.push(paxBlock(entry, records.length), body);
  }
  parts.push(header);
  if (map !== undefined) parts.push(map);
  return parts.length === 1 ? header : Buffer.concat(parts);
}

/** Zeros after content of `size` bytes (for sparse files: the sum of its extents), up to the next block. */
export function tarPadding(size: number): Uint8Array {
  return zeros.subarray(0, (BLOCK - (size % BLOCK)) % BLOCK);
}

function nameOf(entry: TarEntry): ByteString {
  return entry.type === "directory" && !entry.name.endsWith("/") ? `${entry.name}/` : entry.name;
}

function paxRecords(entry: TarEntry, stored: number): ByteString {
  const name = nameOf(entry);
  let records = "";
  if (splitName(name) === undefined) records += formatRecord("path", name);
  if (entry.linkName.length > FIELD.linkName[1]) records += formatRecord("linkpath", entry.linkName);
  // POSIX takes PAX text for UTF-8 unless told otherwise.
  if (records !== "" && !isUtf8(records)) records = formatRecord("hdrcharset", "BINARY") + records;
  if (entry.userName.length > 31 || !isAscii(entry.userName))
    records += formatRecord("uname", entry.userName);
  if (entry.groupName.length > 31 || !isAscii(entry.groupName))
    records += formatRecord("gname", entry.groupName);
  if (!fitsOctal(entry.uid, 8)) records += formatRecord("uid", `${entry.uid}`);
  if (!fitsOctal(entry.gid, 8)) records += formatRecord("gid", `${entry.gid}`);
  if (!fitsOctal(stored, 12)) records += formatRecord("size", `${stored}`);
  const { mtime, atime, ctime } = entry;
  if (mtime.nanoseconds !== 0 || !fitsOctal(mtime.seconds, 12))
    records += formatRecord("mtime", formatTime(mtime));
  if (atime !== undefined) records += formatRecord("atime", formatTime(atime));
  if (ctime !== undefined) records += formatRecord("ctime", formatTime(ctime));
  if (entry.extents !== undefined) {
    records += formatRecord("GNU.sparse.major", "1") + formatRecord("GNU.sparse.minor", "0");
    records += formatRecord("GNU.sparse.name", name) + formatRecord("GNU.sparse.realsize", `${entry.size}`);
  }
  const xattrs = [...(entry.xattrs ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, value] of xattrs) records += formatXattr(key, value);
  return records;
}

function isUtf8(text: ByteString): boolean {
  return isAscii(text) || !Buffer.from(text, "latin1").toString("utf8").includes("\ufffd");
}

/** Prefix and name of a ustar header, whole in 155 and 100 bytes; undefined where they do not fit. */
function splitName(name: ByteString): readonly [prefix: ByteString, name: ByteString] | undefined {
  if (name.length <= FIELD.name[1]) return ["", name];
  // Both parts must have something in them; a directory's final slash is no place to divide.
  const slash = name.indexOf("/", Math.max(name.length - FIELD.name[1] - 1, 1));
  if (slash < 0 || slash > FIELD.prefix[1] || slash >= name.length - 1) return undefined;
  return [name.slice(0, slash), name.slice(slash + 1)];
}

function block(
  entry: TarEntry,
  stored: number,
  [prefix, name]: readonly [ByteString, ByteString],
): Uint8Array {
  const bytes = new Uint8Array(BLOCK);
  put(bytes, FIELD.name[0], name);
  writeOctal(bytes, FIELD.mode[0], 8, entry.mode & 0o7777);
  writeOctal(bytes, FIELD.uid[0], 8, fitsOctal(entry.uid, 8) ? entry.uid : 0);
  writeOctal(bytes, FIELD.gid[0], 8, fitsOctal(entry.gid, 8) ? entry.gid : 0);
  writeOctal(bytes, FIELD.size[0], 12, fitsOctal(stored, 12) ? stored : 0);
  writeOctal(bytes, FIELD.mtime[0], 12, fitsOctal(entry.mtime.seconds, 12) ? entry.mtime.seconds : 0);
  put(bytes, FIELD.type[0], typeFlags[entry.type]);
  put(bytes, FIELD.linkName[0], entry.linkName.slice(0, FIELD.linkName[1]));
  put(bytes, FIELD.magic[0], MAGIC_USTAR);
  if (isAscii(entry.userName)) put(bytes, FIELD.userName[0], entry.userName.slice(0, 31));
  if (isAscii(entry.groupName)) put(bytes, FIELD.groupName[0], entry.groupName.slice(0, 31));
  const isDevice = entry.type === "character-device" || entry.type === "block-device";
  writeOctal(bytes, FIELD.deviceMajor[0], 8, isDevice ? entry.deviceMajor : 0);
  writeOctal(bytes, FIELD.deviceMinor[0], 8, isDevice ? entry.deviceMinor : 0);
  put(bytes, FIELD.prefix[0], prefix);
  sign(bytes);
  return bytes;
}

function paxBlock(entry: TarEntry, size: number): Uint8Array {
  const path = entry.name.replace(/\/+$/, "");
  const name = `PaxHeaders/${path.slice(path.lastIndexOf("/") + 1).slice(0, 80)}`;
  const plain: TarEntry = {
    name,
    type: "file",
    mode: 0o644,
    uid: 0,
    gid: 0,
    size,
    mtime: { seconds: 0, nanoseconds: 0 },
    linkName: "",
    userName: "",
    groupName: "",
    deviceMajor: 0,
    deviceMinor: 0,
  };
  const bytes = block(plain, size, ["", name]);
  put(bytes, FIELD.type[0], "x");
  sign(bytes);
  return bytes;
}

function put(bytes: Uint8Array, at: number, text: ByteString): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}

function padded(text: ByteString): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(text.length / BLOCK) * BLOCK);
  put(bytes, 0, text);
  return bytes;
}
