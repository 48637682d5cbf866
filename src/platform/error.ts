/** The few classes of failure; `src/cli/exit-status.ts` maps each to an exit status. */
export type ErrorCode =
  /** What was asked makes no sense: a flag, a configuration, a value out of range. */
  | "invalid"
  /** The named thing does not exist. */
  | "not-found"
  /** The program to run does not exist in the container (exit status 127). */
  | "command-not-found"
  /** The program exists but cannot be executed (exit status 126). */
  | "cannot-execute"
  /** This user may not do it. */
  | "denied"
  /** This kernel or machine cannot do it. */
  | "unavailable"
  /** The name or state is taken. */
  | "conflict"
  /** husk does not do this (yet). */
  | "unsupported"
  /** A step failed for another reason. */
  | "failed";

/**
 * The one error husk throws: what was being done to which object, and what to do about it.
 *
 * `message` is one line and names the object; `hint` says how to mend it.
 */
export class HuskError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options?: { hint?: string; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = "HuskError";
    this.code = code;
    this.hint = options?.hint;
  }
}
