import { closeSync, readdirSync, statfsSync } from "node:fs";
import { findInRoot, type RootView, statInRoot } from "../platform/in-root.ts";
import { HuskError } from "../platform/error.ts";
import { emulationNote } from "../runtime/emulation.ts";
import { programNeeds, type ProgramNeeds } from "./program-needs.ts";
import { whereAllowed } from "./root-files.ts";

/** A program of a jail. */
export interface ListedProgram extends ProgramNeeds {
  /** Other names for it: links. */
  readonly names: readonly string[];
}

/** Something that programs count on besides libraries. */
export interface ExpectedFile {
  readonly path: string;
  readonly present: boolean;
  /** What does not work without it. */
  readonly why: string;
  /** A command that provides it. */
  readonly mend: string;
}

/** What a jail holds and lacks. */
export interface JailListing {
  readonly folder: string;
  readonly programs: readonly ListedProgram[];
  readonly expected: readonly ExpectedFile[];
  readonly notes: readonly string[];
}

/** Where programs are looked for: the usual PATH, and the jail's folder itself. */
export const PROGRAM_FOLDERS: readonly string[] = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
];

const PROC_SUPER_MAGIC = 0x9fa0;

/**
 * Looks at a jail as its own programs and loader would. Nothing in it is executed or changed.
 *
 * @param folder absolute path
 * @throws HuskError "not-found", "invalid", "denied"
 */
export function listJail(folder: string): JailListing {
  const root: RootView = { root: folder };
  let top: ReturnType<typeof statInRoot>;
  try {
    top = statInRoot(root, "/");
  } catch (cause) {
    throw new HuskError("denied", `cannot look into ${folder}: ${(cause as Error).message}`, { cause });
  }
  if (top === undefined) {
    throw new HuskError("not-found", `no jail ${folder}: no such folder`, {
      hint: `husk jail make ${folder} bash ls makes one`,
    });
  }
  const { programs, unreadable } = findPrograms(root);
  const machines = [...new Set(programs.map(({ machine }) => machine))];
  const notes = machines.map(emulationNote).filter((note) => note !== undefined);
  if (unreadable.length > 0) notes.push(`this user may not read ${unreadable.join(", ")}`);
  return {
    folder,
    programs,
    expected: expectedFiles(root),
    notes,
  };
}

function findPrograms(root: RootView): { programs: ListedProgram[]; unreadable: string[] } {
  const names = new Map<string, string[]>();
  const seen = new Set<string>();
  for (const folder of [...PROGRAM_FOLDERS, "/"]) {
    const found = whereAllowed(() => list(root, folder));
    if (found === undefined || seen.has(found.path)) continue;
    seen.add(found.path);
    for (const name of found.names) {
      const path = `${found.path === "/" ? "" : found.path}/${name}`;
      const file = whereAllowed(() => statInRoot(root, path));
      if (file === undefined || !file.stats.isFile() || (file.stats.mode & 0o111) === 0) continue;
      const known = names.get(file.path);
      if (known === undefined) names.set(file.path, [path]);
      else known.push(path);
    }
  }
  const programs: ListedProgram[] = [];
  const unreadable: string[] = [];
  for (const [path, all] of names) {
    // Null: no program.
    const needs = whereAllowed(() => programNeeds(root, path, PROGRAM_FOLDERS) ?? null);
    if (needs === undefined) unreadable.push(path);
    else if (needs !== null) programs.push({ ...needs, names: all.filter((name) => name !== path) });
  }
  return { programs: programs.toSorted((a, b) => (a.path < b.path ? -1 : 1)), unreadable };
}

function list(root: RootView, path: string): { path: string; names: string[] } | undefined {
  const found = findInRoot(root, path);
  if (found === undefined) return undefined;
  try {
    if (!found.stats.isDirectory()) return undefined;
    return { path: found.path, names: readdirSync(`/proc/self/fd/${found.fd}`).toSorted() };
  } finally {
    closeSync(found.fd);
  }
}

function expectedFiles(root: RootView): ExpectedFile[] {
  const jail = root.root;
  const isThere = (path: string): boolean => statInRoot(root, path) !== undefined;
  return [
    {
      path: "/bin/sh",
      present: statInRoot(root, "/bin/sh")?.stats.isFile() === true,
      why: "scripts and programs that start others by way of a shell",
      mend: `husk jail make ${jail} /bin/sh`,
    },
    {
      path: "/dev/null",
      present: statInRoot(root, "/dev/null")?.stats.isCharacterDevice() === true,
      why: "output that is thrown away becomes a file, or an error",
      mend: "husk chroot -v /dev/null:/dev/null …",
    },
    {
      path: "/proc",
      present: isProc(root),
      why: "ps and whatever else looks at processes",
      mend: "husk chroot -v /proc:/proc … (the host's processes), or husk run --rootfs (only its own)",
    },
    {
      path: "/etc/passwd",
      present: isThere("/etc/passwd"),
      why: "ids have no names: id, ls -l, whoami",
      mend: `mkdir -p ${jail}/etc && cp /etc/passwd /etc/group ${jail}/etc`,
    },
    {
      path: "/tmp",
      present: statInRoot(root, "/tmp")?.stats.isDirectory() === true,
      why: "programs that keep something in files for a while",
      mend: `mkdir -m 1777 ${jail}/tmp`,
    },
  ];
}

/** Not only a folder of that name: the file system of processes. */
function isProc(root: RootView): boolean {
  const found = findInRoot(root, "/proc");
  if (found === undefined) return false;
  try {
    return found.stats.isDirectory() && statfsSync(`/proc/self/fd/${found.fd}`).type === PROC_SUPER_MAGIC;
  } finally {
    closeSync(found.fd);
  }
}
