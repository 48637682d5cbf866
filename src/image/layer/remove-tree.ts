import { closeSync, constants, openSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import type { ByteString } from "../tar/index.ts";
import { inFolder } from "./path.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

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
  const fd = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    for (const entry of readdirSync(`/proc/self/fd/${fd}`, { encoding: "buffer" })) {
      const name = entry.toString("latin1");
      if (!keeps(name)) removeTree(fd, name);
    }
  } finally {
    closeSync(fd);
  }
}
