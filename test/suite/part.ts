// What one part of the suite (the unit tests, the system tests as root, …) came to.

export interface Skip {
  /** The test, named alike in every part that runs it. */
  readonly test: string;
  readonly reason: string;
}

export interface Outcome {
  /** The tests that passed. */
  readonly passed: readonly string[];
  /** What failed, in words. */
  readonly failures: readonly string[];
  readonly skips: readonly Skip[];
}

/** How a part is to be run. */
export interface Order {
  /** Further options of `bun test`, such as `--randomize`; for the virtual machine the names of cases. */
  readonly options: readonly string[];
  /** The tests; all of the part when empty. */
  readonly paths: readonly string[];
  /** The descriptor to which everything is printed. */
  readonly output: number;
  readonly minutes: number;
}

export function passedOnce(test: string): Outcome {
  return { passed: [test], failures: [], skips: [] };
}

export function failedOnce(what: string): Outcome {
  return { passed: [], failures: [what], skips: [] };
}

/** A whole part that this machine or user cannot run counts as one skip. */
export function skippedOnce(test: string, reason: string): Outcome {
  return { passed: [], failures: [], skips: [{ test, reason }] };
}

export function sum(outcomes: readonly Outcome[]): Outcome {
  return {
    passed: outcomes.flatMap((outcome) => outcome.passed),
    failures: outcomes.flatMap((outcome) => outcome.failures),
    skips: outcomes.flatMap((outcome) => outcome.skips),
  };
}

/** The sum of all parts. A test that needs root is no skip as an ordinary user where root ran it. */
export function total(outcomes: readonly Outcome[]): Outcome {
  const all = sum(outcomes);
  const ran = new Set(all.passed);
  const skips = new Map<string, Skip>();
  for (const skip of all.skips) if (!ran.has(skip.test)) skips.set(skip.test, skip);
  return { ...all, skips: [...skips.values()] };
}

export function countsOf(outcome: Outcome): string {
  const { passed, failures, skips } = outcome;
  return `${passed.length} passed, ${failures.length} failed, ${skips.length} skipped`;
}

/** Prints the skipped tests by reason. */
export function printSkips(skips: readonly Skip[]): void {
  for (const [reason, group] of Map.groupBy(skips, (skip) => skip.reason)) {
    console.log(`\nskipped, needs ${reason}:`);
    for (const skip of group) console.log(`  ${skip.test}`);
  }
  if (skips.length > 0) console.log("");
}
