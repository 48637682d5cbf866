import { NOTE, type Piece, timeOf } from "./frame.ts";

const NEWLINE = 10;
/** An unfinished line is kept back until its end comes, so that lines of two streams do not mix; but not for ever. */
const HELD_BYTES = 1 << 20;

/** Which lines of a log are wanted, and in which form. Times are nanoseconds of CLOCK_REALTIME. */
export interface LineOptions {
  /** Lines that began at or after this moment. */
  readonly since?: bigint | undefined;
  /** Lines that began at or before this moment. */
  readonly until?: bigint | undefined;
  /** Each line begins with its time (RFC 3339, nanoseconds, UTC). */
  readonly timestamps?: boolean | undefined;
  /** Stands before each line, behind the time. */
  readonly prefix?: string | undefined;
  /** How many ends of lines to pass over first, by stream. */
  readonly skip?: readonly number[] | undefined;
}

/** Takes bytes for a stream; they stand in a buffer that is used again afterwards. */
export type Take = (stream: number, buffer: Uint8Array, start: number, end: number) => void;

/** What is known of a stream's present line. */
interface LineState {
  /** The next byte begins a line. */
  begins: boolean;
  shown: boolean;
  skip: number;
  held: Uint8Array[];
  heldBytes: number;
}

/**
 * Picks lines out of a log, and marks them if asked to.
 *
 * A line is as old as the frame its first byte came in, whatever frames before and after it say: a clock that was
 * set in between changes nothing for other lines. Without marks, bytes are passed on as they come.
 */
export class LineSelection {
  readonly #options: LineOptions;
  readonly #take: Take;
  readonly #marks: boolean;
  readonly #since: Moment | undefined;
  readonly #until: Moment | undefined;
  readonly #states: LineState[] = [];
  #markBytes = new Uint8Array(0);
  #markedLow = -1;
  #markedHigh = -1;

  constructor(options: LineOptions, take: Take) {
    this.#options = options;
    this.#take = take;
    const { since, until, timestamps, prefix } = options;
    this.#marks = timestamps === true || (prefix !== undefined && prefix !== "");
    this.#since = since === undefined ? undefined : moment(since);
    this.#until = until === undefined ? undefined : moment(until);
  }

  /** Whether everything is taken as it is. */
  static isWhole({ since, until, timestamps, prefix, skip }: LineOptions): boolean {
    return (
      since === undefined &&
      until === undefined &&
      timestamps !== true &&
      !prefix &&
      (skip ?? []).every((count) => count === 0)
    );
  }

  feed(piece: Piece): void {
    const { stream, buffer, end } = piece;
    if (stream === NOTE) {
      if (this.#isWanted(piece)) this.#take(stream, buffer, piece.start, end);
      return;
    }
    const state = (this.#states[stream] ??= {
      begins: true,
      shown: true,
      skip: this.#options.skip?.[stream] ?? 0,
      held: [],
      heldBytes: 0,
    });
    for (let at = piece.start; at < end; ) {
      const newline = buffer.indexOf(NEWLINE, at);
      const isEnded = newline >= 0 && newline < end;
      const next = isEnded ? newline + 1 : end;
      if (state.skip > 0) {
        if (isEnded) state.skip--;
      } else {
        if (state.begins) state.shown = this.#isWanted(piece);
        if (state.shown) {
          if (!this.#marks) this.#take(stream, buffer, at, next);
          else this.#pass(piece, state, at, next, isEnded);
        }
        state.begins = isEnded;
      }
      at = next;
    }
  }

  /** Lets go of what was kept back, at the end. */
  finish(): void {
    for (const [stream, state] of this.#states.entries())
      if (state !== undefined) this.#release(stream, state);
  }

  #isWanted(piece: Piece): boolean {
    return (
      (this.#since === undefined || compare(piece, this.#since) >= 0) &&
      (this.#until === undefined || compare(piece, this.#until) <= 0)
    );
  }

  /** What stands before lines that begin in this piece. */
  #mark(piece: Piece): Uint8Array {
    if (piece.timeLow !== this.#markedLow || piece.timeHigh !== this.#markedHigh) {
      const { timestamps, prefix = "" } = this.#options;
      const text = `${timestamps === true ? `${formatTime(timeOf(piece))} ` : ""}${prefix}`;
      this.#markBytes = new TextEncoder().encode(text);
      this.#markedLow = piece.timeLow;
      this.#markedHigh = piece.timeHigh;
    }
    return this.#markBytes;
  }

  /** Passes on a part of a line of a piece, with its mark; what may be mixed with another stream's line is kept back. */
  #pass(piece: Piece, state: LineState, at: number, end: number, isEnded: boolean): void {
    const { stream, buffer } = piece;
    const mark = state.begins ? this.#mark(piece) : undefined;
    if (!isEnded && state.heldBytes < HELD_BYTES) {
      if (mark !== undefined) hold(state, mark);
      hold(state, buffer.slice(at, end));
      return;
    }
    if (state.heldBytes > 0) this.#release(stream, state);
    if (mark !== undefined) this.#take(stream, mark, 0, mark.length);
    this.#take(stream, buffer, at, end);
  }

  #release(stream: number, state: LineState): void {
    for (const bytes of state.held) this.#take(stream, bytes, 0, bytes.length);
    state.held = [];
    state.heldBytes = 0;
  }
}

function hold(state: LineState, bytes: Uint8Array): void {
  state.held.push(bytes);
  state.heldBytes += bytes.length;
}

interface Moment {
  readonly high: number;
  readonly low: number;
}

function moment(time: bigint): Moment {
  const bounded = time < 0n ? 0n : time;
  return { high: Number(bounded >> 32n), low: Number(bounded & 0xffffffffn) };
}

function compare({ timeHigh, timeLow }: Piece, { high, low }: Moment): number {
  return timeHigh === high ? timeLow - low : timeHigh - high;
}

const BILLION = 1_000_000_000n;
let lastSecond = -1n;
let lastText = "";

/** `2026-11-22T02:49:04.123456789Z`. */
export function formatTime(time: bigint): string {
  const second = time / BILLION;
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = new Date(Number(second) * 1000).toISOString().slice(0, 19);
  }
  return `${lastText}.${(time % BILLION).toString().padStart(9, "0")}Z`;
}
