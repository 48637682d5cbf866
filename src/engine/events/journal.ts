import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { tryLock } from "../../platform/lock.ts";
import { nanoseconds } from "../../platform/nanoseconds.ts";
import { utf8 } from "../../platform/utf8.ts";
import type { Folders } from "../folders.ts";
import { encodeFrame } from "../log/frame.ts";

/** Marks a frame of the journal. */
export const EVENT_STREAM = 9;

/** A journal that has grown beyond this becomes `log.1`, and so on; the oldest goes. */
const LARGEST = 4 << 20;
const MOST_FILES = 4;

/** Something that happened, in docker's words; the time stands in the frame around it. */
export interface EventBody {
  readonly Type: "container" | "image" | "volume" | "network" | "daemon" | "plugin" | "builder";
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

/** The journal has the form of a container's log, in a folder of its own. */
export function journalFolder({ run }: Pick<Folders, "run">): string {
  return `${run}/events`;
}

export function journalPath(folders: Pick<Folders, "run">): string {
  return `${journalFolder(folders)}/log`;
}

/**
 * Appends to the journal. An event more or less is no reason for a command to fail: where the disk is full, it is
 * missing.
 */
export function appendEvent(folders: Pick<Folders, "run">, event: EventBody): void {
  const frame = encodeFrame(nanoseconds(), EVENT_STREAM, utf8.encode(JSON.stringify(event)));
  try {
    const fd = openJournal(folders);
    try {
      const { size } = fstatSync(fd);
      const written = writeSync(fd, frame);
      // Half a frame, on a full disk, would hide what others append behind it.
      if (written < frame.length && fstatSync(fd).size === size + written) ftruncateSync(fd, size);
      if (size > LARGEST) rotate(folders);
    } finally {
      closeSync(fd);
    }
  } catch {
    // No space left.
  }
}

function openJournal(folders: Pick<Folders, "run">): number {
  const path = journalPath(folders);
  try {
    return openSync(path, "a", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(journalFolder(folders), { recursive: true, mode: 0o700 });
    return openSync(path, "a", 0o600);
  }
}

function rotate(folders: Pick<Folders, "run">): void {
  const release = tryLock(`${journalFolder(folders)}/lock`);
  if (release === undefined) return;
  try {
    const path = journalPath(folders);
    const fd = openSync(path, "r");
    const isLarge = fstatSync(fd).size > LARGEST;
    closeSync(fd);
    if (!isLarge) return;
    for (let n = MOST_FILES - 1; n > 0; n--) tryRename(n === 1 ? path : `${path}.${n - 1}`, `${path}.${n}`);
  } finally {
    release();
  }
}

function tryRename(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    // There are not so many yet.
  }
}
