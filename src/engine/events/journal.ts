import { closeSync, openSync, writeSync } from "node:fs";
import { utf8 } from "../../platform/utf8.ts";
import type { Folders } from "../folders.ts";
import { encodeFrame } from "../log/frame.ts";

/** Marks a frame of the journal. */
export const EVENT_STREAM = 9;

/** Something that happened, in docker's words; the time stands in the frame around it. */
export interface EventBody {
  readonly Type: "container" | "image" | "volume" | "network" | "daemon" | "plugin" | "builder";
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

export function journalPath({ run }: Pick<Folders, "run">): string {
  return `${run}/events`;
}

/**
 * Appends to the journal. An event more or less is no reason for a command to fail: where the disk is full, it is
 * missing.
 */
export function appendEvent(folders: Pick<Folders, "run">, event: EventBody): void {
  const frame = encodeFrame(
    BigInt(Date.now()) * 1_000_000n,
    EVENT_STREAM,
    utf8.encode(JSON.stringify(event)),
  );
  try {
    const fd = openSync(journalPath(folders), "a", 0o600);
    try {
      writeSync(fd, frame);
    } finally {
      closeSync(fd);
    }
  } catch {
    // No space left.
  }
}
