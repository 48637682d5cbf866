/** What is read of an ELF header (elf(5)). */
export interface ElfHeader {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  /** Name of the processor: `x86_64`, `aarch64`; `machine 999` for one without a name here. */
  readonly machine: string;
  /** e_type: 2 a program at a fixed address, 3 a library or a program that can be loaded anywhere. */
  readonly type: number;
  /** The program headers that stand in the bytes given. */
  readonly segments: readonly ElfSegment[];
  /** The loader the program asks for (PT_INTERP); undefined: none, or beyond the bytes given. */
  readonly interpreter: string | undefined;
}

/** A program header: a part of the file, and where it comes to stand in memory. */
export interface ElfSegment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
}

/** e_machine of the architectures Linux runs on. */
const machines: Readonly<Record<number, string>> = {
  2: "sparc",
  3: "i386",
  4: "m68k",
  8: "mips",
  15: "parisc",
  20: "ppc",
  21: "ppc64",
  22: "s390x",
  40: "arm",
  42: "sh",
  43: "sparc64",
  50: "ia64",
  62: "x86_64",
  93: "xtensa",
  183: "aarch64",
  243: "riscv64",
  258: "loongarch64",
};

/** p_type of what a person or the dynamic loader asks about. */
export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
const PT_INTERP = 3;

/** Reads the start of a file; undefined when it is no ELF file. */
export function readElfHeader(bytes: Uint8Array): ElfHeader | undefined {
  if (bytes.length < 52 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    return undefined;
  }
  const bits = bytes[4] === 2 ? 64 : 32;
  const littleEndian = bytes[5] !== 2;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const number = view.getUint16(18, littleEndian);
  const machine = machines[number] ?? `machine ${number}`;
  const type = view.getUint16(16, littleEndian);
  const segments = bits === 64 && bytes.length < 64 ? [] : readSegments(view, bits, littleEndian);
  const named = segments.find((segment) => segment.type === PT_INTERP);
  let interpreter: string | undefined;
  if (named !== undefined && named.offset < bytes.length) {
    const end = bytes.indexOf(0, named.offset);
    if (end > named.offset) interpreter = new TextDecoder().decode(bytes.subarray(named.offset, end));
  }
  return { bits, littleEndian, machine, type, segments, interpreter };
}

function readSegments(view: DataView, bits: 32 | 64, little: boolean): ElfSegment[] {
  const word = (at: number): number =>
    bits === 64 ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
  const table = word(bits === 64 ? 32 : 28);
  const size = view.getUint16(bits === 64 ? 54 : 42, little);
  const count = view.getUint16(bits === 64 ? 56 : 44, little);
  const segments: ElfSegment[] = [];
  for (let i = 0; i < count; i++) {
    const at = table + i * size;
    if (at + (bits === 64 ? 56 : 32) > view.byteLength) break;
    segments.push({
      type: view.getUint32(at, little),
      offset: word(at + (bits === 64 ? 8 : 4)),
      address: word(at + (bits === 64 ? 16 : 8)),
      fileSize: word(at + (bits === 64 ? 32 : 16)),
    });
  }
  return segments;
}
