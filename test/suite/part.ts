// What one part of the suite (the unit tests, the system tests as root, …) came to.

export interface Skip {
  readonly name: string;
  readonly reason: string;
}

export interface Outcome {
  readonly passed: number;
  /** What failed, in words. */
  readonly failures: readonly string[];
  readonly skips: readonly Skip[];
}

export const passedOnce: Outcome = { passed: 1, failures: [], skips: [] };

export function failedOnce(what: string): Outcome {
  return { passed: 0, failures: [what], skips: [] };
}

/** A whole part that this machine or user cannot run counts as one skip. */
export function skippedOnce(name: string, reason: string): Outcome {
  return { passed: 0, failures: [], skips: [{ name, reason }] };
}

export function sum(outcomes: readonly Outcome[]): Outcome {
  return {
    passed: outcomes.reduce((total, outcome) => total + outcome.passed, 0),
    failures: outcomes.flatMap((outcome) => outcome.failures),
    skips: outcomes.flatMap((outcome) => outcome.skips),
  };
}
