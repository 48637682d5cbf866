/** A run of one contestant: milliseconds of wall time, of processor time, and its exit status. */
export interface Sample {
  readonly wall: number;
  /** In user and system mode, of the process and of those it waited for. */
  readonly cpu: number;
  readonly status: number;
}

export interface Summary {
  readonly min: number;
  readonly median: number;
  readonly p90: number;
}

/** Smallest value, median and ninth decile. */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { min: at(0), median: at(0.5), p90: at(0.9) };
}
