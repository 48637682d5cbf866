import { arm64 } from "./syscalls-arm64.ts";
import { x86_64 } from "./syscalls-x86-64.ts";

/** Architectures a keeper exists for, as `uname -m` prints them. */
export type Arch = "x86_64" | "aarch64";

/** A system call both architectures have (old ones such as open(2) exist on x86-64 alone). */
export type SyscallName = keyof ReturnType<typeof x86_64> & keyof ReturnType<typeof arm64>;

type Numbers = Readonly<Record<SyscallName, number>>;
const made: Partial<Record<Arch, Numbers>> = {};

/** Number of each system call, by architecture. A table is made when it is first asked for: few need both. */
export const syscallNumbers: Readonly<Record<Arch, Numbers>> = {
  get x86_64() {
    return (made.x86_64 ??= x86_64());
  },
  get aarch64() {
    return (made.aarch64 ??= arm64());
  },
};

/** The architecture this process runs on. */
export const hostArch: Arch = process.arch === "arm64" ? "aarch64" : "x86_64";
