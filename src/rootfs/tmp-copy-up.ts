import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { HuskError } from "../platform/error.ts";
import { OPEN_HOW_BYTES, openHow, type Result } from "../plan/index.ts";
import {
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
} from "./flags.ts";
import type { MountContext } from "./mount-context.ts";
import { isBelow } from "./mount-destination.ts";
import type { RootfsSource } from "./types.ts";

/** More than this is not what `tmpcopyup` is for: each entry becomes calls of the plan. */
const LARGEST = 5000;

/**
 * `tmpcopyup`: fills a new tmpfs with what the root file system has in its place. What there is to copy is read
 * when the plan is made; the copying itself opens everything anew, inside `place`, following no link.
 * Under a user namespace the copies belong to its root.
 *
 * @throws HuskError `unsupported` if that is too much, or reached through a symbolic link
 */
export function copyUp(context: MountContext, place: Result, tmpfs: Result, destination: string): void {
  const folder = hostFolder(context.source, destination);
  if (folder === undefined) return;
  const { list } = context.root;
  const how = openHow(O_NOFOLLOW | O_CLOEXEC, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  let count = 0;
  const copy = (inside: string): void => {
    for (const name of readdirSync(`${folder}/${inside}`)) {
      if (++count > LARGEST) throw tooMuch(destination);
      const path = inside === "" ? name : `${inside}/${name}`;
      const info = lstatSync(`${folder}/${path}`);
      const mode = info.mode & 0o7777;
      if (info.isDirectory()) list.call("mkdirat", tmpfs, path, mode).about(path);
      else if (info.isSymbolicLink())
        list.call("symlinkat", readlinkSync(`${folder}/${path}`), tmpfs, path).about(path);
      else if (info.isFile()) copyFile(path, info);
      else if (info.isFIFO()) list.call("mknodat", tmpfs, path, info.mode, 0).about(path);
      else continue;
      if (!context.userNamespace && (info.uid !== 0 || info.gid !== 0)) {
        list.call("fchownat", tmpfs, path, info.uid, info.gid, AT_SYMLINK_NOFOLLOW).about(path);
      }
      // Again, as creating obeys the umask and changing the owner clears setuid.
      if (!info.isSymbolicLink()) list.call("fchmodat", tmpfs, path, mode).about(path);
      if (info.isDirectory()) copy(path);
    }
  };
  const copyFile = (path: string, info: Stats): void => {
    const from = list.call("openat2", place, path, how, OPEN_HOW_BYTES).about(path);
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const to = list.call("openat", tmpfs, path, flags, 0o600).about(path);
    if (info.size > 0) list.call("sendfile", to, from, null, info.size).expect(info.size).about(path);
    list.call("close", to);
    list.call("close", from);
  };
  copy("");
}

/** The host's directory behind a place in the root, or undefined if there is nothing in it. */
function hostFolder(source: RootfsSource, destination: string): string | undefined {
  let base: string | undefined;
  let rest = destination;
  if (source.kind === "directory") base = source.path;
  else if (source.kind === "layers")
    throw new HuskError("unsupported", `tmpcopyup on ${destination}: the root file system is an image's`, {
      hint: "use a volume",
    });
  else {
    for (const part of source.parts) {
      if (part.kind !== "copy-on-write" || !isBelow(destination, part.path)) continue;
      base = part.from;
      rest = destination.slice(part.path.length);
    }
  }
  // Everything else of a composed root is new, hence empty.
  if (base === undefined) return undefined;
  let folder = base;
  for (const part of rest.split("/")) {
    if (part === "") continue;
    folder += `/${part}`;
    const info = lstatSync(folder, { throwIfNoEntry: false });
    if (info === undefined) return undefined;
    if (!info.isDirectory()) {
      throw new HuskError("unsupported", `tmpcopyup on ${destination}: ${folder} is no directory`, {
        hint: "name the directory itself, without symbolic links",
      });
    }
  }
  return folder;
}

function tooMuch(destination: string): HuskError {
  return new HuskError("unsupported", `tmpcopyup on ${destination}: more than ${LARGEST} files to copy`, {
    hint: "use a copy-on-write root file system or a volume for so much",
  });
}
