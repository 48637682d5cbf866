import type { ByteString, TarExtent } from "./entry.ts";
import { FIELD } from "./header.ts";
import { parseDecimal, readNumber } from "./number.ts";

/*
 * Sparse files, in GNU tar's four forms (GNU tar manual, "Storing Sparse Files"): the old one with its map in header
 * blocks, and PAX 0.0 (repeated records), 0.1 (one record), 1.0 (the map before the data).
 */

/** Adds the extents of an old-format header's map (`at` 386, 4 entries) or continuation block (`at` 0, 21 entries). */
export function readMapEntries(block: Uint8Array, at: number, count: number, to: TarExtent[]): boolean {
  for (let i = 0; i < count; i++, at += 24) {
    if (block[at] === 0) break;
    const offset = readNumber(block, at, 12);
    const length = readNumber(block, at + 12, 12);
    if (offset === undefined || length === undefined) return false;
    to.push({ offset, length });
  }
  return true;
}

export function hasMoreMap(block: Uint8Array, at: number = FIELD.sparseMore[0]): boolean {
  return block[at] !== 0;
}

/** Whether extents are in order, apart and inside the file, and hold `stored` bytes. */
export function areValidExtents(extents: readonly TarExtent[], size: number, stored: number): boolean {
  let end = 0;
  let total = 0;
  for (const { offset, length } of extents) {
    if (offset < end || length < 0 || offset + length > size) return false;
    end = offset + length;
    total += length;
  }
  return total === stored;
}

/** What PAX records say of a sparse file. */
export interface SparseRecords {
  readonly version: "0" | "1.0";
  readonly size: number | undefined;
  readonly name: ByteString | undefined;
  /** For version 0. */
  readonly extents: readonly TarExtent[];
}

/** Looks for the records of a sparse file; a string says what is wrong with them. */
export function readSparseRecords(
  records: readonly (readonly [ByteString, ByteString])[],
): SparseRecords | string | undefined {
  let major: string | undefined;
  let minor: string | undefined;
  let name: ByteString | undefined;
  let size: number | undefined;
  let isVersion0 = false;
  const numbers: (number | undefined)[] = [];
  for (const [keyword, value] of records) {
    if (!keyword.startsWith("GNU.sparse.")) continue;
    switch (keyword.slice(11)) {
      case "major":
        major = value;
        break;
      case "minor":
        minor = value;
        break;
      case "name":
        name = value;
        break;
      case "realsize":
      case "size":
        size = parseDecimal(value);
        if (size === undefined) return "a sparse file with a malformed size";
        break;
      case "map":
        isVersion0 = true;
        numbers.length = 0;
        if (value !== "") for (const part of value.split(",")) numbers.push(parseDecimal(part));
        break;
      case "offset":
      case "numbytes":
        isVersion0 = true;
        if ((keyword.length === 17) !== (numbers.length % 2 === 0))
          return "a sparse file with a malformed map";
        numbers.push(parseDecimal(value));
        break;
      case "numblocks":
        isVersion0 = true;
        break;
    }
  }
  if (major === "1" && minor === "0") return { version: "1.0", size, name, extents: [] };
  if (major !== undefined && major !== "0") return `a sparse file of unknown format ${major}.${minor ?? "?"}`;
  if (!isVersion0) return undefined;
  const extents = pairs(numbers);
  return extents === undefined ? "a sparse file with a malformed map" : { version: "0", size, name, extents };
}

function pairs(numbers: readonly (number | undefined)[]): TarExtent[] | undefined {
  if (numbers.length % 2 !== 0) return undefined;
  const extents: TarExtent[] = [];
  for (let i = 0; i < numbers.length; i += 2) {
    const [offset, length] = [numbers[i], numbers[i + 1]];
    if (offset === undefined || length === undefined) return undefined;
    extents.push({ offset, length });
  }
  return extents;
}

/**
 * Reads a version 1.0 map: decimal numbers on lines, first how many extents, then offset and length of each; what
 * follows is padding. Undefined if it is malformed or not whole.
 */
export function parseMap(text: string): TarExtent[] | undefined {
  const lines = text.split("\n");
  const count = parseDecimal(lines[0] ?? "");
  if (count === undefined || lines.length < 2 * count + 2) return undefined;
  return pairs(lines.slice(1, 2 * count + 1).map(parseDecimal));
}

export function formatMap(extents: readonly TarExtent[]): string {
  let text = `${extents.length}\n`;
  for (const { offset, length } of extents) text += `${offset}\n${length}\n`;
  return text;
}
