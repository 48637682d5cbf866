import { HuskError } from "../../platform/error.ts";
import { nearest } from "../../platform/nearest.ts";
import { type Arch, syscallNumbers } from "../../plan/index.ts";
import { arm, elsewhere, i386, notX32, time64, x32 } from "./syscall-names.ts";

/** A way of calling the kernel: what seccomp sees as one architecture, or as a part of one. */
export interface Abi {
  readonly name: string;
  /** AUDIT_ARCH_*, `seccomp_data.arch` (linux/audit.h). */
  readonly audit: number;
  /** Whether arguments are 64 bits wide; of 32-bit ones (x32 too, as in libseccomp) only the low half is compared. */
  readonly wide: boolean;
  /** Added to each number: x32 sets bit 30 (__X32_SYSCALL_BIT). */
  readonly base: number;
  /** Its own numbers by name; -1 for a call only the machine's own ABI has. */
  readonly own: (() => ReadonlyMap<string, number>) | undefined;
  /** From this number on, calls without a number of its own have that of the machine's own ABI. */
  readonly shared: number;
}

/** From this number on all architectures number their calls alike (Linux 5.1). */
const unified = 424;

/** The ABIs of each machine; its own first. */
const abis: Record<Arch, readonly Abi[]> = {
  x86_64: [
    { name: "SCMP_ARCH_X86_64", audit: 0xc000003e, wide: true, base: 0, own: undefined, shared: 0 },
    { name: "SCMP_ARCH_X86", audit: 0x40000003, wide: false, base: 0, own: i386Numbers, shared: unified },
    { name: "SCMP_ARCH_X32", audit: 0xc000003e, wide: false, base: 0x40000000, own: x32Numbers, shared: 0 },
  ],
  aarch64: [
    { name: "SCMP_ARCH_AARCH64", audit: 0xc00000b7, wide: true, base: 0, own: undefined, shared: 0 },
    { name: "SCMP_ARCH_ARM", audit: 0x40000028, wide: false, base: 0, own: armNumbers, shared: unified },
  ],
};

/** Architectures a profile may name although no machine husk runs on has them. */
const foreign =
  " MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X PARISC PARISC64 " +
  "RISCV64 LOONGARCH64 M68K SH SHEB ";

/**
 * The ABIs a profile filters on this machine: its own always, first, and those it names. Calls through any
 * other ABI never reach the rules. Throws `invalid` for a name that is no architecture.
 */
export function abisOf(names: readonly string[] | null | undefined, arch: Arch, at: string): Abi[] {
  const mine = abis[arch];
  const chosen = [mine[0]!];
  for (let i = 0; names !== undefined && names !== null && i < names.length; i++) {
    const name = names[i]!;
    let known = false;
    for (const abi of mine) {
      if (abi.name !== name) continue;
      known = true;
      if (!chosen.includes(abi)) chosen.push(abi);
    }
    if (!known && !isArchitecture(name)) throw unknownArchitecture(name, `${at}.architectures[${i}]`);
  }
  return chosen;
}

function isArchitecture(name: string): boolean {
  if (!name.startsWith("SCMP_ARCH_") || name.includes(" ")) return false;
  for (const arch in abis) if (abis[arch as Arch].some((abi) => abi.name === name)) return true;
  return foreign.includes(` ${name.slice(10)} `);
}

function unknownArchitecture(name: string, path: string): HuskError {
  const known = `${foreign.trim()} X86_64 X86 X32 AARCH64 ARM`.split(" ").map((word) => `SCMP_ARCH_${word}`);
  const near = nearest(name, known);
  return new HuskError("invalid", `${path}: unknown architecture ${JSON.stringify(name)}`, {
    hint: near === undefined ? `known are ${known.join(", ")}` : `did you mean ${near}?`,
  });
}

/** Whether any architecture's kernel has a call of this name. */
export function isSyscall(name: string): boolean {
  if (i386Numbers().has(name) || Object.hasOwn(syscallNumbers.x86_64, name)) return true;
  if (!name.includes(" ") && elsewhere.includes(` ${name} `)) return true;
  return Object.hasOwn(syscallNumbers.aarch64, name) || armNumbers().has(name);
}

/** The error for a name no architecture knows. */
export function unknownSyscall(name: string, path: string): HuskError {
  const known = [
    ...Object.keys(syscallNumbers.x86_64),
    ...i386Numbers().keys(),
    ...armNumbers().keys(),
    ...elsewhere.trim().split(" "),
  ];
  const near = nearest(name, known);
  return new HuskError("invalid", `${path}: unknown system call ${JSON.stringify(name)}`, {
    hint: near === undefined ? "man 2 syscalls lists them" : `did you mean ${near}?`,
  });
}

/** The numbers of these calls in the machine's own ABI; -1 for those it does not have. */
export function nativeNumbers(names: readonly string[], arch: Arch): number[] {
  const table = syscallNumbers[arch] as Readonly<Record<string, unknown>>;
  const numbers: number[] = [];
  for (let i = 0; i < names.length; i++) {
    const number = table[names[i]!];
    numbers.push(typeof number === "number" ? number : -1);
  }
  return numbers;
}

let i386Table: Map<string, number> | undefined;
let armTable: Map<string, number> | undefined;
let x32Table: Map<string, number> | undefined;

function i386Numbers(): Map<string, number> {
  return (i386Table ??= readList(i386, time64));
}

function armNumbers(): Map<string, number> {
  return (armTable ??= readList(arm, time64));
}

function x32Numbers(): Map<string, number> {
  if (x32Table === undefined) {
    x32Table = readList(x32);
    for (const name of notX32.split(" ")) x32Table.set(name, -1);
  }
  return x32Table;
}

function readList(...lists: string[]): Map<string, number> {
  const table = new Map<string, number>();
  let next = 0;
  for (const list of lists) {
    const words = list.split(" ");
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      const first = word.charCodeAt(0);
      if (first >= 0x30 && first <= 0x39) next = Number(word);
      else table.set(word, next++);
    }
  }
  return table;
}
