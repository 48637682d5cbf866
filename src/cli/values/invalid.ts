import { HuskError } from "../../platform/error.ts";
import { UsageError } from "../usage-error.ts";

/**
 * The error for a flag's value: `invalid value "12x" for --memory — a size such as 512m or 1.5g`.
 *
 * @param accepted what the flag takes, as a noun
 */
export function invalidValue(flag: string, value: string, accepted: string): UsageError {
  return new UsageError(`invalid value "${value}" for --${flag}`, { hint: accepted });
}

/**
 * The same for a value that docker's client hands on, and its daemon refuses: filters, moments. Then the command has
 * failed (1), and not its flags.
 */
export function refusedValue(flag: string, value: string, accepted: string): HuskError {
  return new HuskError("invalid", `invalid value "${value}" for --${flag}`, { hint: accepted });
}

/** The error for a value docker knows and husk does not have yet. */
export function laterValue(flag: string, value: string, instead: string): UsageError {
  return new UsageError(`--${flag} ${value}: not in this version of husk`, {
    code: "unsupported",
    hint: instead,
  });
}
