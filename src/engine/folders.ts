import { lstatSync, mkdirSync, rmSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import { writeWhole } from "../platform/whole-file.ts";
import { type AskedFolders, folderPaths, readIfThere } from "./folder-paths.ts";
import { readSettings } from "./settings/read-settings.ts";

/** Where an engine keeps its state. */
export interface Folders {
  /** What stays: images, containers, volumes. */
  readonly root: string;
  /** What dies with a boot: records of running containers, sockets. */
  readonly run: string;
}

/** Version of the state's layout on disk. A newer one is refused. 1: names stood in $run, as containers did. */
const format = 2;
const OLDEST_FORMAT = 1;

/** {@link folderPaths} of this process, with the settings of this machine and this user. */
export function chooseFolders(
  asked: AskedFolders,
  env: NodeJS.ProcessEnv = process.env,
  settings: { readonly root?: string; readonly run?: string } = readSettings(),
): Folders {
  return folderPaths(asked, env, settings);
}

/**
 * Makes the folders (0700) if they are missing and checks that they are this user's, of a known
 * format, and belong together.
 *
 * @throws HuskError "denied" for a folder somebody else could write to, "conflict" for a run folder
 *   of another root, "unsupported" for the state of a newer husk
 */
export function openFolders(folders: Folders): Folders {
  const { root, run } = folders;
  if (isThere(run) && readIfThere(`${run}/engine.json`) === mark(root)) return folders;
  openFolder(root, root);
  openFolder(run, root);
  return folders;
}

/** Content of `engine.json` in both folders. */
function mark(root: string): string {
  return `${JSON.stringify({ format, root })}\n`;
}

function openFolder(folder: string, root: string): void {
  const file = `${folder}/engine.json`;
  if (!isThere(folder)) {
    makeFolder(folder);
    checkOwner(folder, lstatSync(folder));
  }
  let content = readIfThere(file);
  if (content === undefined) {
    // Two commands may get here at once: both write the same.
    writeWhole(file, mark(root), 0o600);
    content = readIfThere(file);
  }
  if (content === mark(root)) return;
  const found = parseMark(content ?? "");
  if (found.root !== root || !isOlder(found.format)) throw foreign(folder, root, found);
  migrate(folder);
  writeWhole(file, mark(root), 0o600);
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new HuskError("denied", `cannot make husk's folder ${folder}: ${(cause as Error).message}`, {
      cause,
      hint: "give another one with --root DIR and --run DIR",
    });
  }
}

/** Checks a folder, before anything in it is opened: a fifo of somebody else's would hold us for ever. */
function isThere(folder: string): boolean {
  let info;
  try {
    info = lstatSync(folder, { throwIfNoEntry: false });
  } catch (cause) {
    throw new HuskError("denied", `cannot reach husk's folder ${folder}: ${(cause as Error).message}`, {
      cause,
      hint: "give another one with --root DIR and --run DIR",
    });
  }
  if (info === undefined) return false;
  checkOwner(folder, info);
  return true;
}

/** In a shared place such as /tmp, somebody else may have made the folder, or a link, beforehand. */
function checkOwner(folder: string, { uid, mode }: { uid: number; mode: number }): void {
  const mine = uid === (process.geteuid?.() ?? 0);
  if (mine && (mode & 0o170000) === 0o040000 && (mode & 0o022) === 0) return;
  const problem = mine ? "is a link or writable for others" : `belongs to user ${uid}`;
  throw new HuskError("denied", `husk's folder ${folder} ${problem}`, {
    hint: "give one of your own with --root DIR and --run DIR, or: chmod go-w the folder",
  });
}

interface Mark {
  readonly format?: unknown;
  readonly root?: unknown;
}

function parseMark(content: string): Mark {
  try {
    return Object(JSON.parse(content));
  } catch {
    return {}; // An unreadable file is of no known format.
  }
}

function isOlder(found: unknown): boolean {
  return typeof found === "number" && found >= OLDEST_FORMAT && found < format;
}

/** From 1: names were of running containers alone, and their links go with those. Any number may do this at once. */
function migrate(folder: string): void {
  rmSync(`${folder}/names`, { recursive: true, force: true });
}

function foreign(folder: string, root: string, found: Mark): HuskError {
  if (found.format !== format && !isOlder(found.format)) {
    return new HuskError(
      "unsupported",
      `husk's folder ${folder} has the unknown format ${String(found.format)}`,
      {
        hint: "it was written by another version of husk: use that one, or another folder (--root, --run)",
      },
    );
  }
  return new HuskError(
    "conflict",
    `husk's folder ${folder} belongs to the root folder ${String(found.root)}, not ${root}`,
    {
      hint: "each --root needs a --run of its own",
    },
  );
}
