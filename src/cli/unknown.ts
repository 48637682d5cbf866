import { HuskError } from "../platform/error.ts";
import { GLOBAL_FLAGS, type Grammar } from "./grammar.ts";

/** The error for a flag that is not in the command's table: later, misspelled, or nothing known. */
export function unknownFlag<T>(grammar: Grammar<T>, word: string, letter?: string): HuskError {
  const equals = word.indexOf("=");
  const long = letter === undefined ? (equals === -1 ? word : word.slice(0, equals)) : `-${letter}`;
  const help = `see 'husk ${grammar.name} --help'`;

  const later = grammar.later ?? "";
  if (letter === undefined ? names(later).includes(long) : later.includes(`\n-${letter} `)) {
    return new HuskError("unsupported", `${long}: not in this version of husk`, { hint: help });
  }
  if (letter !== undefined) {
    const inside = word.length > 2 ? ` in ${word}` : "";
    return new HuskError("invalid", `unknown shorthand flag: ${long}${inside}`, { hint: help });
  }
  const near = nearest(long, names(grammar.flags + GLOBAL_FLAGS));
  return new HuskError("invalid", `unknown flag: ${long}`, {
    hint: near === undefined ? help : `did you mean ${near}? ${help}`,
  });
}

/** The long flags of a table, with their dashes. */
export function names(flags: string): string[] {
  return flags.match(/--[^\s]+/g) ?? [];
}

/** The entry that is the fewest typing errors away from `word`, if it is near enough to be meant. */
export function nearest(word: string, among: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of among) {
    const distance = typingErrors(word, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Letters added, left out, replaced or swapped with their neighbour (optimal string alignment). */
function typingErrors(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const line = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (last[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      let least = Math.min(replaced, (last[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1);
      if (from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1] && row > 1 && column > 1) {
        least = Math.min(least, (beforeLast[column - 2] ?? 0) + 1);
      }
      line.push(least);
    }
    beforeLast = last;
    last = line;
  }
  return last[to.length] ?? 0;
}
