import { createHash, type Hash } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { blobPath } from "./blobs.ts";
import { diskError } from "./disk-error.ts";
import type { ImageStore } from "./image-store.ts";
import { temporaryBeside } from "./write-whole.ts";

/** Writes a blob whose digest is known only when all of it is there. */
export class NewBlob {
  readonly #store: ImageStore;
  readonly #path: string;
  readonly #fd: number;
  readonly #hash: Hash = createHash("sha256");
  #size = 0;
  #isOpen = true;

  constructor(store: ImageStore) {
    this.#store = store;
    this.#path = temporaryBeside(`${store.downloads}/new`);
    try {
      this.#fd = openSync(this.#path, "wx", 0o600);
    } catch (cause) {
      throw diskError(`cannot write a blob in ${store.downloads}`, cause);
    }
  }

  /** @throws HuskError "failed" when the disk is full */
  write(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (cause) {
      throw diskError(`cannot write a blob in ${this.#store.downloads}`, cause);
    }
    this.#size += bytes.length;
  }

  /** Puts the blob into the store, under its digest. */
  commit(): { digest: string; size: number } {
    const digest = `sha256:${this.#hash.digest("hex")}`;
    const path = blobPath(this.#store, digest);
    try {
      fsyncSync(this.#fd);
      mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
      renameSync(this.#path, path);
    } catch (cause) {
      throw diskError(`cannot write the blob ${digest}`, cause);
    }
    this.#close();
    return { digest, size: this.#size };
  }

  discard(): void {
    rmSync(this.#path, { force: true });
    this.#close();
  }

  #close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }
}
