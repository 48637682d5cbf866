import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { type RunningHash, startHash } from "../../platform/hash.ts";
import type { Descriptor } from "../oci.ts";
import { checkDigest } from "../reference.ts";
import { diskError } from "./disk-error.ts";
import type { ImageStore } from "./image-store.ts";
import { ownerLives, ownerTag } from "./owner.ts";
import { temporaryBeside } from "./write-whole.ts";

/** Marks what a writer left on purpose. */
const KEPT = "kept-";
const PIECE = 1 << 18;

/** Where a blob stands, or would stand. */
export function blobPath(store: ImageStore, digest: string): string {
  checkDigest(digest);
  return `${store.layout}/blobs/${digest.replace(":", "/")}`;
}

/**
 * Whether the store has a blob, of the right size if one is told. It then counts as used now, so that a garbage
 * collection that goes on meanwhile leaves it.
 */
export function hasBlob(store: ImageStore, digest: string, size?: number): boolean {
  const path = blobPath(store, digest);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || (size !== undefined && stats.size !== size)) return false;
  try {
    utimesSync(path, Date.now() / 1000, Date.now() / 1000);
  } catch {
    return existsSync(path);
  }
  return true;
}

/**
 * Reads a small blob (a manifest, a configuration) and verifies it.
 *
 * @throws HuskError "not-found", "invalid" when its content is not what the digest says
 */
export function readBlob(store: ImageStore, digest: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(blobPath(store, digest));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT")
      throw new HuskError("not-found", `the image store has no blob ${digest}`, {
        hint: "pull the image again",
        cause,
      });
    throw diskError(`cannot read the blob ${digest}`, cause);
  }
  if (digestOf(bytes, digest.slice(0, digest.indexOf(":"))) !== digest)
    throw new HuskError("invalid", `the blob ${digest} in the image store is damaged`, {
      hint: `remove ${blobPath(store, digest)} and pull the image again`,
    });
  return bytes;
}

/** The digest of bytes. */
export function digestOf(bytes: Uint8Array, algorithm = "sha256"): string {
  const hash = startHash(algorithm);
  hash.update(bytes);
  return `${algorithm}:${hash.hex()}`;
}

/** Puts a small blob into the store; returns its digest. */
export function putBlob(store: ImageStore, bytes: Uint8Array, digest: string = digestOf(bytes)): string {
  if (hasBlob(store, digest, bytes.length)) return digest;
  checkDigest(digest);
  if (digestOf(bytes, digest.slice(0, digest.indexOf(":"))) !== digest)
    throw new HuskError("invalid", `the blob ${digest} is not what it should be`, {
      hint: "nothing of it was kept: get it again",
    });
  // Beside no digest's name: what is half written is not worth being taken up again.
  const path = temporaryBeside(`${store.downloads}/new`);
  const place = blobPath(store, digest);
  try {
    const fd = openSync(path, "wx", 0o600);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    mkdirSync(place.slice(0, place.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    renameSync(path, place);
  } catch (cause) {
    rmSync(path, { force: true });
    throw diskError(`cannot write the blob ${digest}`, cause);
  }
  return digest;
}

/**
 * Writes one blob piece by piece, and puts it in its place only if it is what its digest says. What a broken download
 * left is taken up again.
 */
export class BlobWriter {
  readonly #store: ImageStore;
  readonly #expected: Pick<Descriptor, "digest" | "size">;
  readonly #leftover: string;
  readonly #path: string;
  readonly #fd: number;
  #hash: RunningHash;
  #size = 0;
  #isOpen = true;

  constructor(store: ImageStore, expected: Pick<Descriptor, "digest" | "size">) {
    this.#store = store;
    this.#expected = expected;
    checkDigest(expected.digest);
    this.#leftover = `${store.downloads}/${expected.digest.replace(":", "-")}`;
    this.#path = temporaryBeside(this.#leftover);
    this.#hash = startHash(expected.digest.slice(0, expected.digest.indexOf(":")));
    try {
      this.#fd = takeLeftover(store, expected.digest, this.#path) ?? openSync(this.#path, "wx+", 0o600);
    } catch (cause) {
      throw diskError(`cannot write the blob ${expected.digest}`, cause);
    }
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size;
  }

  /** Reads what a broken download left, which then counts as written, and returns its size; `each` gets the pieces. */
  async readLeftover(each: (bytes: Uint8Array) => void | Promise<void>): Promise<number> {
    for (;;) {
      const piece = new Uint8Array(PIECE);
      const count = readSync(this.#fd, piece, 0, piece.length, this.#size);
      if (count === 0 || this.#size + count > this.#expected.size) return this.#size;
      this.#hash.update(piece.subarray(0, count));
      this.#size += count;
      await each(piece.subarray(0, count));
    }
  }

  /** Forgets what was written: the other side begins anew. */
  restart(): void {
    ftruncateSync(this.#fd, 0);
    this.#size = 0;
    this.#hash = startHash(this.#expected.digest.slice(0, this.#expected.digest.indexOf(":")));
  }

  /** @throws HuskError "invalid" when more comes than was said, "failed" when the disk is full */
  write(bytes: Uint8Array): void {
    if (this.#size + bytes.length > this.#expected.size)
      throw new HuskError(
        "invalid",
        `the blob ${this.#expected.digest} is longer than the ${this.#expected.size} bytes it should have`,
        {
          hint: "the registry or the image is damaged: nothing of it was kept",
        },
      );
    this.#hash.update(bytes);
    try {
      for (let at = 0; at < bytes.length; )
        at += writeSync(this.#fd, bytes, at, bytes.length - at, this.#size + at);
    } catch (cause) {
      throw diskError(`cannot write the blob ${this.#expected.digest}`, cause);
    }
    this.#size += bytes.length;
  }

  /**
   * Puts the blob into the store.
   *
   * @throws HuskError "invalid" when it is not what its digest says: then nothing is kept of it
   */
  commit(): void {
    const { digest, size } = this.#expected;
    const found = `${digest.slice(0, digest.indexOf(":"))}:${this.#hash.hex()}`;
    if (this.#size !== size || found !== digest) {
      const why =
        this.#size === size ? `its digest is ${found}` : `it has ${this.#size} bytes instead of ${size}`;
      this.discard();
      throw new HuskError("invalid", `the blob ${digest} is not what it should be: ${why}`, {
        hint: "the registry, or something on the way to it, gave wrong data: nothing of it was kept",
      });
    }
    try {
      // What an earlier try left may be longer, and old: it is used from now on.
      ftruncateSync(this.#fd, size);
      futimesSync(this.#fd, Date.now() / 1000, Date.now() / 1000);
      fsyncSync(this.#fd);
      const path = blobPath(this.#store, digest);
      const folder = path.slice(0, path.lastIndexOf("/"));
      if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
      renameSync(this.#path, path);
    } catch (cause) {
      throw diskError(`cannot write the blob ${digest}`, cause);
    }
    this.#close();
  }

  /** Leaves what there is for a later try; what is in its place already stays there. */
  keep(): void {
    if (!this.#isOpen) return;
    this.#close();
    renameSync(this.#path, `${this.#leftover}.${KEPT}${ownerTag()}`);
  }

  discard(): void {
    if (!this.#isOpen) return;
    rmSync(this.#path, { force: true });
    this.#close();
  }

  #close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }
}

/** Takes over the longest piece of a blob whose writer is gone: renaming it, only one process succeeds. */
function takeLeftover(store: ImageStore, digest: string, path: string): number | undefined {
  const start = `${digest.replace(":", "-")}.`;
  let best: { name: string; size: number } | undefined;
  for (const name of readdirSync(store.downloads)) {
    if (!name.startsWith(start)) continue;
    const stats = statSync(`${store.downloads}/${name}`, { throwIfNoEntry: false });
    const owner = name.slice(start.length);
    if (stats === undefined || (!owner.startsWith(KEPT) && ownerLives(owner, stats.mtimeMs))) continue;
    if (best === undefined || stats.size > best.size) best = { name, size: stats.size };
  }
  if (best === undefined || best.size === 0) return undefined;
  try {
    renameSync(`${store.downloads}/${best.name}`, path);
    return openSync(path, "r+");
  } catch {
    return undefined;
  }
}
