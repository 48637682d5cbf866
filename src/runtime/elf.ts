/** What is read of an ELF header (elf(5)). */
export interface ElfHeader {
  readonly bits: 32 | 64;
  /** Name of the processor: `x86_64`, `arm64`; `machine 999` for one without a name here. */
  readonly machine: string;
  /** The loader the program asks for (PT_INTERP); undefined: none, or beyond the bytes given. */
  readonly interpreter: string | undefined;
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

const PT_INTERP = 3;

/** Reads the start of a file; undefined when it is no ELF file. */
export function readElfHeader(bytes: Uint8Array): ElfHeader | undefined {
  if (bytes.length < 52 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    return undefined;
  }
  const bits = bytes[4] === 2 ? 64 : 32;
  const little = bytes[5] !== 2;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const number = view.getUint16(18, little);
  const machine = machines[number] ?? `machine ${number}`;
  const word = (at: number): number =>
    bits === 64 ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
  let interpreter: string | undefined;
  if (bits === 32 || bytes.length >= 64) {
    const table = word(bits === 64 ? 32 : 28);
    const size = view.getUint16(bits === 64 ? 54 : 42, little);
    const count = view.getUint16(bits === 64 ? 56 : 44, little);
    for (let i = 0; i < count; i++) {
      const at = table + i * size;
      if (at + (bits === 64 ? 56 : 32) > bytes.length) break;
      if (view.getUint32(at, little) !== PT_INTERP) continue;
      const start = word(at + (bits === 64 ? 8 : 4));
      const end = bytes.indexOf(0, start);
      if (start < bytes.length && end > start)
        interpreter = new TextDecoder().decode(bytes.subarray(start, end));
      break;
    }
  }
  return { bits, machine, interpreter };
}
