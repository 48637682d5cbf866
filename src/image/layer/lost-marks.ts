import { readFileSync, writeFileSync } from "node:fs";
import type { ByteString } from "../tar/index.ts";

/**
 * Beside a layer's folder: its opaque folders, where the file system cannot have overlayfs's attribute for them. Such a
 * layer is no good for an overlay; copies of its image are right.
 */
function fileBeside(folder: string): string {
  return `${folder}.opaque`;
}

export function writeLostMarks(folder: string, paths: readonly ByteString[]): void {
  writeFileSync(fileBeside(folder), Buffer.from(paths.join("\0"), "latin1"), { mode: 0o600 });
}

/** Opaque folders that lost their mark; mostly none. */
export function readLostMarks(folder: string): ReadonlySet<ByteString> {
  try {
    return new Set(readFileSync(fileBeside(folder)).toString("latin1").split("\0"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return new Set();
  }
}
