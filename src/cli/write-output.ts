import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { HuskError } from "../platform/error.ts";

/**
 * Writes pieces to a file, which is there whole or not at all, or to stdout. What is no plain file (a pipe, a device)
 * is written as it is.
 *
 * @throws HuskError "failed": no space, no right, nobody reads
 */
export async function writeOutput(
  pieces: AsyncIterable<Uint8Array>,
  path: string | undefined,
): Promise<void> {
  if (path === undefined) return writeTo(1, pieces, "stdout");
  const found = guarded(path, () => statSync(path, { throwIfNoEntry: false }));
  if (found?.isDirectory() === true)
    throw new HuskError("invalid", `${path} is a folder`, { hint: "name a file" });
  const isPlain = found === undefined || found.isFile();
  const place = isPlain ? `${path}.new-${process.pid}` : path;
  const fd = guarded(path, () => openSync(place, isPlain ? "wx" : "w", 0o600));
  try {
    await writeTo(fd, pieces, path);
    if (isPlain) guarded(path, () => fsyncSync(fd));
    closeSync(fd);
    if (isPlain) guarded(path, () => renameSync(place, path));
  } catch (error) {
    if (isPlain) rmSync(place, { force: true });
    throw error;
  }
}

async function writeTo(fd: number, pieces: AsyncIterable<Uint8Array>, name: string): Promise<void> {
  for await (const piece of pieces)
    for (let at = 0; at < piece.length; ) at += await writeSome(fd, piece, at, name);
}

/** A pipe that somebody made non-blocking may be full for a moment. */
async function writeSome(fd: number, piece: Uint8Array, at: number, name: string): Promise<number> {
  try {
    return writeSync(fd, piece, at);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw writeError(name, error);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return 0;
  }
}

function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw writeError(path, cause);
  }
}

function writeError(name: string, cause: unknown): HuskError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "EPIPE") return new HuskError("failed", `${name}: nobody reads it any more`, { cause });
  return new HuskError("failed", `cannot write ${name}: ${message}`, {
    cause,
    hint: code === "ENOSPC" ? "the disk is full" : "name another file",
  });
}
