import { writeSync } from "node:fs";
import { HuskError } from "../platform/error.ts";
import { OutputClosed } from "./output-closed.ts";

const BUFFER_BYTES = 1 << 18;
/** As large as this, bytes are better written than copied. */
const DIRECT_BYTES = 1 << 15;

/**
 * Writes bytes to descriptors of this process, in their order, in few system calls.
 *
 * Whoever gave husk its descriptors may have made them non-blocking, so that a full pipe is no error.
 */
export class ByteOutput {
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #used = 0;
  #fd = 1;

  write(fd: number, bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    const size = end - start;
    if (fd !== this.#fd || this.#used + size > BUFFER_BYTES) this.flush();
    this.#fd = fd;
    if (size >= DIRECT_BYTES) {
      this.flush();
      writeAll(fd, bytes, start, end);
      return;
    }
    this.#buffer.set(bytes.subarray(start, end), this.#used);
    this.#used += size;
  }

  flush(): void {
    const used = this.#used;
    this.#used = 0;
    if (used > 0) writeAll(this.#fd, this.#buffer, 0, used);
  }
}

/** Writes text to standard output. */
export function print(text: string): void {
  writeAll(1, new TextEncoder().encode(text));
}

/**
 * Writes all of the bytes; waits where that would block.
 *
 * @throws OutputClosed if nobody reads them, HuskError "failed" if they cannot be written
 */
function writeAll(fd: number, bytes: Uint8Array, start = 0, end: number = bytes.length): void {
  let pause = 1;
  for (let at = start; at < end; ) {
    try {
      at += writeSync(fd, bytes, at, end - at);
      pause = 1;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") throw new OutputClosed("nobody reads the output", { cause: error });
      if (code !== "EAGAIN")
        throw new HuskError("failed", `cannot write the output: ${message}`, {
          cause: error,
          hint: code === "ENOSPC" ? "the disk is full" : "redirect it to somewhere else",
        });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
      pause = Math.min(2 * pause, 16);
    }
  }
}
