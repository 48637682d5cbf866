/** An entry of /etc/ld.so.cache: where ldconfig(8) found a library of that name. */
export interface CacheEntry {
  readonly name: string;
  readonly path: string;
  /** Level of the processor it is built for, such as `x86-64-v3`; undefined: any; `?` for one older than glibc 2.33. */
  readonly level: string | undefined;
}

const NEW_MAGIC = "glibc-ld.so.cache1.1";
const OLD_MAGIC = "ld.so-1.7.0";
const HEADER_BYTES = 48;
const ENTRY_BYTES = 24;
const OLD_HEADER_BYTES = 16;
const OLD_ENTRY_BYTES = 12;
const EXTENSION_MAGIC = 0xeaa42174;
const TAG_GLIBC_HWCAPS = 1;
/** High word of an entry's hwcap field: the low word is then an index into the extension's names. */
const HWCAP_EXTENSION = 0x40000000;
/** Endianness in the header's flags: 3 is big, 2 little, 0 unsaid (glibc before 2.33). */
const BIG_ENDIAN = 3;

/**
 * Reads a cache in glibc's new format, alone or behind the old one (glibc, elf/cache.c and dl-cache.h); a
 * damaged or foreign file has no entries, as for the loader itself.
 */
export function readLdCache(file: Uint8Array): CacheEntry[] {
  const start = newFormatAt(file);
  if (start === undefined) return [];
  const bytes = file.subarray(start);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = (view.getUint8(28) & 3) !== BIG_ENDIAN;
  const count = view.getUint32(20, little);
  const text = (at: number): string => {
    const end = at < bytes.length ? bytes.indexOf(0, at) : -1;
    return end < 0 ? "" : new TextDecoder().decode(bytes.subarray(at, end));
  };
  const levels = readLevels(view, little).map(text);
  const entries: CacheEntry[] = [];
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + i * ENTRY_BYTES;
    if (at + ENTRY_BYTES > bytes.length) break;
    const name = text(view.getUint32(at + 4, little));
    const path = text(view.getUint32(at + 8, little));
    const [low, high] = little ? [at + 16, at + 20] : [at + 20, at + 16];
    const hwcap = view.getUint32(low, little);
    const kind = view.getUint32(high, little);
    let level: string | undefined;
    if (kind === HWCAP_EXTENSION) level = levels[hwcap] ?? "?";
    else if (kind !== 0 || hwcap !== 0) level = "?";
    if (name !== "" && path.startsWith("/")) entries.push({ name, path, level });
  }
  return entries;
}

function newFormatAt(file: Uint8Array): number | undefined {
  let start = 0;
  if (startsWith(file, 0, OLD_MAGIC)) {
    const count = new DataView(file.buffer, file.byteOffset).getUint32(12, true);
    start = Math.ceil((OLD_HEADER_BYTES + count * OLD_ENTRY_BYTES) / 8) * 8;
  }
  if (file.length < start + HEADER_BYTES) return undefined;
  return startsWith(file, start, NEW_MAGIC) ? start : undefined;
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  if (bytes.length < at + text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Where the names of processor levels stand (struct cache_extension). */
function readLevels(view: DataView, little: boolean): number[] {
  const start = view.getUint32(32, little);
  if (start === 0 || start + 8 > view.byteLength || view.getUint32(start, little) !== EXTENSION_MAGIC)
    return [];
  const sections = view.getUint32(start + 4, little);
  for (let i = 0; i < sections; i++) {
    const at = start + 8 + 16 * i;
    if (at + 16 > view.byteLength) break;
    if (view.getUint32(at, little) !== TAG_GLIBC_HWCAPS) continue;
    const offset = view.getUint32(at + 8, little);
    const size = view.getUint32(at + 12, little);
    const places: number[] = [];
    for (let n = offset; n + 4 <= Math.min(offset + size, view.byteLength); n += 4)
      places.push(view.getUint32(n, little));
    return places;
  }
  return [];
}
