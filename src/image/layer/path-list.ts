import { constants } from "node:fs";
import { enterUserNamespace, type OwnIds } from "../../namespace/index.ts";
import { List, openHow, OPEN_HOW_BYTES, type Result } from "../../plan/index.ts";
import { isAscii } from "../../platform/in-folder.ts";
import { type ByteString, displayName } from "../tar/index.ts";

const AT_FDCWD = -100;
const FOLDER = 0o10000000 | constants.O_DIRECTORY | 0o2000000; // O_PATH and O_CLOEXEC
const BENEATH = 0x8 | 0x4 | 0x2; // RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS
/** A plan has at most 65,535 operations and 64 MiB. */
const MOST_OPERATIONS = 40_000;
const MOST_BYTES = 16 << 20;

/** A list of calls about paths below a root; their folders are opened beneath it without following any link. */
export class PathList {
  readonly list = new List("keeper");
  readonly root: Result;
  /** Operations and bytes of data so far, roughly. */
  #operations = 1;
  #bytes = 0;
  #folder: { path: ByteString; fd: Result } | undefined;
  #entered: Result | undefined;

  /** @param ids absent: with this user's own rights alone */
  constructor(root: string, title: string, why: string, ids?: OwnIds) {
    if (ids !== undefined) enterUserNamespace(this.list, ids);
    this.list.step(title, why);
    const path = text(Buffer.from(root).toString("latin1"));
    this.root = this.list.call("openat", AT_FDCWD, path, FOLDER).about(root);
  }

  /** Whether what comes next should stand in another plan. */
  get isFull(): boolean {
    return this.#operations > MOST_OPERATIONS || this.#bytes > MOST_BYTES;
  }

  count(operations: number, bytes: number): void {
    this.#operations += operations;
    this.#bytes += bytes;
  }

  /** The folder of a path, open, and the path's last name in it ("." for the root itself). */
  parent(path: ByteString): [folder: Result, name: ByteString] {
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    this.count(0, path.length + 32);
    if (slash < 0) return [this.root, name === "" ? "." : name];
    const folder = path.slice(0, slash);
    if (this.#folder?.path !== folder) {
      if (this.#folder !== undefined) this.list.call("close", this.#folder.fd);
      const how = openHow(FOLDER, 0, BENEATH);
      const fd = this.list
        .call("openat2", this.root, text(folder), how, OPEN_HOW_BYTES)
        .about(displayName(folder));
      this.#folder = { path: folder, fd };
      this.count(2, 24);
    }
    return [this.#folder.fd, name];
  }

  /** Makes a folder the working directory: calls for attributes take no descriptor of one before Linux 6.13. */
  enter(folder: Result): void {
    if (this.#entered === folder) return;
    this.list.call("fchdir", folder);
    this.#entered = folder;
    this.count(1, 0);
  }
}

/** A string for a call: plans write text as UTF-8, so other bytes travel as such. */
export function text(name: ByteString): string | Uint8Array {
  return isAscii(name) ? name : Buffer.from(`${name}\0`, "latin1");
}
