import { nearest } from "../platform/nearest.ts";
import { UsageError } from "./usage-error.ts";
import { GLOBAL_FLAGS, type Grammar } from "./grammar.ts";

/** The error for a flag that is not in the command's table: later, misspelled, or nothing known. */
export function unknownFlag<T>(grammar: Grammar<T>, word: string, letter?: string): UsageError {
  const equals = word.indexOf("=");
  const long = letter === undefined ? (equals === -1 ? word : word.slice(0, equals)) : `-${letter}`;
  const help = seeHelp(grammar.name);

  const later = grammar.later ?? "";
  if (letter === undefined ? names(later).includes(long) : later.includes(`\n-${letter} `)) {
    return new UsageError(`${long}: not in this version of husk`, { code: "unsupported", hint: help });
  }
  if (letter !== undefined) {
    const inside = word.length > 2 ? ` in ${word}` : "";
    return new UsageError(`unknown shorthand flag: ${long}${inside}`, { hint: help });
  }
  const near = nearest(long, names(grammar.flags + GLOBAL_FLAGS));
  return new UsageError(`unknown flag: ${long}`, {
    hint: near === undefined ? help : `did you mean ${near}? ${help}`,
  });
}

/** Where to read on: the help of a command, or of husk (`""`). */
export function seeHelp(command: string): string {
  return `see 'husk ${command === "" ? "" : `${command} `}--help'`;
}

/** The long flags of a table, with their dashes. */
export function names(flags: string): string[] {
  return flags.match(/--[^\s]+/g) ?? [];
}
