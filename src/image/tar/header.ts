import type { ByteString } from "./entry.ts";
import { readNumber } from "./number.ts";
import { latin1 } from "./pax.ts";

/** Archives are made of blocks of this many bytes. */
export const BLOCK = 512;

/** Fields of a header block: offset and length (tar.h; GNU tar's tar.h for the last four). */
export const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  userName: [265, 32],
  groupName: [297, 32],
  deviceMajor: [329, 8],
  deviceMinor: [337, 8],
  prefix: [345, 155],
  gnuAtime: [345, 12],
  gnuCtime: [357, 12],
  sparseMap: [386, 96],
  sparseMore: [482, 1],
  realSize: [483, 12],
} as const;

export const MAGIC_USTAR = "ustar\u000000";
const MAGIC_GNU = "ustar  \0";

/** A header block as it stands, before other headers are applied to it. */
export interface Header {
  readonly format: "v7" | "ustar" | "gnu";
  /** The type's character; NUL is an old archive's file. */
  readonly type: string;
  readonly name: ByteString;
  readonly linkName: ByteString;
  readonly userName: ByteString;
  readonly groupName: ByteString;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly atime: number;
  readonly ctime: number;
}

export function isZero(block: Uint8Array): boolean {
  for (let i = 0; i < BLOCK; i++) if (block[i] !== 0) return false;
  return true;
}

/** Reads a header block; a string says why it is none. */
export function parseHeader(block: Uint8Array): Header | string {
  const checksum = number(block, FIELD.checksum);
  if (checksum === undefined || !checksumFits(block, checksum)) return "no header: its checksum is wrong";
  const magic = latin1(block, FIELD.magic[0], FIELD.magic[0] + FIELD.magic[1]);
  const format = magic === MAGIC_GNU ? "gnu" : magic.startsWith("ustar\0") ? "ustar" : "v7";
  const [mode, uid, gid] = [
    number(block, FIELD.mode),
    number(block, FIELD.uid),
    number(block, FIELD.gid),
  ] as const;
  const [size, mtime] = [number(block, FIELD.size), number(block, FIELD.mtime)] as const;
  if (mode === undefined || uid === undefined || gid === undefined || mtime === undefined)
    return "a header with a malformed number";
  if (size === undefined || size < 0) return "a header with a malformed size";
  const isNew = format !== "v7";
  const type = String.fromCharCode(block[FIELD.type[0]] as number);
  const device = isNew && (type === "3" || type === "4");
  const deviceMajor = device ? number(block, FIELD.deviceMajor) : 0;
  const deviceMinor = device ? number(block, FIELD.deviceMinor) : 0;
  if (deviceMajor === undefined || deviceMinor === undefined)
    return "a header with a malformed device number";
  const prefix = format === "ustar" ? text(block, FIELD.prefix) : "";
  const name = text(block, FIELD.name);
  return {
    format,
    type,
    name: prefix === "" ? name : `${prefix}/${name}`,
    linkName: text(block, FIELD.linkName),
    userName: isNew ? text(block, FIELD.userName) : "",
    groupName: isNew ? text(block, FIELD.groupName) : "",
    mode,
    uid,
    gid,
    size,
    mtime,
    deviceMajor,
    deviceMinor,
    atime: format === "gnu" ? (number(block, FIELD.gnuAtime) ?? 0) : 0,
    ctime: format === "gnu" ? (number(block, FIELD.gnuCtime) ?? 0) : 0,
  };
}

function number(block: Uint8Array, [at, length]: readonly [number, number]): number | undefined {
  return readNumber(block, at, length);
}

/** Bytes up to the first NUL. */
function text(block: Uint8Array, [at, length]: readonly [number, number]): ByteString {
  if (block[at] === 0) return "";
  const nul = block.indexOf(0, at);
  return latin1(block, at, nul < 0 || nul > at + length ? at + length : nul);
}

/** The sum of all bytes, the checksum's own counted as spaces. Some old programs summed signed bytes. */
function checksumFits(block: Uint8Array, expected: number): boolean {
  let sum = 8 * 0x20;
  let negative = 0;
  for (let i = 0; i < BLOCK; i++) {
    if (i === 148) i = 156;
    const byte = block[i] as number;
    sum += byte;
    if (byte > 0x7f) negative++;
  }
  return sum === expected || sum - 256 * negative === expected;
}

/** Puts the checksum into a block that is otherwise complete. */
export function sign(block: Uint8Array): void {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i] as number;
  const digits = sum.toString(8).padStart(6, "0");
  for (let i = 0; i < 6; i++) block[148 + i] = digits.charCodeAt(i);
  block[154] = 0;
  block[155] = 0x20;
}
