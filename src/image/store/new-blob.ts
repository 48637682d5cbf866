import { closeSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { blobPath } from "./blobs.ts";
import { diskError } from "./disk-error.ts";
import type { ImageStore } from "./image-store.ts";
import { temporaryBeside } from "./write-whole.ts";
import { startHash } from "../../platform/hash.ts";

/** A blob whose digest is known only when it is whole. What a killed process leaves is garbage. */
export class NewBlob {
  readonly #store: ImageStore;
  readonly #path: string;
  readonly #fd: number;
  readonly #hash = startHash("sha256");
  #size = 0;
  #digest: string | undefined;
  #isOpen = true;
  #isCommitted = false;

  constructor(store: ImageStore) {
    this.#store = store;
    this.#path = temporaryBeside(`${store.downloads}/new`);
    try {
      this.#fd = openSync(this.#path, "wx+", 0o600);
    } catch (cause) {
      throw diskError("cannot write a blob", cause);
    }
  }

  get size(): number {
    return this.#size;
  }

  /** After it no more can be written. */
  get digest(): string {
    this.#digest ??= `sha256:${this.#hash.hex()}`;
    return this.#digest;
  }

  /** @throws HuskError "failed" when the disk is full */
  write(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (cause) {
      throw diskError("cannot write a blob", cause);
    }
    this.#size += bytes.length;
  }

  /** What was written, piece by piece. */
  *read(): Generator<Uint8Array, void, undefined> {
    for (let at = 0; at < this.#size; ) {
      const piece = new Uint8Array(Math.min(1 << 18, this.#size - at));
      at += readSync(this.#fd, piece, 0, piece.length, at);
      yield piece;
    }
  }

  /** Puts it into the store; it can still be read. */
  commit(): { digest: string; size: number } {
    if (!this.#isCommitted) {
      try {
        fsyncSync(this.#fd);
        const path = blobPath(this.#store, this.digest);
        mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
        renameSync(this.#path, path);
      } catch (cause) {
        throw diskError(`cannot write the blob ${this.digest}`, cause);
      }
      this.#isCommitted = true;
    }
    return { digest: this.digest, size: this.#size };
  }

  /** Lets go of it; what was not committed is removed. */
  discard(): void {
    if (!this.#isCommitted) rmSync(this.#path, { force: true });
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }
}
