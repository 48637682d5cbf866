import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { namesOf } from "../layer/index.ts";
import { LARGEST_MANIFEST } from "../parse-oci.ts";
import { type ImageStore, NewBlob } from "../store/index.ts";
import { displayName, type TarEntry, TarReader } from "../tar/index.ts";

/** The files of an image archive, by their paths in it. */
export interface ArchiveFiles {
  /** A small file (a manifest, a configuration); undefined where there is none. */
  read(path: string): Uint8Array | undefined;
  /** A file as a blob that is not in the store yet; undefined where there is none. Committing it is the caller's. */
  blob(path: string): NewBlob | undefined;
  /** Removes what was not committed. */
  discard(): void;
}

const MOST_LINKS = 40;

/**
 * Reads a tar archive into files beside the store's blobs, since an archive may tell at its end what its beginning is.
 * Names in it are only looked up, never used as paths.
 *
 * @throws HuskError "invalid" for a malformed archive
 */
export async function spoolArchive(
  store: ImageStore,
  source: AsyncIterable<Uint8Array>,
): Promise<ArchiveFiles> {
  const blobs = new Map<string, NewBlob>();
  const links = new Map<string, string>();
  let current: NewBlob | undefined;
  const handler = {
    entry: (entry: TarEntry): void => {
      const path = namesOf(entry.name)?.join("/");
      if (path === undefined) throw refuse(entry, "its name leads out of the archive");
      if (entry.type === "symlink" || entry.type === "hard-link") {
        const folder = entry.type === "symlink" ? path.slice(0, path.lastIndexOf("/") + 1) : "";
        const target = namesOf(`${folder}${entry.linkName}`)?.join("/");
        if (target === undefined) throw refuse(entry, "it is a link out of the archive");
        links.set(path, target);
      } else if (entry.type === "file") {
        if (entry.extents !== undefined) throw refuse(entry, "it is a sparse file");
        blobs.get(path)?.discard();
        current = new NewBlob(store);
        blobs.set(path, current);
      }
    },
    data: (bytes: Uint8Array): void => current?.write(bytes),
    end: (): void => {
      current = undefined;
    },
  };
  const discard = (): void => {
    for (const blob of blobs.values()) blob.discard();
  };
  try {
    const reader = new TarReader(handler);
    for await (const piece of source) reader.write(piece);
    reader.close();
  } catch (error) {
    discard();
    throw error;
  }
  const find = (path: string): NewBlob | undefined => {
    let at = Buffer.from(path).toString("latin1");
    for (let count = 0; count < MOST_LINKS; count++) {
      const target = links.get(at);
      if (target === undefined) return blobs.get(at);
      at = target;
    }
    return undefined;
  };
  return { read: (path) => small(find(path), path), blob: find, discard };
}

function refuse(entry: TarEntry, why: string): HuskError {
  return new HuskError("invalid", `archive entry ${displayName(entry.name)}: ${why}`, {
    hint: "it is no archive of images",
  });
}

function small(blob: NewBlob | undefined, path: string): Uint8Array | undefined {
  if (blob === undefined) return undefined;
  checkSize(blob.size, path);
  return Buffer.concat([...blob.read()]);
}

function checkSize(size: number, path: string): void {
  if (size > LARGEST_MANIFEST)
    throw new HuskError("invalid", `${path} is larger than the ${LARGEST_MANIFEST} bytes it may have`, {
      hint: "it is no archive of images",
    });
}

/** The files of an archive that was unpacked, or of an OCI image layout. */
export function folderFiles(store: ImageStore, folder: string): ArchiveFiles {
  const blobs: NewBlob[] = [];
  return {
    read: (path) =>
      withFile(folder, path, (fd, size) => {
        checkSize(size, path);
        return readFileSync(fd);
      }),
    blob: (path) =>
      withFile(folder, path, (fd) => {
        const blob = new NewBlob(store);
        blobs.push(blob);
        const piece = new Uint8Array(1 << 18);
        for (let count = readSync(fd, piece); count > 0; count = readSync(fd, piece))
          blob.write(piece.subarray(0, count));
        return blob;
      }),
    discard: () => {
      for (const blob of blobs) blob.discard();
    },
  };
}

function withFile<T>(folder: string, path: string, use: (fd: number, size: number) => T): T | undefined {
  // A list of images in the folder names what is in it, and nothing else of this machine.
  if (path.split("/").includes("..")) return undefined;
  let fd: number;
  try {
    // A FIFO must not make us wait.
    fd = openSync(`${folder}/${path}`, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new HuskError("denied", `cannot read ${folder}/${path}: ${message}`, { cause });
  }
  try {
    const stats = fstatSync(fd);
    return stats.isFile() ? use(fd, stats.size) : undefined;
  } finally {
    closeSync(fd);
  }
}
