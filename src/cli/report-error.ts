import { HuskError } from "../platform/error.ts";
import { oneLine, printError } from "./stderr.ts";

/** Says on stderr what failed and what to do about it, in one line. With `debug` the stack and the causes follow. */
export function reportError(error: unknown, debug: boolean): void {
  printError(`husk: ${errorLine(error)}`);
  if (debug) printError(whereFrom(error));
}

/** The stack, and that of each cause. */
function whereFrom(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${whereFrom(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

/** The message and the hint, without line ends and control characters: the words may be a stranger's. */
export function errorLine(error: unknown): string {
  if (error instanceof HuskError) {
    return oneLine(error.hint === undefined ? error.message : `${error.message} — ${error.hint}`);
  }
  const what = error instanceof Error ? error.message : String(error);
  return oneLine(`unexpected failure: ${what} — this is a fault of husk; --debug shows where`);
}
