import { readFileSync } from "node:fs";
import { hostArch } from "../plan/index.ts";
import type { RootView } from "../platform/in-root.ts";
import type { ElfFile } from "./elf-file.ts";
import { type CacheEntry, readLdCache } from "./ld-cache.ts";
import { readLdConf } from "./ld-conf.ts";
import { withFile } from "./root-files.ts";

/** How the dynamic loader of a root file system finds libraries (ld.so(8); musl: ldso/dynlink.c). */
export interface Loader {
  readonly kind: "glibc" | "musl";
  /** Where it looks last; what stands in these needs no configuration. */
  readonly defaultFolders: readonly string[];
  /** What $LIB in a search path stands for: `lib64`, `lib/x86_64-linux-gnu`. */
  readonly lib: string;
  /** Subfolders of glibc-hwcaps for this processor, best first. */
  readonly levels: readonly string[];
  /** What ldconfig has found; the folders of its configuration where there is no cache. */
  readonly cache: readonly CacheEntry[];
  readonly configuredFolders: readonly string[];
}

const LOADER_BYTES = 8 << 20;
const CACHE_BYTES = 64 << 20;
const MUSL_FOLDERS = ["/lib", "/usr/local/lib", "/usr/lib"];

const known = new WeakMap<RootView, Map<string, Loader>>();

/**
 * Learns how a program's loader searches, from the files of the root it is in; once for each root.
 *
 * @param interpreter path of the loader; undefined for a library that names none
 */
export function readLoader(root: RootView, interpreter: string | undefined, program: ElfFile): Loader {
  const loaders = known.get(root) ?? new Map<string, Loader>();
  known.set(root, loaders);
  const key = interpreter ?? program.machine;
  const loader = loaders.get(key) ?? learn(root, interpreter, program);
  loaders.set(key, loader);
  return loader;
}

function learn(root: RootView, interpreter: string | undefined, program: ElfFile): Loader {
  const name = interpreter?.slice(interpreter.lastIndexOf("/") + 1) ?? "";
  const levels = levelsOf(program);
  if (name.startsWith("ld-musl-")) {
    const defaultFolders = muslFolders(root, name) ?? MUSL_FOLDERS;
    return { kind: "musl", defaultFolders, lib: "lib", levels: [], cache: [], configuredFolders: [] };
  }
  const bytes = interpreter === undefined ? undefined : read(root, interpreter, LOADER_BYTES);
  const defaultFolders = (bytes && compiledInFolders(bytes)) ?? usualFolders(program);
  const file = read(root, "/etc/ld.so.cache", CACHE_BYTES);
  return {
    kind: "glibc",
    defaultFolders,
    lib: (defaultFolders[0] as string).slice(1),
    levels,
    cache: file === undefined ? [] : readLdCache(file),
    configuredFolders: file === undefined ? readLdConf(root) : [],
  };
}

/**
 * glibc's loader has its default folders compiled in, one after the other, each with a final slash
 * (`system_dirs` in elf/dl-load.c). Distributions differ in them.
 */
function compiledInFolders(bytes: Uint8Array): string[] | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  const found = /(?:(?:\/[\w.+-]+)+\/\0){2,}/.exec(text)?.[0];
  return found
    ?.split("\0")
    .slice(0, -1)
    .map((folder) => folder.slice(0, -1));
}

function usualFolders({ machine, bits }: ElfFile): string[] {
  const multiarch = `${machine}-linux-gnu`;
  const wide = bits === 64 ? ["/lib64", "/usr/lib64"] : [];
  return [`/lib/${multiarch}`, `/usr/lib/${multiarch}`, ...wide, "/lib", "/usr/lib"];
}

/** /etc/ld-musl-ARCH.path, with folders separated by colons or line ends. */
function muslFolders(root: RootView, name: string): string[] | undefined {
  const file = read(root, `/etc/${name.replace(/\.so\.\d+$/, "")}.path`, 65536);
  const folders =
    file &&
    new TextDecoder()
      .decode(file)
      .split(/[:\n]/)
      .filter((folder) => folder.startsWith("/"));
  return folders?.length ? folders : undefined;
}

function read(root: RootView, path: string, limit: number): Uint8Array | undefined {
  return withFile(root, path, ({ stats, read }) => read(0, Math.min(stats.size, limit)));
}

/** What each level of x86-64 asks of the processor, in /proc/cpuinfo's words (x86-64 psABI). */
const x86Levels: readonly (readonly [level: string, flags: string])[] = [
  ["x86-64-v2", "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"],
  ["x86-64-v3", "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"],
  ["x86-64-v4", "avx512f avx512bw avx512cd avx512dq avx512vl"],
];

function levelsOf({ machine }: ElfFile): string[] {
  if (machine !== "x86_64" || hostArch !== "x86_64") return [];
  const line = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "latin1"))?.[1] ?? "";
  const flags = new Set(line.split(" "));
  const levels: string[] = [];
  for (const [level, wanted] of x86Levels) {
    if (!wanted.split(" ").every((flag) => flags.has(flag))) break;
    levels.unshift(level);
  }
  return levels;
}
