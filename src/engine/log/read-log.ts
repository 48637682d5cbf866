import { LogCursor, type LogPlace } from "./cursor.ts";
import type { Piece } from "./frame.ts";
import { type LineOptions, LineSelection, type Take } from "./select.ts";
import { findTail } from "./tail.ts";
import { type FolderWatch, watchFolder } from "./watch.ts";

/** A second look at the container, in case nobody tells of its end. */
const LOOK_MILLISECONDS = 1000;
/** After its end was written, the keeper has a few things to do before it is gone. */
const SOON_MILLISECONDS = 20;

export interface LogOptions extends Omit<LineOptions, "skip"> {
  /** Only the last lines of what is there at the beginning. */
  readonly tail?: number | undefined;
  /** Absent: from the beginning. */
  readonly from?: LogPlace | "start" | undefined;
  /** Go on with what is written from now on, until the container has ended. */
  readonly follow?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The log of one container. */
export interface LogSource {
  /** The container's folder. */
  readonly folder: string;
  /** Whether nothing more will be written. */
  hasEnded(): boolean;
  readonly warn: (message: string) => void;
  /** Tells when the log has grown, or the container has ended (any other name than `log`); absent: the kernel does. */
  readonly watch?: (signal: AbortSignal | undefined) => FolderWatch;
}

/**
 * Reads a log in constant memory.
 *
 * @param take gets the bytes, stream by stream, at once
 * @param caughtUp is called when everything that is there was handed out, before waiting for more, and at the end
 * @returns when the end is reached: of what was there at the beginning, or with `follow` of the container
 * @throws HuskError "failed" for a damaged log
 */
export async function readLog(
  source: LogSource,
  options: LogOptions,
  take: Take,
  caughtUp: () => void | Promise<void>,
): Promise<void> {
  await readPieces(source, options, (skip) => takerOf({ ...options, skip }, take), caughtUp);
}

/** Takes pieces of a log; each is valid until the next one. */
export interface PieceTaker {
  feed(piece: Piece): void;
  /** Nothing more comes. */
  finish(): void;
}

/**
 * The same, with the pieces as they stand in the log.
 *
 * @param open gets the number of ends of lines to pass over, by stream, that a `tail` asks for
 * @param caughtUp gets the place behind what was read
 */
export async function readPieces(
  source: LogSource,
  options: LogOptions,
  open: (skip: readonly number[]) => PieceTaker,
  caughtUp: (place: LogPlace | undefined) => void | Promise<void>,
): Promise<void> {
  const session = new LogSession(source, options, open);
  try {
    do {
      while (session.step());
      await caughtUp(session.place);
    } while (await session.more());
    await caughtUp(session.place);
  } finally {
    session.close();
  }
}

function takerOf(lines: LineOptions, take: Take): PieceTaker {
  if (!LineSelection.isWhole(lines)) return new LineSelection(lines, take);
  return { feed: ({ stream, buffer, start, end }) => take(stream, buffer, start, end), finish() {} };
}

/** Bytes of a log, in a buffer of their own; a "note" is the keeper's, for people. */
export interface LogChunk {
  readonly stream: "stdout" | "stderr" | "note";
  readonly bytes: Uint8Array;
}

const STREAMS = ["note", "stdout", "stderr"] as const;

/**
 * The same as {@link readLog} for `for await`: the log is read as fast as it is taken.
 *
 * @throws HuskError "failed" for a damaged log
 */
export async function* logChunks(source: LogSource, options: LogOptions): AsyncGenerator<LogChunk, void> {
  let ready: LogChunk[] = [];
  const take: Take = (stream, buffer, start, end) => {
    if (end > start) ready.push({ stream: STREAMS[stream] ?? "note", bytes: buffer.slice(start, end) });
  };
  const session = new LogSession(source, options, (skip) => takerOf({ ...options, skip }, take));
  try {
    do {
      while (session.step()) {
        if (ready.length === 0) continue;
        const chunks = ready;
        ready = [];
        yield* chunks;
      }
    } while (await session.more());
    yield* ready;
  } finally {
    session.close();
  }
}

/** One reading of a log. */
class LogSession {
  readonly #source: LogSource;
  readonly #signal: AbortSignal | undefined;
  readonly #watcher: FolderWatch | undefined;
  readonly #cursor: LogCursor;
  readonly #taker: PieceTaker;
  #isLast: boolean;
  /** Until then it is looked often whether the container has ended: something else than its log changed. */
  #soon = 0;

  constructor(source: LogSource, options: LogOptions, open: (skip: readonly number[]) => PieceTaker) {
    const { follow = false, from = "start", signal, tail } = options;
    this.#source = source;
    this.#signal = signal;
    this.#isLast = !follow;
    // What changes from now on is seen; what was there before is read.
    const watch = source.watch ?? (() => watchFolder(source.folder, signal, source.warn));
    this.#watcher = follow ? watch(signal) : undefined;
    this.#cursor = new LogCursor(source.folder);
    if (!follow) this.#cursor.endHere();
    if (from !== "start") this.#cursor.startAt(from);
    let skip: readonly number[] = [];
    if (tail !== undefined) {
      const start = findTail(source.folder, tail, this.#cursor.end);
      skip = start.skip;
      if (start.from !== undefined) this.#cursor.startAt(start.from);
    }
    this.#taker = open(skip);
  }

  /** Hands out one piece; false when there is none now, or nobody wants it. */
  step(): boolean {
    if (this.#signal?.aborted === true) return false;
    const piece = this.#cursor.next();
    if (piece === undefined) return false;
    this.#taker.feed(piece);
    return true;
  }

  /** Behind what was read. */
  get place(): LogPlace | undefined {
    return this.#cursor.place;
  }

  /** Waits until there may be more; false at the end. */
  async more(): Promise<boolean> {
    if (this.#cursor.gap) {
      this.#cursor.gap = false;
      this.#source.warn("part of the log was rotated away before it could be read");
    }
    if (this.#isLast || this.#watcher === undefined || this.#signal?.aborted === true) {
      this.#taker.finish();
      return false;
    }
    // When it has ended, everything it wrote is there: it is read once more.
    const changed = await this.#watcher.change(
      Date.now() < this.#soon ? SOON_MILLISECONDS : LOOK_MILLISECONDS,
    );
    for (const name of changed) if (!name.startsWith("log")) this.#soon = Date.now() + LOOK_MILLISECONDS;
    if (changed.size === 0 || Date.now() < this.#soon) this.#isLast = this.#source.hasEnded();
    return true;
  }

  close(): void {
    this.#cursor.close();
    this.#watcher?.close();
  }
}
