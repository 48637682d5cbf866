import { closeSync, constants, mkdirSync, openSync, readlinkSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { inFolder } from "../../platform/in-folder.ts";
import { type ByteString, displayName } from "../tar/index.ts";

const { O_DIRECTORY, O_NOFOLLOW } = constants;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const MOST_LINKS = 40;
/** Folders in each other, as many as a path of the kernel's has room for (PATH_MAX, a letter and a slash each). */
const DEEPEST = 2048;

/** @throws HuskError "invalid" for a tree that is deeper than any program can want */
export function checkDepth(depth: number, path: ByteString): void {
  if (depth > DEEPEST)
    throw new HuskError("invalid", `${displayName(path)}: more than ${DEEPEST} folders in each other`, {
      hint: "it was made wrongly, or to do harm",
    });
}

/** A folder below the root, held open; valid until the walk goes on. */
export interface Place {
  readonly fd: number;
  /** Path below the root without symbolic links; empty for the root itself. */
  readonly path: ByteString;
}

/**
 * Walks below a root folder, one name after the other, each opened by its parent's descriptor without following
 * links. A symbolic link on the way is followed as a program would whose root this is, so it never leads out. The
 * folders of the last walk stay open, since neighbours in an archive are neighbours in the tree.
 */
export class FolderWalk {
  readonly #names: ByteString[] = [];
  readonly #fds: number[];

  constructor(root: string) {
    this.#fds = [openSync(root, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)];
  }

  get root(): number {
    return this.#fds[0] as number;
  }

  /**
   * Finds a folder; with `create` missing ones are made (0755).
   *
   * @returns undefined if it is missing, or something on the way is no folder
   * @throws HuskError "invalid" for links that go round in circles, and too many folders in each other
   */
  find(names: readonly ByteString[], create: ((path: ByteString) => void) | undefined): Place | undefined {
    let same = 0;
    while (same < names.length && this.#names[same] === names[same]) same++;
    this.#leave(same);
    if (same === names.length) return this.#here();
    const todo = names.slice(same).toReversed();
    let links = 0;
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      if (name === "" || name === ".") continue;
      if (name === "..") {
        this.#leave(Math.max(this.#names.length - 1, 0));
        continue;
      }
      const path = inFolder(this.#fds.at(-1) as number, name);
      const fd = this.#open(path) ?? (create === undefined ? undefined : this.#make(path, name, create));
      if (typeof fd === "number") {
        this.#fds.push(fd);
        this.#names.push(name);
        checkDepth(this.#names.length, name);
        continue;
      }
      const target = fd === "other" ? readLink(path) : undefined;
      if (target === undefined) return undefined;
      if (++links > MOST_LINKS)
        throw new HuskError(
          "invalid",
          `${displayName(names.join("/"))}: symbolic links go round in circles`,
          {
            hint: "the archive is damaged or was made to do harm",
          },
        );
      if (target.startsWith("/")) this.#leave(0);
      todo.push(...target.split("/").toReversed());
    }
    return this.#here();
  }

  /** A name was removed from the tree: what is held below it is no longer what it says. */
  forget(path: ByteString): void {
    const names = path.split("/");
    for (let i = 0; i < names.length; i++) if (this.#names[i] !== names[i]) return;
    this.#leave(names.length - 1);
  }

  /** May be called again. */
  close(): void {
    this.#leave(0);
    const root = this.#fds.pop();
    if (root !== undefined) closeSync(root);
  }

  #here(): Place {
    return { fd: this.#fds.at(-1) as number, path: this.#names.join("/") };
  }

  #leave(depth: number): void {
    while (this.#names.length > depth) {
      this.#names.pop();
      closeSync(this.#fds.pop() as number);
    }
  }

  #open(path: string | Buffer): number | "other" | undefined {
    try {
      return openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return undefined;
      if (code === "ENOTDIR" || code === "ELOOP") return "other";
      throw error;
    }
  }

  #make(
    path: string | Buffer,
    name: ByteString,
    create: (path: ByteString) => void,
  ): number | "other" | undefined {
    mkdirSync(path, 0o755);
    create([...this.#names, name].join("/"));
    return this.#open(path);
  }
}

/** Where a symbolic link points to; undefined if it is something else. */
function readLink(path: string | Buffer): ByteString | undefined {
  try {
    return readlinkSync(path, { encoding: "buffer" }).toString("latin1");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EINVAL") return undefined;
    throw error;
  }
}
