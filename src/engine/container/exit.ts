import { closeSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { outOfMemoryKills } from "../../cgroup/index.ts";
import { HuskError } from "../../platform/error.ts";

/** How a container's last run ended, or that it has not. */
export interface ExitRecord {
  /** "running": it was started, and nobody has written yet how it ended. "failed": its program never began. */
  readonly kind: "running" | "ended" | "failed";
  /** Its program was executed: before that, nothing of it may be entered. */
  readonly launched: boolean;
  /** Status, 128 + n after signal n. */
  readonly exitCode: number;
  /** Signal that ended it, or 0. */
  readonly signal: number;
  readonly outOfMemory: boolean;
  readonly timedOut: boolean;
  /** Milliseconds since 1970; 0: never. */
  readonly started: number;
  readonly finished: number;
  /** How long it ran, in milliseconds of a clock that nobody sets. */
  readonly lasted: number;
  /** In words, where it was not the program that ended it; "": nothing. */
  readonly error: string;
}

/*
 * The keeper's exit record (native/exit-record.c, `struct exit_record`), little endian: u32 magic, format, bytes of the
 * names, bytes of all; u64 started, ended (ns, CLOCK_REALTIME), lasted (ns); i32 exit code, signal; u32 flags; i32
 * errno; u32 0, state. Then the names and sizes of what the plan exports, as JSON, and that. Behind it husk writes an
 * error in words.
 */
const MAGIC = 0x54584548;
const FORMAT = 1;
const HEAD_BYTES = 64;
const AT_ENDED = 24;
const AT_EXIT_CODE = 40;
const AT_STATE = 60;
const [STARTING, RUNNING, ENDED, FAILED] = [1, 2, 3, 4];
const TIMED_OUT = 1;

/**
 * Reads `exit`; undefined: it was never started.
 *
 * @throws HuskError "unsupported" for a record of a newer husk
 */
export function readExit(file: string): ExitRecord | undefined {
  try {
    const fd = openSync(file, "r");
    const used = readSync(fd, scratch, 0, scratch.length, 0);
    closeSync(fd);
    return decodeExit(used < scratch.length ? scratch.subarray(0, used) : readFileSync(file), file);
  } catch (error) {
    if (error instanceof HuskError) throw error;
    return undefined;
  }
}

/** Lists read many of these files: a buffer of its own for each would take longer than the reading. */
const scratch = new Uint8Array(4096);

/** An exit record that can be read even when the container was removed meanwhile. */
export interface HeldExit {
  read(): ExitRecord | undefined;
  close(): void;
}

/** Holds `exit` open; undefined: the container was never started. */
export function holdExit(file: string): HeldExit | undefined {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return undefined;
  }
  return {
    read: () => {
      const bytes = new Uint8Array(LONGEST);
      return decodeExit(bytes.subarray(0, readSync(fd, bytes, 0, LONGEST, 0)), file);
    },
    close: () => closeSync(fd),
  };
}

/** Of a whole record, with what plans export of control groups and an error in words. */
const LONGEST = 1 << 16;

/** The same from bytes; undefined where nothing was written yet. */
function decodeExit(bytes: Uint8Array, file: string): ExitRecord | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (at: number): number => view.getUint32(at, true);
  if (word(0) !== MAGIC || word(4) !== FORMAT) {
    throw new HuskError("unsupported", `${file} has the unknown format ${word(4)}`, {
      hint: "it was written by another version of husk: use that one",
    });
  }
  const namesEnd = HEAD_BYTES + word(8);
  const end = word(12);
  const milliseconds = (at: number): number =>
    Math.floor((word(at) + word(at + 4) * 0x100000000) / 1_000_000);
  const state = word(AT_STATE);
  return {
    kind: state === STARTING || state === RUNNING ? "running" : state === FAILED ? "failed" : "ended",
    launched: state === RUNNING || state === ENDED,
    exitCode: view.getInt32(AT_EXIT_CODE, true),
    signal: view.getInt32(44, true),
    outOfMemory: state === ENDED && outOfMemoryKills(exportsIn(bytes, namesEnd)) > 0,
    timedOut: (word(48) & TIMED_OUT) !== 0,
    started: milliseconds(16),
    finished: milliseconds(AT_ENDED),
    lasted: milliseconds(32),
    error: bytes.length > end ? new TextDecoder().decode(bytes.subarray(end)) : "",
  };
}

function exportsIn(bytes: Uint8Array, namesEnd: number): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const names = new TextDecoder().decode(bytes.subarray(HEAD_BYTES, namesEnd));
  let at = namesEnd;
  for (const [name, size] of JSON.parse(names) as [string, number][]) {
    found.set(name, bytes.subarray(at, at + size));
    at += size;
  }
  return found;
}

/**
 * Completes the record of a run whose keeper could not: it ended now, with that code, for that reason. Also of one that
 * failed, whose reason and code (125, 126 or 127) husk alone knows.
 */
export function completeExit(file: string, exitCode: number, error: string): void {
  let fd: number;
  try {
    fd = openSync(file, "r+");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return;
    throw cause;
  }
  try {
    const bytes = readFileSync(fd);
    if (bytes.length < HEAD_BYTES) return;
    const end = bytes.readUInt32LE(12);
    const state = bytes.readUInt32LE(AT_STATE);
    if (bytes.readUInt32LE(0) !== MAGIC || bytes.readUInt32LE(4) !== FORMAT) return;
    ftruncateSync(fd, end);
    try {
      writeSync(fd, error, end);
    } catch {
      // A full disk: the code counts more than the words, and its place is there already.
      ftruncateSync(fd, end);
    }
    const head = bytes.subarray(0, HEAD_BYTES);
    if (state !== FAILED) {
      head.writeBigUInt64LE(BigInt(Date.now()) * 1_000_000n, AT_ENDED);
      head.writeUInt32LE(ENDED, AT_STATE);
    }
    head.writeInt32LE(exitCode, AT_EXIT_CODE);
    writeSync(fd, head, 0, HEAD_BYTES, 0);
  } finally {
    closeSync(fd);
  }
}
