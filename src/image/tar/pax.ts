import type { ByteString } from "./entry.ts";
import { parseDecimal } from "./number.ts";

/*
 * PAX extended headers: records of "length keyword=value\n", the length in decimal and of the whole record
 * (POSIX.1-2017, pax, "pax Extended Header").
 */

/** Adds the records of an extended header to `records`. Returns why it is malformed, or undefined. */
export function parseRecords(body: Uint8Array, records: [ByteString, ByteString][]): string | undefined {
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(0x20, at);
    if (space < 0 || space - at > 10) return "a record without a length";
    const length = parseDecimal(latin1(body, at, space));
    if (length === undefined || length < 5 || at + length > body.length || space >= at + length)
      return "a record with a wrong length";
    const end = at + length - 1;
    const equals = body.indexOf(0x3d, space + 1);
    if (equals < 0 || equals >= end || equals === space + 1 || body[end] !== 0x0a)
      return "a record that is not KEYWORD=VALUE";
    records.push([latin1(body, space + 1, equals), latin1(body, equals + 1, end)]);
    at += length;
  }
  return undefined;
}

/** One record. Its length counts its own digits. */
export function formatRecord(keyword: ByteString, value: ByteString): ByteString {
  const rest = keyword.length + value.length + 3;
  let length = rest + `${rest}`.length;
  length = rest + `${length}`.length;
  return `${length} ${keyword}=${value}\n`;
}

const XATTR = "SCHILY.xattr.";
const XATTR_LIBARCHIVE = "LIBARCHIVE.xattr.";

/** Whether a record is an extended attribute; then its name and value are added to `xattrs`. */
export function readXattr(
  keyword: ByteString,
  value: ByteString,
  xattrs: Map<ByteString, Uint8Array>,
): boolean {
  if (keyword.startsWith(XATTR)) {
    const name = keyword.slice(XATTR.length).replaceAll("%3D", "=").replaceAll("%25", "%");
    xattrs.set(name, Buffer.from(value, "latin1"));
    return true;
  }
  if (keyword.startsWith(XATTR_LIBARCHIVE)) {
    const name = keyword
      .slice(XATTR_LIBARCHIVE.length)
      .replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
    // libarchive writes both forms; the other one is exact.
    if (!xattrs.has(name)) xattrs.set(name, Buffer.from(value, "base64"));
    return true;
  }
  return false;
}

/** The record of an extended attribute. GNU tar escapes what would end the keyword. */
export function formatXattr(name: ByteString, value: Uint8Array): ByteString {
  const keyword = `${XATTR}${name.replaceAll("%", "%25").replaceAll("=", "%3D")}`;
  return formatRecord(keyword, latin1(value, 0, value.length));
}

export function latin1(bytes: Uint8Array, start: number, end: number): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}
