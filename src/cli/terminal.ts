import { isatty } from "node:tty";

/** Whether a descriptor is a terminal. */
export function isTerminal(fd: number): boolean {
  return isatty(fd);
}

/** Whether to colour what is written to `fd`: a terminal that can, and nobody said no (no-color.org). */
export function hasColour(fd: number, env: NodeJS.ProcessEnv = process.env): boolean {
  return !env["NO_COLOR"] && env["TERM"] !== "dumb" && isTerminal(fd);
}

/** Columns of the terminal on stdout; 80 where there is none. */
export function columns(): number {
  const fromEnvironment = Number(process.env["COLUMNS"]);
  return process.stdout.columns || fromEnvironment || 80;
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
