import { nanoseconds } from "../../platform/nanoseconds.ts";
import type { Folders } from "../folders.ts";
import { LogCursor } from "../log/cursor.ts";
import { type FolderWatch, watchFolder } from "../log/watch.ts";
import { timeOf } from "../log/frame.ts";
import { mkdirSync } from "node:fs";
import { EVENT_STREAM, type EventBody, journalFolder } from "./journal.ts";

/** Something that happened. */
export interface EngineEvent extends EventBody {
  /** Nanoseconds since 1970. */
  readonly time: bigint;
}

/** Which events; times are nanoseconds since 1970. */
export interface EventOptions {
  /** Absent: from now on. */
  readonly since?: bigint | undefined;
  /** Ends when that moment is over; absent: never. */
  readonly until?: bigint | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How often the time is looked at, in milliseconds, when nothing happens. */
const LOOK = 1000;

/** Events as they happen, and with `since` those of before. Ends with `until`, or when `signal` is aborted. */
export async function* readEvents(
  folders: Folders,
  { since, until, signal }: EventOptions = {},
): AsyncGenerator<EngineEvent, void> {
  const folder = journalFolder(folders);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const from = since ?? nanoseconds();
  const watch = watchFolder(folder, signal, () => {});
  const cursor = new LogCursor(folder);
  try {
    for (;;) {
      const isLast = until !== undefined && nanoseconds() > until;
      for (let event = nextEvent(cursor); event !== undefined; event = nextEvent(cursor)) {
        if (event.time >= from && (until === undefined || event.time <= until)) yield event;
        if (signal?.aborted === true) return;
      }
      if (isLast || signal?.aborted === true) return;
      await waitFor(watch, until);
    }
  } finally {
    watch.close();
    cursor.close();
  }
}

function nextEvent(cursor: LogCursor): EngineEvent | undefined {
  for (let piece = cursor.next(); piece !== undefined; piece = cursor.next()) {
    if (piece.stream !== EVENT_STREAM) continue;
    try {
      const text = new TextDecoder().decode(piece.buffer.subarray(piece.start, piece.end));
      return { ...(JSON.parse(text) as EventBody), time: timeOf(piece) };
    } catch {
      continue; // Of a newer husk, or half of one whose writer was killed.
    }
  }
  return undefined;
}

async function waitFor(watch: FolderWatch, until: bigint | undefined): Promise<void> {
  const rest = until === undefined ? LOOK : Number((until - nanoseconds()) / 1_000_000n) + 1;
  await watch.change(Math.max(1, Math.min(rest, LOOK)));
}
