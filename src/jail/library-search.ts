import type { RootView } from "../platform/in-root.ts";
import { type ElfFile, readElfFile } from "./elf-file.ts";
import type { Loader } from "./loader.ts";
import { whereAllowed, withFile } from "./root-files.ts";

/** A program or library as the loader would have it in memory. */
export interface LoadedObject {
  /** Path it was found by. */
  readonly path: string;
  /** The same without symbolic links. */
  readonly realPath: string;
  readonly elf: ElfFile;
  /** Who needed it first; undefined: the program itself. */
  readonly loadedBy: LoadedObject | undefined;
}

/** A library, and how it was found. */
export interface FoundLibrary {
  readonly object: LoadedObject;
  /** `RUNPATH of /usr/bin/x`, `ld.so.cache`, … */
  readonly how: string;
  /**
   * It was found by what a jail does not have: ld.so.cache, ld.so.conf, or the program's $ORIGIN, which the loader
   * learns from /proc.
   */
  readonly needsMore: boolean;
}

/** What was looked at, for the error. */
export interface NotFound {
  readonly searched: readonly string[];
}

/**
 * Finds a library as the loader of that root would, for the object that needs it: DT_RPATH of it and of those
 * that loaded it unless it has a DT_RUNPATH, its DT_RUNPATH, the cache, the default folders. LD_LIBRARY_PATH is
 * left out: it is not there when the program runs in its jail. Files for other processors are passed over.
 */
export function searchLibrary(
  root: RootView,
  loader: Loader,
  name: string,
  from: LoadedObject,
): FoundLibrary | NotFound {
  const searched: string[] = [];
  const attempt = (path: string): LoadedObject | undefined =>
    whereAllowed(() => loadObject(root, path, from));
  if (name.includes("/")) {
    const path = expandTokens(name, from, loader);
    const object = path.startsWith("/") ? attempt(path) : undefined;
    return object === undefined ? { searched: [path] } : { object, how: "by its path", needsMore: false };
  }
  const inFolders = (
    folders: readonly string[],
    how: string,
    needsMore: boolean,
  ): FoundLibrary | undefined => {
    for (const folder of folders) {
      if (!searched.includes(folder)) searched.push(folder);
      for (const level of loader.levels) {
        const object = attempt(`${folder}/glibc-hwcaps/${level}/${name}`);
        if (object !== undefined) return { object, how: `${how}, for ${level}`, needsMore };
      }
      const object = attempt(`${folder === "/" ? "" : folder}/${name}`);
      if (object !== undefined) return { object, how, needsMore };
    }
    return undefined;
  };
  for (const { folders, how, byOrigin } of ownFolders(from, loader)) {
    const found = inFolders(folders, how, byOrigin);
    if (found !== undefined) return found;
  }
  if (!from.elf.noDefaultFolders || loader.kind === "musl") {
    const found =
      inCache(loader, name, attempt) ??
      inFolders(loader.configuredFolders, "ld.so.conf", true) ??
      inFolders(loader.defaultFolders, "default folder", false);
    if (found !== undefined) return found;
    if (loader.cache.length > 0) searched.push("/etc/ld.so.cache");
  }
  return { searched };
}

/** Opens what may be a library of the same kind as the one that needs it. */
export function loadObject(root: RootView, path: string, from: LoadedObject): LoadedObject | undefined {
  return withFile(root, path, (file) => {
    const elf = readElfFile(file.read);
    if (elf === undefined || elf.machine !== from.elf.machine || elf.bits !== from.elf.bits) return undefined;
    return { path, realPath: file.path, elf, loadedBy: from };
  });
}

function inCache(
  loader: Loader,
  name: string,
  attempt: (path: string) => LoadedObject | undefined,
): FoundLibrary | undefined {
  const entries = loader.cache.filter((entry) => entry.name === name);
  for (const level of [...loader.levels, undefined]) {
    for (const entry of entries) {
      if (entry.level !== level) continue;
      const object = attempt(entry.path);
      if (object !== undefined) return { object, how: "ld.so.cache", needsMore: true };
    }
  }
  return undefined;
}

interface SearchPath {
  readonly folders: readonly string[];
  readonly how: string;
  /** The place of the program itself is a part of it. */
  readonly byOrigin: boolean;
}

/** The folders that the objects themselves name. */
function ownFolders(from: LoadedObject, loader: Loader): SearchPath[] {
  const paths: SearchPath[] = [];
  const add = (path: string | undefined, what: string, owner: LoadedObject): void => {
    if (path === undefined) return;
    const folders = path
      .split(":")
      .map((folder) => expandTokens(folder, owner, loader))
      // Others are relative to whatever folder the program is started in.
      .filter((folder) => folder.startsWith("/"));
    const byOrigin = owner.loadedBy === undefined && /\$\{?ORIGIN/.test(path);
    if (folders.length > 0) paths.push({ folders, how: `${what} of ${owner.path}`, byOrigin });
  };
  if (loader.kind === "musl") {
    // musl makes no difference between the two, and hands both on.
    for (let owner: LoadedObject | undefined = from; owner !== undefined; owner = owner.loadedBy)
      add(owner.elf.runpath ?? owner.elf.rpath, owner.elf.runpath === undefined ? "RPATH" : "RUNPATH", owner);
    return paths;
  }
  if (from.elf.runpath === undefined) {
    for (let owner: LoadedObject | undefined = from; owner !== undefined; owner = owner.loadedBy)
      if (owner.elf.runpath === undefined) add(owner.elf.rpath, "RPATH", owner);
  }
  add(from.elf.runpath, "RUNPATH", from);
  return paths;
}

/** Replaces $ORIGIN, $LIB and $PLATFORM, each also in braces (ld.so(8), "Dynamic string tokens"). */
function expandTokens(text: string, owner: LoadedObject, loader: Loader): string {
  if (!text.includes("$")) return tidy(text);
  // A program's origin is what the kernel executes, a library's where it was found.
  const place = owner.loadedBy === undefined ? owner.realPath : owner.path;
  const origin = place.slice(0, place.lastIndexOf("/")) || "/";
  const values: Readonly<Record<string, string>> = {
    ORIGIN: origin,
    LIB: loader.lib,
    PLATFORM: owner.elf.machine,
  };
  return tidy(
    text.replace(
      /\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))/g,
      (_, braced, bare) => values[(braced ?? bare) as string] as string,
    ),
  );
}

/** ".." stays: what it means depends on links, so that is for the lookup. */
function tidy(path: string): string {
  return path.length > 1 ? path.replace(/\/{2,}/g, "/").replace(/(?<=.)\/$/, "") : path;
}
