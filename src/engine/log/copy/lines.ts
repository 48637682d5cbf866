import { NOTE, timeOf } from "../frame.ts";
import type { PieceTaker } from "../read-log.ts";

/** docker's: longer lines are logged in parts. */
const PART_BYTES = 16 * 1024;
const NEWLINE = 10;

/** A line of a log, or a part of a long one. */
export interface LogLine {
  readonly stream: number;
  /** When it began: nanoseconds since 1970. */
  readonly time: bigint;
  /** Without its newline. */
  readonly bytes: Uint8Array;
  /** More of the same line follows. */
  readonly partial: boolean;
}

/** Makes lines of a log's pieces. */
export interface LineAssembler extends PieceTaker {
  /** Nothing is kept back. */
  isEmpty(): boolean;
}

export function assembleLines(take: (line: LogLine) => void): LineAssembler {
  const open: ({ time: bigint; bytes: Uint8Array } | undefined)[] = [];
  const add = (stream: number, time: bigint, bytes: Uint8Array, isEnded: boolean): void => {
    const begun = open[stream];
    const first = begun?.time ?? time;
    let all = begun === undefined ? bytes : Buffer.concat([begun.bytes, bytes]);
    while (all.length > PART_BYTES) {
      take({ stream, time: first, bytes: all.slice(0, PART_BYTES), partial: true });
      all = all.subarray(PART_BYTES);
    }
    open[stream] = isEnded ? undefined : { time: first, bytes: Uint8Array.from(all) };
    if (isEnded) take({ stream, time: first, bytes: Uint8Array.from(all), partial: false });
  };
  return {
    feed(piece) {
      const { stream, buffer, end } = piece;
      if (stream === NOTE) return;
      const time = timeOf(piece);
      for (let at = piece.start; at < end; ) {
        const newline = buffer.indexOf(NEWLINE, at);
        const isEnded = newline >= 0 && newline < end;
        add(stream, time, buffer.subarray(at, isEnded ? newline : end), isEnded);
        at = isEnded ? newline + 1 : end;
      }
    },
    finish() {
      for (const [stream, rest] of open.entries()) {
        if (rest !== undefined && rest.bytes.length > 0) take({ stream, ...rest, partial: true });
        open[stream] = undefined;
      }
    },
    isEmpty: () => open.every((rest) => rest === undefined || rest.bytes.length === 0),
  };
}
