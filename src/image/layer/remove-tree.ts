import { chmodSync, closeSync, constants, openSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import type { ByteString } from "../tar/index.ts";
import { inFolder } from "./path.ts";

const { O_DIRECTORY, O_NOFOLLOW } = constants;
const O_PATH = 0o10000000;

/**
 * Removes a name in a folder with everything below it, following no link; nothing happens where there is none.
 * Works by descriptors, and with names in any encoding.
 */
export function removeTree(folder: number, name: ByteString): void {
  const path = inFolder(folder, name);
  try {
    unlinkSync(path);
    return;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return;
    if (code !== "EISDIR" && code !== "EPERM") throw error;
  }
  emptyFolder(path);
  rmdirSync(path);
}

/** Removes what is in a folder, except names that `keeps` wants. */
export function emptyFolder(path: string | Buffer, keeps: (name: ByteString) => boolean = () => false): void {
  const place = openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  try {
    const self = `/proc/self/fd/${place}`;
    // A layer may have folders that even their owner may not change.
    if (process.geteuid?.() !== 0) chmodSync(self, 0o700);
    for (const entry of readdirSync(self, { encoding: "buffer" })) {
      const name = entry.toString("latin1");
      if (!keeps(name)) removeTree(place, name);
    }
  } finally {
    closeSync(place);
  }
}
