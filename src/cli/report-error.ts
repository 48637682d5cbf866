import { oneLine, printError } from "./stderr.ts";
import { namedError } from "./system-error.ts";

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
  const named = namedError(error);
  if (named !== undefined)
    return oneLine(named.hint === undefined ? named.message : `${named.message} — ${named.hint}`);
  const what = error instanceof Error ? error.message : String(error);
  return oneLine(`unexpected failure: ${what} — this is a fault of husk; --debug shows where`);
}
