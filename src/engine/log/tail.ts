import { closeSync } from "node:fs";
import type { LogPlace } from "./cursor.ts";
import { FrameScanner, NOTE, type Piece } from "./frame.ts";
import { type LogFile, openLogFiles } from "./files.ts";

const NEWLINE = 10;
/** Bytes of a log between two places that are remembered while its heads are passed over. */
const STRIDE = 1 << 18;
/** Reads little of what is passed over. */
const WALK_BYTES = 1 << 14;

/** Where the last lines of a log begin. */
export interface TailStart {
  /** The frame to begin reading at; undefined: the log's beginning. */
  readonly from: LogPlace | undefined;
  /** How many ends of lines come behind that place before the first line that is wanted, by stream. */
  readonly skip: readonly number[];
}

/**
 * Finds the last `count` lines of a log, of all streams together, in the order in which they ended.
 *
 * Frames can only be walked forwards. So the heads of a file are walked once, with a place remembered every
 * {@link STRIDE} bytes, and then lines are counted from the last place backwards: memory is the places' only, and
 * older files are not looked at once there are lines enough.
 *
 * @param end absent: what is there now
 */
export function findTail(folder: string, count: number, end: LogPlace | undefined): TailStart {
  const files = openLogFiles(folder);
  const tail = new TailCount(count);
  try {
    // Files that were begun behind the end are not of interest.
    while (end !== undefined && files.length > 1 && files.at(-1)?.inode !== end.inode)
      closeSync((files.pop() as LogFile).fd);
    for (const file of files.toReversed()) {
      const places = checkpoints(file, file.inode === end?.inode ? end.offset : undefined);
      for (let i = places.length - 2; i >= 0; i--) {
        tail.segment(file, places[i] as number, places[i + 1] as number);
        if (tail.isFound())
          return { from: { inode: file.inode, offset: places[i] as number }, skip: tail.skip() };
      }
    }
    return { from: undefined, skip: tail.skip() };
  } finally {
    for (const { fd } of files) closeSync(fd);
  }
}

/** Places of frames in a file, the first and the end among them. */
function checkpoints(file: LogFile, limit: number | undefined): number[] {
  const scanner = new FrameScanner(file.fd, file.path, 0, new Uint8Array(WALK_BYTES));
  const places = [0];
  let last = 0;
  while (scanner.skip(limit)) {
    if (scanner.offset - last < STRIDE) continue;
    last = scanner.offset;
    places.push(last);
  }
  if (scanner.offset > last) places.push(scanner.offset);
  return places;
}

/** Counts lines from the end of a log backwards. */
class TailCount {
  readonly #count: number;
  #counted = 0;
  /** Ends of lines by stream: those that are wanted, and all that were met. */
  readonly #wanted: number[] = [];
  readonly #met: number[] = [];
  readonly #buffer = new Uint8Array(1 << 20);

  constructor(count: number) {
    this.#count = count;
  }

  segment(file: LogFile, from: number, to: number): void {
    const scanner = new FrameScanner(file.fd, file.path, from, this.#buffer);
    const streams: number[] = [];
    const ends: number[] = [];
    const isEnded: boolean[] = [];
    for (let piece = scanner.next(to); piece !== undefined; piece = scanner.next(to)) {
      if (piece.stream === NOTE || piece.end === piece.start) continue;
      streams.push(piece.stream);
      ends.push(countNewlines(piece));
      isEnded.push(piece.buffer[piece.end - 1] === NEWLINE);
    }
    for (let i = streams.length - 1; i >= 0; i--) {
      const stream = streams[i] as number;
      // The last line of a stream may not be ended yet.
      const open = this.#met[stream] === undefined && isEnded[i] === false ? 1 : 0;
      const here = (ends[i] as number) + open;
      const wanted = Math.min(here, this.#count - this.#counted);
      this.#counted += wanted;
      this.#wanted[stream] = (this.#wanted[stream] ?? 0) + wanted;
      this.#met[stream] = (this.#met[stream] ?? 0) + here;
    }
  }

  /** Whether the beginnings of all wanted lines lie in what was counted. */
  isFound(): boolean {
    if (this.#counted < this.#count) return false;
    return this.#wanted.every((wanted, stream) => wanted === 0 || (this.#met[stream] as number) > wanted);
  }

  skip(): number[] {
    return Array.from(this.#met, (met = 0, stream) => met - (this.#wanted[stream] ?? 0));
  }
}

function countNewlines({ buffer, start, end }: Piece): number {
  let count = 0;
  for (let at = buffer.indexOf(NEWLINE, start); at >= 0 && at < end; at = buffer.indexOf(NEWLINE, at + 1))
    count++;
  return count;
}
