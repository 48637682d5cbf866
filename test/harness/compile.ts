// Small C programs that tests run inside containers or beside them.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findCommand } from "./needs.ts";
import { temporaryFolder } from "./temporary.ts";

let folder: string | undefined;

/**
 * Compiles a C program and returns its path. Static unless other `flags` are given, so that it runs in any
 * root file system; compiled once per run, however often it is asked for.
 *
 * `["-m32", "-nostdlib", "-static"]` makes a 32-bit program, which needs its own `_start` and no libraries.
 */
export function compile(source: string, flags: readonly string[] = ["-static"]): string {
  return compileWith(process.env.CC ?? "cc", source, flags);
}

/** A program for another processor, such as `aarch64`: without a C library, so it needs its own `_start`. */
export function compileFor(machine: string, source: string, flags: readonly string[] = []): string {
  return compileWith(`${machine}-linux-gnu-gcc`, source, ["-nostdlib", "-ffreestanding", ...flags]);
}

function compileWith(name: string, source: string, flags: readonly string[]): string {
  const compiler = findCommand(name);
  if (compiler === undefined)
    throw new Error(`the C compiler ${name} is missing: apt-get install gcc libc6-dev`);
  folder ??= temporaryFolder("programs");
  const digest = createHash("sha256")
    .update(`${name}\0${flags.join("\0")}`)
    .update(source)
    .digest("hex")
    .slice(0, 16);
  const program = join(folder, digest);
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${program}.c`, source);
  // Libraries among the flags have to come after what needs them.
  const words = ["-O1", "-w", `${program}.c`, ...flags, "-o", `${program}.new`];
  const result = Bun.spawnSync([compiler, ...words], { timeout: 60_000 });
  if (!result.success) throw new Error(`the test program does not compile: ${result.stderr.toString()}`);
  renameSync(`${program}.new`, program);
  return program;
}

/** A 32-bit x86 program: the system call `number` (i386 table) without arguments; its result is the exit status. */
export function program32(number: number): string {
  return compile(
    `void _start(void) {
       int result;
       __asm__ volatile("int $0x80" : "=a"(result) : "a"(${number}) : "memory");
       __asm__ volatile("int $0x80" : : "a"(1), "b"(result < 0 ? -result : 0));
     }`,
    ["-m32", "-nostdlib", "-static", "-ffreestanding", "-fno-pie", "-no-pie", "-fno-stack-protector"],
  );
}
