import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { diskError } from "./disk-error.ts";
import { ownerTag } from "./owner.ts";

/** A path beside another one that no other process or call uses. */
export function temporaryBeside(path: string): string {
  return `${path}.${ownerTag()}`;
}

/**
 * Writes a file so that it is there whole or not at all, also after a power failure.
 *
 * @throws HuskError "failed", also when the disk is full
 */
export function writeWhole(path: string, content: string | Uint8Array, mode = 0o600): void {
  const temporary = temporaryBeside(path);
  try {
    const fd = openSync(temporary, "wx", mode);
    try {
      const bytes = Buffer.from(content as string);
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw diskError(`cannot write ${path}`, cause);
  }
}
