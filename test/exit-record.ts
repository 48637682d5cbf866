// A test's own reading of exit records, by docs/state.md.
const EXIT_MAGIC = 0x54584548;
const EXIT_FORMAT = 1;
const HEAD_BYTES = 64;
const states = [undefined, "starting", "running", "ended", "failed"] as const;

/** How a container's last run went, as its keeper wrote it down (docs/state.md, "Exit record"). */
export interface ExitRecord {
  /**
   * "starting", "running": it has not ended, or its keeper was killed; "failed": the program was never executed.
   */
  readonly state: "starting" | "running" | "ended" | "failed";
  /** Milliseconds since 1970, with fractions; `ended` is 0 until it has. */
  readonly started: number;
  readonly ended: number;
  /** Milliseconds it ran, whatever happened to the clock. */
  readonly lasted: number;
  /** 128 + n after signal n. */
  readonly exitCode: number;
  readonly exitSignal: number;
  readonly timedOut: boolean;
  readonly callerDied: boolean;
  /** Somebody asked at the keeper's socket that it be stopped. */
  readonly stopped: boolean;
  /** What was read from its control groups at the end, by name. */
  readonly exports: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads an exit record.
 *
 * @returns undefined if it is none; "newer" if it has a format this husk does not know
 */
export function decodeExitRecord(bytes: Uint8Array): ExitRecord | "newer" | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const head = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES);
  const word = (at: number): number => head.getUint32(at, true);
  const milliseconds = (at: number): number => (word(at) + word(at + 4) * 0x100000000) / 1e6;
  if (word(0) !== EXIT_MAGIC) return undefined;
  if (word(4) !== EXIT_FORMAT) return "newer";
  const state = states[word(60)];
  const namesBytes = word(8);
  if (state === undefined || word(12) > bytes.length) return undefined;
  const names = new TextDecoder().decode(bytes.subarray(HEAD_BYTES, HEAD_BYTES + namesBytes));
  const exports = new Map<string, Uint8Array>();
  let at = HEAD_BYTES + namesBytes;
  for (const [name, size] of JSON.parse(names) as [string, number][]) {
    exports.set(name, bytes.subarray(at, at + size));
    at += size;
  }
  const flags = word(48);
  return {
    state,
    started: milliseconds(16),
    ended: milliseconds(24),
    lasted: milliseconds(32),
    exitCode: head.getInt32(40, true),
    exitSignal: head.getInt32(44, true),
    timedOut: (flags & 1) !== 0,
    callerDied: (flags & 2) !== 0,
    stopped: (flags & 4) !== 0,
    exports,
  };
}
