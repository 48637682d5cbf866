import { arm64 } from "./syscalls-arm64.ts";
import { x86_64 } from "./syscalls-x86-64.ts";

/** Architectures a keeper exists for, as `uname -m` prints them. */
export type Arch = "x86_64" | "aarch64";

/** A system call both architectures have (old ones such as open(2) exist on x86-64 alone). */
export type SyscallName = keyof typeof x86_64 & keyof typeof arm64;

/** Number of each system call, by architecture. */
export const syscallNumbers: Readonly<Record<Arch, Readonly<Record<SyscallName, number>>>> = {
  x86_64,
  aarch64: arm64,
};

/** The architecture this process runs on. */
export const hostArch: Arch = process.arch === "arm64" ? "aarch64" : "x86_64";
