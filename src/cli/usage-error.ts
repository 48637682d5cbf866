import { type ErrorCode, HuskError } from "../platform/error.ts";

/** A flag that is not there, or its value makes no sense: what docker ends with 125 for, whatever the command. */
export class UsageError extends HuskError {
  constructor(message: string, options?: { hint?: string; code?: ErrorCode; cause?: unknown }) {
    super(options?.code ?? "invalid", message, options);
  }
}

/** Nothing says what is to be run or made: no matter of flags, and docker ends with 1 for it, also where others say 125. */
export class NothingNamed extends HuskError {}

/** Whatever goes wrong in `read` is a matter of flags: of how they go together, or of the files they name. */
export function ofFlags<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof HuskError) || error instanceof UsageError || error instanceof NothingNamed)
      throw error;
    const { code, message, hint, cause } = error;
    throw new UsageError(message, { code, cause, ...(hint === undefined ? {} : { hint }) });
  }
}
