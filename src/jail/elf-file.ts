import { type ElfHeader, PT_DYNAMIC, PT_LOAD, readElfHeader } from "../runtime/elf.ts";

/** What a program or library asks its loader for: its header and dynamic section (elf(5), ld.so(8)). */
export interface ElfFile extends ElfHeader {
  /** Names of libraries (DT_NEEDED; DT_FILTER stands for the library that has its code), in order. */
  readonly needed: readonly string[];
  /** Libraries that are used if they are there (DT_AUXILIARY). */
  readonly optional: readonly string[];
  /** The name it goes by in others' DT_NEEDED. */
  readonly soname: string | undefined;
  /** DT_RPATH: searched for its own libraries and for theirs. The loader ignores it beside a DT_RUNPATH. */
  readonly rpath: string | undefined;
  /** DT_RUNPATH: searched for its own libraries only. */
  readonly runpath: string | undefined;
  /** DF_1_NODEFLIB: neither the cache nor the default folders are searched. */
  readonly noDefaultFolders: boolean;
}

/** Reads up to `length` bytes of a file at `offset`; fewer at its end. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

const DT_NULL = 0;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_SONAME = 14;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
const DT_FLAGS_1 = 0x6ffffffb;
const DT_AUXILIARY = 0x7ffffffd;
const DT_FILTER = 0x7fffffff;
const DF_1_NODEFLIB = 0x800;

const HEAD_BYTES = 8192;
/** More than any real one; the file may be a stranger's. */
const DYNAMIC_BYTES = 1 << 20;
const NAME_BYTES = 4096;

/** Reads what a file asks the loader for; undefined when it is no ELF file. Nothing of it is executed. */
export function readElfFile(read: ReadAt): ElfFile | undefined {
  const header = readElfHeader(read(0, HEAD_BYTES));
  if (header === undefined) return undefined;
  const entries = readDynamic(header, read);
  const table = entries.find(([tag]) => tag === DT_STRTAB)?.[1];
  const start = table === undefined ? undefined : fileOffset(header, table);
  const texts = (wanted: number): string[] =>
    start === undefined
      ? []
      : entries.filter(([tag]) => tag === wanted).map(([, value]) => readName(read, start + value));
  const flags = entries.find(([tag]) => tag === DT_FLAGS_1)?.[1] ?? 0;
  return {
    ...header,
    needed: [...texts(DT_FILTER), ...texts(DT_NEEDED)],
    optional: texts(DT_AUXILIARY),
    soname: texts(DT_SONAME)[0],
    rpath: texts(DT_RPATH)[0],
    runpath: texts(DT_RUNPATH)[0],
    noDefaultFolders: (flags & DF_1_NODEFLIB) !== 0,
  };
}

/** Tags and values of the dynamic section; empty for a static program. */
function readDynamic({ segments, bits, littleEndian }: ElfHeader, read: ReadAt): [number, number][] {
  const segment = segments.find(({ type }) => type === PT_DYNAMIC);
  if (segment === undefined) return [];
  const bytes = read(segment.offset, Math.min(segment.fileSize, DYNAMIC_BYTES));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: [number, number][] = [];
  const width = bits / 8;
  const word = (at: number): number =>
    bits === 64 ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian);
  for (let at = 0; at + 2 * width <= bytes.length; at += 2 * width) {
    const tag = word(at);
    if (tag === DT_NULL) break;
    entries.push([tag, word(at + width)]);
  }
  return entries;
}

/** Where in the file stands what will be at an address in memory. */
function fileOffset({ segments }: ElfHeader, address: number): number | undefined {
  const segment = segments.find(
    ({ type, address: first, fileSize }) =>
      type === PT_LOAD && address >= first && address < first + fileSize,
  );
  return segment === undefined ? undefined : segment.offset + (address - segment.address);
}

function readName(read: ReadAt, offset: number): string {
  const bytes = read(offset, NAME_BYTES);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
