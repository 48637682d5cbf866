import { fstatSync, readSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";

/** Bytes of a frame's head: u64 time (ns, CLOCK_REALTIME), u32 length, u8 stream, u8 flags, u16 0; little endian. */
export const HEAD_BYTES = 16;

/** A note of the keeper's own, such as how many bytes a full disk cost. */
export const NOTE = 0;
export const STDOUT = 1;
export const STDERR = 2;

const BUFFER_BYTES = 1 << 20;
/** Keepers write at most 64 KiB at once; what claims to be longer than this is no head. */
const LONGEST = 1 << 30;

/**
 * Bytes of one frame; long frames come in several pieces. It stands in its reader's buffer: whoever keeps it copies
 * it before the next one is asked for.
 */
export interface Piece {
  /** Nanoseconds of CLOCK_REALTIME, in two halves: a number cannot hold them exactly. */
  timeHigh: number;
  timeLow: number;
  stream: number;
  buffer: Uint8Array;
  start: number;
  end: number;
}

/** Where a frame stands. */
export interface FramePlace {
  /** Of its head. */
  readonly offset: number;
  readonly length: number;
  readonly stream: number;
}

/**
 * Reads frames of one file, in constant memory. A frame that is not there with all its bytes does not exist yet: its
 * writer takes half of one back.
 */
export class FrameScanner {
  readonly fd: number;
  readonly #name: string;
  readonly #buffer: Uint8Array;
  /** Place of the buffer's first byte in the file. */
  #base: number;
  #filled = 0;
  #at = 0;
  /** Bytes of the present frame that were not handed out. */
  #rest = 0;
  readonly #piece: Piece;

  /** @param name for errors */
  constructor(fd: number, name: string, offset = 0, buffer: Uint8Array = new Uint8Array(BUFFER_BYTES)) {
    this.fd = fd;
    this.#name = name;
    this.#buffer = buffer;
    this.#base = offset;
    this.#piece = { timeHigh: 0, timeLow: 0, stream: 0, buffer: this.#buffer, start: 0, end: 0 };
  }

  /** Place of what comes next. */
  get offset(): number {
    return this.#base + this.#at;
  }

  /**
   * The next piece, or undefined when there is none (yet).
   *
   * @param limit place in the file from which on nothing is wanted
   */
  next(limit: number = Number.POSITIVE_INFINITY): Piece | undefined {
    const piece = this.#piece;
    if (this.#rest === 0) {
      if (this.offset + HEAD_BYTES > limit) return undefined;
      if (this.#filled - this.#at < HEAD_BYTES) {
        this.#fill();
        if (this.#filled < HEAD_BYTES) return undefined;
      }
      let length = this.#length();
      if (this.#filled - this.#at < HEAD_BYTES + length) {
        this.#fill();
        if (this.#filled < HEAD_BYTES) return undefined;
        length = this.#length();
        if (this.#filled < HEAD_BYTES + length && fstatSync(this.fd).size < this.offset + HEAD_BYTES + length)
          return undefined;
      }
      const at = this.#at;
      const buffer = this.#buffer;
      piece.timeLow = word(buffer, at);
      piece.timeHigh = word(buffer, at + 4);
      piece.stream = buffer[at + 12] as number;
      this.#at = at + HEAD_BYTES;
      this.#rest = length;
    }
    if (this.#at === this.#filled && this.#rest > 0) {
      this.#fill();
      if (this.#filled === 0) return undefined;
    }
    const size = Math.min(this.#rest, this.#filled - this.#at);
    piece.start = this.#at;
    piece.end = this.#at + size;
    this.#at += size;
    this.#rest -= size;
    return piece;
  }

  /** Where the next frame stands; its bytes are passed over. */
  skip(limit: number = Number.POSITIVE_INFINITY): FramePlace | undefined {
    const { offset } = this;
    const piece = this.next(limit);
    if (piece === undefined) return undefined;
    const length = piece.end - piece.start + this.#rest;
    if (this.#rest > 0) {
      this.#base = offset + HEAD_BYTES + length;
      this.#at = this.#filled = this.#rest = 0;
    }
    return { offset, length, stream: piece.stream };
  }

  #length(): number {
    const { offset } = this;
    const length = word(this.#buffer, this.#at + 8);
    if (length <= LONGEST && this.#buffer[this.#at + 14] === 0 && this.#buffer[this.#at + 15] === 0)
      return length;
    throw new HuskError("failed", `the log ${this.#name} is damaged at byte ${offset}`, {
      hint: "somebody else wrote to it, or its file system lost something; what comes before can be read",
    });
  }

  /** Reads from the present place on; what the buffer held of it may have been taken back meanwhile. */
  #fill(): void {
    this.#base += this.#at;
    this.#at = 0;
    this.#filled = 0;
    while (this.#filled < HEAD_BYTES) {
      const n = readSync(
        this.fd,
        this.#buffer,
        this.#filled,
        this.#buffer.length - this.#filled,
        this.#base + this.#filled,
      );
      if (n === 0) return;
      this.#filled += n;
    }
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

/** A frame as keepers write it. */
export function encodeFrame(time: bigint, stream: number, bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEAD_BYTES + bytes.length);
  const view = new DataView(frame.buffer);
  view.setBigUint64(0, time, true);
  view.setUint32(8, bytes.length, true);
  frame[12] = stream;
  frame.set(bytes, HEAD_BYTES);
  return frame;
}

/** The time of a piece in nanoseconds. */
export function timeOf({ timeHigh, timeLow }: Piece): bigint {
  return (BigInt(timeHigh) << 32n) | BigInt(timeLow);
}
