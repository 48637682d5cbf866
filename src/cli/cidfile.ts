import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { HuskError } from "../platform/error.ts";

/** `--cidfile`: a file that gets the container's id. */
export interface Cidfile {
  write(id: string): void;
  /** Removes it, if nothing was written. */
  close(): void;
}

/**
 * Makes the file before the container, so that what cannot be written is known in time.
 *
 * @throws HuskError "conflict" where it exists, "invalid" where it cannot be made
 */
export function beginCidfile(path: string): Cidfile {
  let fd: number;
  try {
    fd = openSync(path, "wx", 0o644);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST")
      throw new HuskError(
        "conflict",
        `container ID file found, make sure the other container isn't running or delete ${path}`,
        { cause },
      );
    throw new HuskError("invalid", `--cidfile: cannot make ${path}: ${message}`, { cause });
  }
  let written = false;
  return {
    write(id) {
      writeSync(fd, id);
      written = true;
    },
    close() {
      closeSync(fd);
      if (!written) rmSync(path, { force: true });
    },
  };
}
