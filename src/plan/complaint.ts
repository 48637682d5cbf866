/** What a process that outlived its keeper says when an operation of its list fails. */
export interface Complaint {
  /** Which operation, by its place in `EncodedPlan.operations`. */
  readonly ordinal: number;
  readonly errno: number;
  readonly detail: number;
  /** Which of exec's paths was tried last, or -1. */
  readonly path: number;
  /** First bytes of the program that could not be executed. */
  readonly exhibit: Uint8Array;
}

const COMPLAINT_HEAD_BYTES = 32;

/** Reads what came through `Plan.complaints`; undefined when nothing did, that is when nothing failed. */
export function decodeComplaint(bytes: Uint8Array): Complaint | undefined {
  if (bytes.length < COMPLAINT_HEAD_BYTES) return undefined;
  const words = new Int32Array(bytes.slice(0, COMPLAINT_HEAD_BYTES).buffer);
  const exhibit = bytes.subarray(COMPLAINT_HEAD_BYTES, COMPLAINT_HEAD_BYTES + (words[5] as number));
  return {
    ordinal: words[1] as number,
    errno: words[2] as number,
    detail: words[3] as number,
    path: words[4] as number,
    exhibit,
  };
}
