import { writeSync } from "node:fs";

/**
 * Writes a line to stderr as it is; `console.error` would paint it red in a terminal. A stderr that is
 * closed or full changes nothing of what husk does.
 */
export function printError(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // Nobody reads it.
  }
}

/** Text without line ends and control characters: the words may be a stranger's, and reach a terminal. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, (control) => (/^\s+$/.test(control) ? " " : "?"));
}
