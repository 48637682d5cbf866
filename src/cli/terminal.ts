import { isatty } from "node:tty";
import { HuskError } from "../platform/error.ts";

/** Whether a descriptor is a terminal. */
export function isTerminal(fd: number): boolean {
  return isatty(fd);
}

/** `-it` is for people at a terminal: docker's words. */
export function refuseWithoutTerminal(): void {
  if (isTerminal(0)) return;
  throw new HuskError("invalid", "the input device is not a TTY", {
    hint: "leave out -t to read from a pipe or a file, or -i to read nothing",
  });
}

/** Whether to colour what is written to `fd`: a terminal that can, and nobody said no (no-color.org). */
export function hasColour(fd: number, env: NodeJS.ProcessEnv = process.env): boolean {
  return !env["NO_COLOR"] && env["TERM"] !== "dumb" && isTerminal(fd);
}

/** Columns that text written to `fd` should keep to: what COLUMNS says, or the terminal's; undefined where there is none. */
export function widthOf(fd: 1 | 2, env: NodeJS.ProcessEnv = process.env): number | undefined {
  const asked = Number(env["COLUMNS"]);
  if (Number.isInteger(asked) && asked > 0) return asked;
  const stream = fd === 1 ? process.stdout : process.stderr;
  return isTerminal(fd) ? stream.columns || undefined : undefined;
}

export interface Palette {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

/** Paints text, or leaves it as it is. */
export function palette(colour: boolean): Palette {
  const paint = (code: number) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { bold: paint(1), dim: paint(2), red: paint(31), green: paint(32), yellow: paint(33) };
}
