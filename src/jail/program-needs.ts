import { type RootView, statInRoot } from "../platform/in-root.ts";
import { type ElfFile, readElfFile } from "./elf-file.ts";
import { type FoundLibrary, loadObject, type LoadedObject, searchLibrary } from "./library-search.ts";
import { readLoader } from "./loader.ts";
import { whereAllowed, withFile } from "./root-files.ts";
import { FIRST_LINE_BYTES, readShebang } from "./script.ts";

/** A file that has to be in a jail so that a program runs there. */
export interface Need {
  readonly role: "program" | "interpreter" | "loader" | "library";
  /** Path below the root, as the kernel or the loader names it: symbolic links count. */
  readonly path: string;
  /** Who needs it; undefined: the user named it. */
  readonly of: string | undefined;
  /** How the loader finds it: `ld.so.cache`, `RUNPATH of …`. */
  readonly how: string | undefined;
  /** Found by what a jail lacks: the folders in which the jail's loader will look instead. */
  readonly searchedInstead?: readonly string[];
}

/** Something that is not there. */
export interface Lack {
  readonly role: Need["role"];
  /** A path, or the bare name of a library or of a program that env(1) would look for. */
  readonly name: string;
  readonly of: string | undefined;
  readonly searched: readonly string[];
}

/** All that a program needs to run. */
export interface ProgramNeeds {
  readonly path: string;
  readonly kind: "dynamic" | "static" | "script";
  /** Processor it is made for; of a script, its interpreter's; undefined: unknown. */
  readonly machine: string | undefined;
  /** The program itself first. */
  readonly needs: readonly Need[];
  readonly lacks: readonly Lack[];
}

/** Interpreters may be scripts themselves; the kernel goes four steps deep. */
const SCRIPT_DEPTH = 4;

/**
 * Finds what a program needs, as the kernel and its dynamic loader would, without running anything.
 *
 * @param path of the program below the root
 * @param searchPath folders in which env(1) looks for a script's interpreter
 * @returns undefined when there is no such file, or it is neither an ELF file nor a script
 */
export function programNeeds(
  root: RootView,
  path: string,
  searchPath: readonly string[],
  depth = 0,
): ProgramNeeds | undefined {
  return withFile(root, path, (file) => {
    const elf = readElfFile(file.read);
    if (elf !== undefined) return elfNeeds(root, { path, realPath: file.path, elf, loadedBy: undefined });
    const shebang = readShebang(file.read(0, FIRST_LINE_BYTES));
    if (shebang === undefined) return undefined;
    const needs: Need[] = [{ role: "program", path, of: undefined, how: undefined }];
    const lacks: Lack[] = [];
    let machine: string | undefined;
    const add = (name: string, found: string | undefined, searched: readonly string[]): void => {
      const inner =
        found === undefined || depth === SCRIPT_DEPTH
          ? undefined
          : programNeeds(root, found, searchPath, depth + 1);
      if (inner === undefined) {
        lacks.push({ role: "interpreter", name, of: path, searched });
        return;
      }
      const [program, ...others] = inner.needs;
      needs.push({ ...(program as Need), role: "interpreter", of: path }, ...others);
      lacks.push(...inner.lacks);
      machine ??= inner.machine;
    };
    add(shebang.interpreter, shebang.interpreter, []);
    const { throughEnv } = shebang;
    if (throughEnv !== undefined) add(throughEnv, findProgram(root, throughEnv, searchPath), searchPath);
    return { path, kind: "script", machine, needs, lacks };
  });
}

/** The path of a program that is looked up in PATH, as the shell and env(1) do; a name with a slash is a path. */
export function findProgram(root: RootView, name: string, searchPath: readonly string[]): string | undefined {
  if (name.includes("/")) return name;
  for (const folder of searchPath) {
    const path = `${folder === "/" ? "" : folder}/${name}`;
    const stats = folder.startsWith("/") ? whereAllowed(() => statInRoot(root, path)?.stats) : undefined;
    if (stats?.isFile() === true && (stats.mode & 0o111) !== 0) return path;
  }
  return undefined;
}

function elfNeeds(root: RootView, program: LoadedObject): ProgramNeeds {
  const { path, elf } = program;
  const needs: Need[] = [{ role: "program", path, of: undefined, how: undefined }];
  const lacks: Lack[] = [];
  const { interpreter, machine } = elf;
  const isDynamic = interpreter !== undefined || elf.needed.length > 0;
  if (!isDynamic) return { path, kind: "static", machine, needs, lacks };

  const loader = readLoader(root, interpreter, elf);
  const known = new Set<string>();
  const queue = [program];
  if (interpreter !== undefined) {
    const object = loadObject(root, interpreter, program);
    if (object === undefined) lacks.push({ role: "loader", name: interpreter, of: path, searched: [] });
    else needs.push({ role: "loader", path: interpreter, of: path, how: "named in the program" });
    remember(known, interpreter, object?.elf);
  }
  for (let object = queue.shift(); object !== undefined; object = queue.shift()) {
    for (const name of [...object.elf.needed, ...object.elf.optional]) {
      if (known.has(name) || (loader.kind === "musl" && isMuslItself(name))) continue;
      known.add(name);
      const found = searchLibrary(root, loader, name, object);
      if ("object" in found) {
        remember(known, found.object.path, found.object.elf);
        queue.push(found.object);
        needs.push(libraryNeed(found, object, loader.defaultFolders));
      } else if (!object.elf.optional.includes(name)) {
        lacks.push({ role: "library", name, of: object.path, searched: found.searched });
      }
    }
  }
  return { path, kind: "dynamic", machine, needs, lacks };
}

function libraryNeed(found: FoundLibrary, by: LoadedObject, defaultFolders: readonly string[]): Need {
  const { object, how, needsMore } = found;
  const folder = object.path.slice(0, object.path.lastIndexOf("/")).replace(/\/glibc-hwcaps\/[^/]+$/, "");
  const need = { role: "library", path: object.path, of: by.path, how } as const;
  return needsMore && !defaultFolders.includes(folder) ? { ...need, searchedInstead: defaultFolders } : need;
}

/** A library is not loaded again under its path, its file name or the name it gives itself. */
function remember(known: Set<string>, path: string, elf: ElfFile | undefined): void {
  known.add(path);
  known.add(path.slice(path.lastIndexOf("/") + 1));
  if (elf?.soname !== undefined) known.add(elf.soname);
}

/** musl's libc is its loader, under all these names (`reserved` in ldso/dynlink.c). */
function isMuslItself(name: string): boolean {
  return /^lib(?:c|pthread|rt|m|dl|util|xnet)\./.test(name);
}
