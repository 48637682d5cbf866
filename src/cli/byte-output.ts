import { writeSync } from "node:fs";

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

/** Writes all of the bytes; waits where that would block. */
export function writeAll(fd: number, bytes: Uint8Array, start = 0, end: number = bytes.length): void {
  let pause = 1;
  for (let at = start; at < end; ) {
    try {
      at += writeSync(fd, bytes, at, end - at);
      pause = 1;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
      pause = Math.min(2 * pause, 16);
    }
  }
}

/** Whether an error says that nobody reads the output any more. */
export function isBrokenPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === "EPIPE";
}

/** The exit status of a program that wrote to nobody: as by SIGPIPE. */
export const BROKEN_PIPE = 141;
