import { arm64 } from "./syscalls-arm64.ts";
import { x86_64 } from "./syscalls-x86-64.ts";

/** Architectures a keeper exists for, as `uname -m` prints them. */
export type Arch = "x86_64" | "aarch64";

/** First words of the lines of a text. */
type FirstWords<T extends string, Found = never> = T extends `${infer Line}\n${infer Rest}`
  ? FirstWords<Rest, Line extends `${infer Name} ${string}` ? Found | Name : Found>
  : Found;

/** A system call both architectures have (old ones such as open(2) exist on x86-64 alone). */
export type SyscallName = FirstWords<typeof x86_64> & FirstWords<typeof arm64>;

type Numbers = Readonly<Record<SyscallName, number>>;

/** Lines of name and number: to make an object of them takes 0.15 ms, and a start needs a dozen. */
const texts: Readonly<Record<Arch, string>> = { x86_64, aarch64: arm64 };

/** Number of a system call. */
export function syscallNumber(arch: Arch, name: SyscallName): number {
  const text = texts[arch];
  const at = text.indexOf(`\n${name} `) + name.length + 2;
  return Number(text.slice(at, text.indexOf("\n", at)));
}

const made: Partial<Record<Arch, Numbers>> = {};

/** Number of each system call, by architecture: for those who need many, or want to know which there are. */
export const syscallNumbers: Readonly<Record<Arch, Numbers>> = {
  get x86_64() {
    return (made.x86_64 ??= numbersIn(x86_64));
  },
  get aarch64() {
    return (made.aarch64 ??= numbersIn(arm64));
  },
};

function numbersIn(text: string): Numbers {
  const numbers: Record<string, number> = {};
  for (const line of text.trim().split("\n")) {
    const space = line.indexOf(" ");
    numbers[line.slice(0, space)] = Number(line.slice(space + 1));
  }
  return numbers as Numbers;
}

/** The architecture this process runs on. */
export const hostArch: Arch = process.arch === "arm64" ? "aarch64" : "x86_64";
