import { HuskError } from "../../platform/error.ts";
import { nearest } from "../../platform/nearest.ts";
import { type Arch, syscallNumbers } from "../../plan/index.ts";
import { arm, elsewhere, i386, notX32, time64, x32 } from "./syscall-names.ts";

/** A way of calling the kernel: what seccomp sees as one architecture, or as a part of one. */
export interface Abi {
  readonly name: string;
  /** AUDIT_ARCH_*, `seccomp_data.arch` (linux/audit.h). */
  readonly audit: number;
  /** Whether arguments are 64 bits wide; of 32-bit ones only the low half is looked at. */
  readonly wide: boolean;
  /** Added to each number: x32 sets bit 30 (__X32_SYSCALL_BIT). */
  readonly base: number;
  /** The call's number without `base`, or -1 if this ABI does not have it. */
  numberOf(name: string): number;
}

/** The ABIs of each machine; its own first. */
const abis: Record<Arch, readonly Abi[]> = {
  x86_64: [
    { name: "SCMP_ARCH_X86_64", audit: 0xc000003e, wide: true, base: 0, numberOf: numbers("x86_64") },
    { name: "SCMP_ARCH_X86", audit: 0x40000003, wide: false, base: 0, numberOf: listed(() => i386 + " " + time64) },
    { name: "SCMP_ARCH_X32", audit: 0xc000003e, wide: true, base: 0x40000000, numberOf: x32Numbers() },
  ],
  aarch64: [
    { name: "SCMP_ARCH_AARCH64", audit: 0xc00000b7, wide: true, base: 0, numberOf: numbers("aarch64") },
    { name: "SCMP_ARCH_ARM", audit: 0x40000028, wide: false, base: 0, numberOf: listed(() => arm + " " + time64) },
  ],
};

/** From this number on all architectures number their calls alike (Linux 5.1). */
const unified = 424;

/** Architectures a profile may name although no machine husk runs on has them. */
const foreign =
  " MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X PARISC PARISC64 " +
  "RISCV64 LOONGARCH64 M68K SH SHEB ";

/**
 * The ABIs a profile filters on this machine: its own always, first, and those it names. Calls through any
 * other ABI never reach the rules. Throws `invalid` for a name that is no architecture.
 */
export function abisOf(names: readonly string[] | undefined, arch: Arch, at: string): Abi[] {
  const mine = abis[arch];
  const chosen = [mine[0]!];
  for (let i = 0; names !== undefined && i < names.length; i++) {
    const name = names[i]!;
    const abi = mine.find((one) => one.name === name);
    if (abi !== undefined) {
      if (!chosen.includes(abi)) chosen.push(abi);
    } else if (!isArchitecture(name)) {
      throw unknownArchitecture(name, `${at}.architectures[${i}]`);
    }
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
  if (plain("x86_64", name) >= 0 || plain("aarch64", name) >= 0) return true;
  if (isNumber(name) || name.includes(" ")) return false;
  const word = ` ${name} `;
  for (const list of [i386, arm, time64, elsewhere]) if (` ${list} `.includes(word)) return true;
  return false;
}

/** The error for a name no architecture knows. */
export function unknownSyscall(name: string, path: string): HuskError {
  const known = `${i386} ${arm} ${time64} ${elsewhere}`.split(" ").filter((word) => !isNumber(word));
  const near = nearest(name, [...Object.keys(syscallNumbers.x86_64), ...known]);
  return new HuskError("invalid", `${path}: unknown system call ${JSON.stringify(name)}`, {
    hint: near === undefined ? "man 2 syscalls lists them" : `did you mean ${near}?`,
  });
}

function plain(arch: Arch, name: string): number {
  const number: unknown = (syscallNumbers[arch] as Readonly<Record<string, number>>)[name];
  return typeof number === "number" ? number : -1;
}

function numbers(arch: Arch): (name: string) => number {
  return (name) => plain(arch, name);
}

/** Numbers out of a list of names, read when the first one is asked for. */
function listed(list: () => string): (name: string) => number {
  let table: Map<string, number> | undefined;
  return (name) => {
    table ??= readList(list());
    const number = table.get(name);
    if (number !== undefined) return number;
    const later = plain("x86_64", name);
    return later >= unified ? later : -1;
  };
}

function x32Numbers(): (name: string) => number {
  let own: Map<string, number> | undefined;
  return (name) => {
    own ??= readList(x32);
    return own.get(name) ?? (notX32.includes(` ${name} `) ? -1 : plain("x86_64", name));
  };
}

function readList(list: string): Map<string, number> {
  const table = new Map<string, number>();
  let next = 0;
  for (const word of list.split(" ")) {
    if (isNumber(word)) next = Number(word);
    else table.set(word, next++);
  }
  return table;
}

function isNumber(word: string): boolean {
  const first = word.charCodeAt(0);
  return first >= 0x30 && first <= 0x39;
}
