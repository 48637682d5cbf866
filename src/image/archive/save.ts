import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { blobPath, type ImageStore, useStore } from "../store/index.ts";
import { TAR_END, tarHeader, tarPadding } from "../tar/index.ts";
import { archiveContents, type ArchiveFile, type SaveOptions } from "./archive-contents.ts";

/**
 * Images as one archive, piece by piece, with manifests and layers as the store has them, so their digests stay. The
 * same images give the same bytes.
 *
 * @param texts names, or beginnings of ids
 * @throws HuskError "not-found" before anything is given out
 */
export async function* saveImages(
  store: ImageStore,
  texts: readonly string[],
  options: SaveOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const use = await useStore(store);
  try {
    const files = archiveContents(store, texts, options);
    for (const folder of foldersOf(files)) yield header(`${folder}/`, undefined);
    for (const { path, content } of files) {
      if (content instanceof Uint8Array) {
        yield Buffer.concat([header(path, content.length), content, tarPadding(content.length)]);
        continue;
      }
      yield header(path, content.size);
      yield* readPieces(store, content.blob);
      yield tarPadding(content.size);
    }
    yield TAR_END;
    for (const text of texts) store.tell?.("save", text, text);
  } finally {
    use.release();
  }
}

/**
 * The same into a folder that does not exist yet, or is empty. It is there whole or not at all.
 *
 * @throws HuskError "conflict" for a folder with something in it
 */
export async function saveImagesInFolder(
  store: ImageStore,
  texts: readonly string[],
  folder: string,
  options: SaveOptions,
): Promise<void> {
  const use = await useStore(store);
  const temporary = `${folder.replace(/\/+$/, "")}.new-${process.pid}`;
  try {
    const files = archiveContents(store, texts, options);
    if (existsSync(folder) && readdirSync(folder).length > 0)
      throw new HuskError("conflict", `${folder} is there already, with something in it`, {
        hint: "name a folder that does not exist yet",
      });
    mkdirSync(temporary);
    for (const place of foldersOf(files)) mkdirSync(`${temporary}/${place}`, { recursive: true });
    for (const { path, content } of files) {
      const bytes = content instanceof Uint8Array ? [content] : readPieces(store, content.blob);
      writePieces(`${temporary}/${path}`, bytes);
    }
    renameSync(temporary, folder);
  } catch (cause) {
    rmSync(temporary, { recursive: true, force: true });
    if (cause instanceof HuskError) throw cause;
    throw new HuskError("failed", `cannot write ${folder}: ${(cause as Error).message}`, { cause });
  } finally {
    use.release();
  }
}

function foldersOf(files: readonly ArchiveFile[]): string[] {
  const folders = new Set<string>();
  for (const { path } of files)
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1))
      folders.add(path.slice(0, slash));
  return [...folders].toSorted();
}

function header(name: string, size: number | undefined): Uint8Array {
  return tarHeader({
    name,
    type: size === undefined ? "directory" : "file",
    mode: size === undefined ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    size: size ?? 0,
    mtime: { seconds: 0, nanoseconds: 0 },
    linkName: "",
    userName: "",
    groupName: "",
    deviceMajor: 0,
    deviceMinor: 0,
  });
}

function* readPieces(store: ImageStore, digest: string): Generator<Uint8Array, void, undefined> {
  const fd = openSync(blobPath(store, digest), "r");
  try {
    for (;;) {
      const piece = new Uint8Array(1 << 18);
      const count = readSync(fd, piece);
      if (count === 0) return;
      yield piece.subarray(0, count);
    }
  } finally {
    closeSync(fd);
  }
}

function writePieces(path: string, pieces: Iterable<Uint8Array>): void {
  const fd = openSync(path, "wx", 0o644);
  try {
    for (const piece of pieces) for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at);
  } finally {
    closeSync(fd);
  }
}
