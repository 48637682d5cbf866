import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { HuskError } from "./error.ts";

/** Where the keeper's program comes from. */
export interface KeeperSource {
  /** A file that can be read; inside a compiled executable it cannot be started. */
  readonly path: string;
  /** Digest of its content; absent: `path` is an ordinary file and is started where it lies. */
  readonly digest?: string;
}

/**
 * Path of a keeper that can be started: the embedded one is written to `folder` once per version.
 *
 * @throws HuskError "denied" if the file there belongs to or can be changed by somebody else
 */
export function installKeeper(source: KeeperSource, folder: string): string {
  if (source.digest === undefined) return source.path;
  const path = `${folder}/keeper-${source.digest}`;
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) write(source.path, folder, path);
  else if (found.uid !== process.geteuid?.() || (found.mode & 0o022) !== 0) {
    throw new HuskError(
      "denied",
      `${path} can be changed by others (owner ${found.uid}, mode ${(found.mode & 0o7777).toString(8)})`,
      {
        hint: "remove it: husk writes it anew",
      },
    );
  }
  return path;
}

/** Any number of husk processes may do this at once: each renames a whole file into place. */
function write(from: string, folder: string, path: string): void {
  const temporary = `${path}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const fd = openSync(temporary, "wx", 0o700);
    writeSync(fd, readFileSync(from));
    fsyncSync(fd);
    closeSync(fd);
    chmodSync(temporary, 0o700);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new HuskError("failed", `cannot write the keeper to ${path}: ${(cause as Error).message}`, {
      cause,
      hint: "--root has to name a folder this user can write to",
    });
  }
}
