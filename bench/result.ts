import { type Sample, type Summary, summarize } from "./statistics.ts";

/** How a contestant did, in milliseconds. */
export interface Timed {
  readonly name: string;
  readonly wall: Summary;
  readonly cpu: Summary;
  /** How many runs failed; the times are those of the others. */
  readonly failed?: string;
  readonly against: readonly Ratio[];
}

/** `byMedian` is what a bound is for; the others help to judge on a busy machine. */
export interface Ratio {
  readonly peer: string;
  readonly byMedian: number;
  readonly byMin: number;
  readonly byCpu: number;
  readonly bound?: number;
}

/** A single number, such as a size. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The value is within it when it is not above (or, for `atLeast`, not below). */
  readonly bound?: number;
  readonly atLeast?: boolean;
}

/** What one comparison found. */
export interface Result {
  readonly name: string;
  /** One line: what was done, how often. */
  readonly about: string;
  readonly timed: readonly Timed[];
  readonly figures: readonly Figure[];
  /** What a reader has to know, such as a peer that is missing here. */
  readonly notes: readonly string[];
}

/** The most a contestant may take of a peer's time. */
export interface Bound {
  readonly contestant: string;
  readonly peer: string;
  /** Absent: the ratio is shown, and nothing is asked of it. */
  readonly ratio?: number;
}

function statuses(runs: readonly Sample[]): string {
  const all = new Set(runs.map(({ status }) => status).filter((status) => status !== 0));
  return `status ${[...all].join(", ")}`;
}

/** Summarizes the samples by contestant and puts each in relation to its peers. */
export function compare(samples: ReadonlyMap<string, readonly Sample[]>, bounds: readonly Bound[]): Timed[] {
  const summaries = new Map<string, { wall: Summary; cpu: Summary; failed?: string }>();
  for (const [name, runs] of samples) {
    const good = runs.filter(({ status }) => status === 0);
    const failures = runs.length - good.length;
    summaries.set(name, {
      wall: summarize(good.map(({ wall }) => wall)),
      cpu: summarize(good.map(({ cpu }) => cpu)),
      ...(failures > 0 && { failed: `${failures} of ${runs.length} runs failed (${statuses(runs)})` }),
    });
  }
  return [...summaries].map(([name, own]) => {
    const against: Ratio[] = [];
    for (const { contestant, peer, ratio } of bounds) {
      const other = summaries.get(peer);
      if (contestant !== name || other === undefined || Number.isNaN(own.wall.min / other.wall.min)) continue;
      against.push({
        peer,
        byMedian: own.wall.median / other.wall.median,
        byMin: own.wall.min / other.wall.min,
        byCpu: own.cpu.median / other.cpu.median,
        ...(ratio !== undefined && { bound: ratio }),
      });
    }
    return { name, ...own, against };
  });
}
