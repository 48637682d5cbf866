import type { EncodedPlan } from "./encode.ts";
import { PROTOCOL } from "./encode.ts";

const REPORT_MAGIC = 0x50455248;
const HEAD_BYTES = 80;

/** What the keeper says when it ends; times are nanoseconds of CLOCK_MONOTONIC. */
export interface Report {
  /**
   * "ended": the container's first process ran and ended; "failed": a step failed; "launched": of a plan that
   * detaches, the program was executed.
   */
  readonly outcome: "ended" | "failed" | "launched";
  /** Which operation failed, by its place in {@link EncodedPlan.operations}. */
  readonly ordinal: number;
  readonly errno: number;
  /** Wait status of a helper program, a mode for exec, or a short result. */
  readonly detail: number;
  /** Which of exec's paths was tried last, or -1. */
  readonly path: number;
  /** Exit status of the container: 128 + n after signal n. */
  readonly exitCode: number;
  readonly exitSignal: number;
  readonly timedOut: boolean;
  /** Somebody asked at the socket that it be stopped. */
  readonly stopped: boolean;
  /** Errno by which the caller's descriptors refused output of the program's; EPIPE is none. 0: it has all been passed on. */
  readonly outputErrno: number;
  readonly started: number;
  readonly launched: number;
  readonly ended: number;
  /** First bytes of the program that could not be executed. */
  readonly exhibit: Uint8Array;
  /** Start and end of each operation, if the plan was timed; 0 where it was not performed. */
  readonly times: Float64Array | undefined;
  readonly exports: ReadonlyMap<string, Uint8Array>;
}

/** Reads what the keeper wrote to its report descriptor; undefined if it did not get that far. */
export function decodeReport(bytes: Uint8Array, plan: EncodedPlan): Report | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, HEAD_BYTES / 4);
  if (words[0] !== REPORT_MAGIC || words[1] !== PROTOCOL) return undefined;
  const word = (i: number): number => words[i] as number;
  const wide = (i: number): number => (word(i) >>> 0) + word(i + 1) * 0x100000000;
  let at = HEAD_BYTES;
  let times: Float64Array | undefined;
  if (plan.timed) {
    times = new Float64Array(2 * plan.operations.length);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let i = 0; i < times.length; i++, at += 8) {
      times[i] = view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x100000000;
    }
  }
  const exports = new Map<string, Uint8Array>();
  for (const { name, bytes: size } of plan.exports) {
    exports.set(name, bytes.subarray(at, at + size));
    at += size;
  }
  return {
    outcome: word(2) === 1 ? "ended" : word(2) === 3 ? "launched" : "failed",
    ordinal: word(3),
    errno: word(4),
    detail: word(5),
    path: word(6),
    exitCode: word(7),
    exitSignal: word(8),
    timedOut: (word(9) & 1) !== 0,
    stopped: (word(9) & 4) !== 0,
    outputErrno: (word(9) & 8) !== 0 ? word(4) : 0,
    started: wide(12),
    launched: wide(14),
    ended: wide(16),
    exhibit: bytes.subarray(at, at + word(11)),
    times,
    exports,
  };
}
