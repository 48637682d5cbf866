import { readFileSync, type Stats, statSync } from "node:fs";
import { HuskError } from "./error.ts";
import { writeWhole } from "./whole-file.ts";

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
 * @throws HuskError "denied" if the file there belongs to or can be changed by somebody else; "failed" if it cannot
 *   be written
 */
export function installKeeper(source: KeeperSource, folder: string): string {
  if (source.digest === undefined) return source.path;
  const path = `${folder}/keeper-${source.digest}`;
  const found = find(path);
  if (found === undefined) writeWhole(path, readFileSync(source.path), 0o700);
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

function find(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new HuskError("denied", `cannot reach husk's folder: ${(cause as Error).message}`, {
      cause,
      hint: "give one of your own with HUSK_ROOT in the environment",
    });
  }
}
