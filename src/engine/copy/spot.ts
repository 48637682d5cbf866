import { closeSync, constants, lstatSync, openSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { findInRoot } from "../../platform/in-root.ts";

const { O_DIRECTORY, O_NOFOLLOW } = constants;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

/** The source or target of a copy. */
export interface Spot {
  /** The folder it is in, held open until {@link leave}. */
  readonly fd: number;
  readonly name: string;
  /** Absent: there is nothing of this name. */
  readonly kind: "folder" | "link" | "file" | undefined;
  leave(): void;
}

/**
 * Finds a path below a root as a program would whose root this is, so that links never lead out.
 *
 * @param follow a link at the end stands for what it points to
 * @returns undefined if the folder it would be in does not exist
 * @throws HuskError "denied" where this user may not look, "failed"
 */
export function findSpot(root: string, path: string, follow: boolean): Spot | undefined {
  try {
    return find(root, path, follow);
  } catch (cause) {
    throw fileError("reach", path, cause);
  }
}

/** What a system call says of a file by its descriptor, said of the file. */
export function fileError(action: "reach" | "read", path: string, cause: unknown): unknown {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (cause instanceof HuskError || code === undefined) return cause;
  const isDenied = code === "EACCES" || code === "EPERM";
  return new HuskError(isDenied ? "denied" : "failed", `cannot ${action} ${path}: ${message.split(",")[0]}`, {
    cause,
  });
}

function find(root: string, path: string, follow: boolean): Spot | undefined {
  const whole = path.replace(/\/+\.?$/, "") || "/";
  const found = follow ? findInRoot({ root }, whole) : undefined;
  if (found !== undefined) closeSync(found.fd);
  const real = found === undefined ? whole : found.path || "/";
  const slash = real.lastIndexOf("/");
  const parent = findInRoot({ root }, real.slice(0, slash + 1) || "/");
  if (parent === undefined) return undefined;
  const leave = (): void => closeSync(parent.fd);
  if (!parent.stats.isDirectory()) {
    leave();
    return undefined;
  }
  const name = real.slice(slash + 1) || ".";
  const stats = lstatSync(`/proc/self/fd/${parent.fd}/${name}`, { throwIfNoEntry: false });
  const kind =
    stats === undefined
      ? undefined
      : stats.isDirectory()
        ? "folder"
        : stats.isSymbolicLink()
          ? "link"
          : "file";
  return { fd: parent.fd, name, kind, leave };
}

/** The last name of a path; of one that stands for a folder's content, or the root, ".". */
export function baseOf(path: string): string {
  if (path.endsWith("/.") || path === ".") return ".";
  return path.replace(/\/+$/, "").split("/").at(-1) || ".";
}

/** Where a copy begins: a folder, and the name it gets in there; "." for its content. */
export interface Landing {
  readonly fd: number;
  readonly as: string;
  leave(): void;
}

/**
 * Where docker puts a copy: into a folder that exists, under its own name, or only its content if the source ends in
 * `/.`; else under the target's name.
 *
 * @throws HuskError "invalid" for a folder onto a file, "not-found" for a file into a folder that is not there
 */
export function landingOf(source: string, isFolder: boolean, target: string, spot: Spot): Landing {
  const { fd, kind, name } = spot;
  if (kind === "folder") {
    const flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const inside = openSync(`/proc/self/fd/${fd}/${name}`, flags);
    return { fd: inside, as: baseOf(source), leave: () => closeSync(inside) };
  }
  if (isFolder && kind !== undefined)
    throw new HuskError("invalid", `cannot copy a directory onto ${target}, which is none`);
  if (!isFolder && /\/\.?$/.test(target))
    throw new HuskError("not-found", `${target}: no such directory`, {
      hint: "make it first, or leave out the / at the end",
    });
  return { fd, as: name, leave: () => {} };
}
