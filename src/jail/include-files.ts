import { lstatSync, readdirSync, readlinkSync, type Stats, statSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import {
  bringFolder,
  bringLink,
  copyFile,
  finishFolders,
  type JailTree,
  linkTo,
  openJail,
} from "./jail-tree.ts";
import { withFile } from "./root-files.ts";

/** A file or folder of this machine that goes into a jail. */
export interface Inclusion {
  /** Absolute path on this machine. */
  readonly from: string;
  /** Absolute path in the jail. */
  readonly to: string;
}

/**
 * Copies files, and folders with all that is in them, into a jail. A link that is named is followed, others are
 * copied as links.
 *
 * @throws HuskError "not-found"; "conflict" when the jail has something else in a place; "invalid" for a device
 */
export function includeFiles(folder: string, inclusions: readonly Inclusion[]): void {
  const jail = openJail(folder, false);
  for (const { from, to } of inclusions) {
    const stats = statSync(from, { throwIfNoEntry: false });
    if (stats === undefined)
      throw new HuskError("not-found", `--include ${from}: no such file`, {
        hint: "name a file or a folder",
      });
    makeParents(jail, to);
    include(jail, from, to, stats);
  }
  finishFolders(jail);
}

/** A further name for a program, in its own folder unless it is a path, as busybox has them. */
export function linkProgram(folder: string, program: string, name: string): void {
  const path = name.startsWith("/") ? name : `${program.slice(0, program.lastIndexOf("/"))}/${name}`;
  linkTo(openJail(folder, false), path, program);
}

function makeParents(jail: JailTree, path: string): void {
  const parts = path.split("/").slice(1, -1);
  for (let count = 1; count <= parts.length; count++)
    bringFolder(jail, `/${parts.slice(0, count).join("/")}`);
}

function include(jail: JailTree, from: string, to: string, stats: Stats): void {
  if (stats.isDirectory()) {
    if (to !== "/") bringFolder(jail, to, stats);
    for (const name of readdirSync(from)) {
      const inner = `${from === "/" ? "" : from}/${name}`;
      include(jail, inner, `${to === "/" ? "" : to}/${name}`, lstatSync(inner));
    }
  } else if (stats.isSymbolicLink()) {
    const target = readlinkSync(from);
    if (!bringLink(jail, to, target, stats))
      throw new HuskError("conflict", `--include ${from}: ${to} is there already`, {
        hint: "leave one of them out",
      });
  } else if (stats.isFile()) withFile({ root: "/" }, from, (file) => copyFile(jail, to, file));
  else
    throw new HuskError("invalid", `--include ${from}: neither a file nor a folder nor a link`, {
      hint: "leave it out",
    });
}
