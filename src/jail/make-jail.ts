import { mkdirSync, rmdirSync, statSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import { type RootView, statInRoot } from "../platform/in-root.ts";
import { emulationNote } from "../runtime/emulation.ts";
import {
  bringFile,
  bringLink,
  finishFolders,
  type JailChange,
  type JailTree,
  linkTo,
  openJail,
  undo,
} from "./jail-tree.ts";
import { findProgram, type Lack, type Need, programNeeds, type ProgramNeeds } from "./program-needs.ts";

/** Which programs are to be in which jail. */
export interface JailRequest {
  /** The jail's folder, absolute; made if it is missing. */
  readonly folder: string;
  /** Absolute path of the root file system the programs come from: `/` or another one. */
  readonly from: string;
  /** Names that are looked up in `searchPath`, or absolute paths below `from`. */
  readonly programs: readonly string[];
  readonly searchPath: readonly string[];
  /** Overwrite files of the jail that are others than the source's. */
  readonly replace: boolean;
}

/** What programs need, before anything is copied. */
export interface PlannedJail {
  readonly programs: readonly ProgramNeeds[];
  /** Each file once, programs first. */
  readonly needs: readonly Need[];
  /** What the user should know. */
  readonly notes: readonly string[];
}

/** What was done. */
export interface MadeJail extends PlannedJail {
  readonly folder: string;
  readonly changes: readonly JailChange[];
}

/**
 * Decides what has to be copied. Nothing is changed, and no program is run.
 *
 * @throws HuskError "not-found" for a program, loader or library that is not there; "invalid" for a file that is
 *   no program
 */
export function planJail(request: JailRequest): PlannedJail {
  const root: RootView = { root: request.from };
  const programs = request.programs.map((name) => needsOf(root, name, request));
  const lacks = programs.flatMap((program) => program.lacks);
  if (lacks.length > 0) throw lackingError(lacks, request);
  const needs = new Map<string, Need>();
  for (const need of programs.flatMap((program) => program.needs))
    if (!needs.has(need.path)) needs.set(need.path, need);
  const machines = [...new Set(programs.map(({ machine }) => machine))];
  const notes = machines.map(emulationNote).filter((note) => note !== undefined);
  return { programs, needs: [...needs.values()].toSorted((a, b) => rank(a) - rank(b)), notes };
}

/**
 * Copies programs with all they need into a jail, to the same paths. On a failure what was made is taken away again.
 *
 * @throws HuskError as {@link planJail}; "conflict" when the jail has something else in a place; "denied", "failed"
 */
export function makeJail(request: JailRequest): MadeJail {
  const planned = planJail(request);
  const source: RootView = { root: request.from };
  const { folder } = request;
  const isNew = makeFolder(folder);
  const jail = openJail(folder, request.replace);
  try {
    for (const need of planned.needs) {
      const before = jail.changes.length;
      bringFile(jail, source, need.path);
      for (const change of jail.changes.slice(before)) if (change.bytes !== undefined) explain(change, need);
    }
    for (const need of planned.needs) linkForLoader(jail, need);
    bringMergedLinks(jail, source);
    finishFolders(jail);
  } catch (error) {
    undo(jail);
    if (isNew) removeFolder(folder);
    throw error instanceof HuskError ? error : copyError(folder, error as NodeJS.ErrnoException);
  }
  return { ...planned, folder, changes: jail.changes };
}

function explain(change: JailChange, { role, of }: Need): void {
  change.role = role;
  if (of !== undefined) change.of = of;
}

function needsOf(root: RootView, name: string, { searchPath }: JailRequest): ProgramNeeds {
  const where = root.root === "/" ? "" : ` below ${root.root}`;
  const path = findProgram(root, name, searchPath);
  if (path === undefined) {
    throw new HuskError("not-found", `no program ${name}${where}`, {
      hint: `searched in ${searchPath.join(":")}; words such as cd are part of the shell`,
    });
  }
  const needs = programNeeds(root, path, searchPath);
  if (needs !== undefined) return needs;
  if (statInRoot(root, path) === undefined) throw new HuskError("not-found", `no program ${path}${where}`);
  throw new HuskError(
    "invalid",
    `${path}${where} is no program: neither ELF nor a script that begins with #!`,
    {
      hint: "other files are copied by cp",
    },
  );
}

function rank({ role }: Need): number {
  return ["program", "interpreter", "loader", "library"].indexOf(role);
}

function lackingError(lacks: readonly Lack[], { from, folder }: JailRequest): HuskError {
  const words = new Set(
    lacks.map(({ role, name, of, searched }) => {
      const where = searched.length > 0 ? ` (searched: ${searched.join(", ")})` : "";
      return `${role} ${name} of ${of}${where}`;
    }),
  );
  const below = from === "/" ? "on this machine" : `below ${from}`;
  return new HuskError("not-found", `jail ${folder}: not ${below}: ${[...words].join("; ")}`, {
    hint: "nothing was copied; install what is missing (apt-file search NAME tells the package), or --from another root",
  });
}

/** True if the folder was made. */
function makeFolder(folder: string): boolean {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return false;
  if (stats !== undefined) {
    throw new HuskError("invalid", `${folder} is a file, and a jail is a folder`, { hint: "name a folder" });
  }
  try {
    mkdirSync(folder);
  } catch (cause) {
    throw new HuskError("failed", `cannot make the jail ${folder}: ${(cause as Error).message}`, {
      cause,
      hint: "the folder above it has to exist and be writable",
    });
  }
  return true;
}

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Somebody has put something into it.
  }
}

/**
 * A library that was found by way of ld.so.cache or ld.so.conf, or of $ORIGIN, would not be found in the jail, which
 * has neither those nor /proc: it gets a link in a folder where the jail's loader looks by itself.
 */
function linkForLoader(jail: JailTree, { path, searchedInstead }: Need): void {
  if (searchedInstead === undefined) return;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const present = (place: string): boolean => statInRoot(jail.view, place) !== undefined;
  if (searchedInstead.some((folder) => present(`${folder}/${name}`))) return;
  const folder = searchedInstead.find(present) ?? (searchedInstead[0] as string);
  linkTo(jail, `${folder}/${name}`, path);
}

/** Links such as /bin → usr/bin: programs and first lines of scripts name both. */
function bringMergedLinks(jail: JailTree, source: RootView): void {
  for (const path of ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"]) {
    statInRoot(source, path, ({ path: name, stats, target }) => {
      if (name === path && target !== undefined && leadsToFolder(jail, target))
        bringLink(jail, path, target, stats);
    });
  }
}

function leadsToFolder(jail: JailTree, target: string): boolean {
  return statInRoot(jail.view, target)?.stats.isDirectory() === true;
}

function copyError(folder: string, cause: NodeJS.ErrnoException): HuskError {
  const denied = cause.code === "EACCES" || cause.code === "EPERM" || cause.code === "EROFS";
  return new HuskError(denied ? "denied" : "failed", `cannot fill the jail ${folder}: ${cause.message}`, {
    cause,
    hint: denied
      ? "check who may write there, or run husk as root"
      : "what was made has been taken away again",
  });
}
