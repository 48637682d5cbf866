import { HuskError } from "../platform/error.ts";
import type { Globals, Grammar } from "./grammar.ts";
import { parseArguments } from "./parse-arguments.ts";
import { parseChoice } from "./values/choice.ts";

/** `--format` of the commands that show something. */
export type OutputFormat = "text" | "json";

export const FORMAT_FLAGS = "\n-f --format string text|json\n";

/**
 * Reads the arguments of a command that takes `--format` and nothing else.
 *
 * @returns undefined if the help was asked for
 */
export function parseFormat(
  name: string,
  argv: readonly string[],
  from: number,
  globals: Globals,
): OutputFormat | undefined {
  const wishes: { format: OutputFormat } = { format: "text" };
  const grammar: Grammar<typeof wishes> = {
    name,
    flags: FORMAT_FLAGS,
    set(target, flag, value) {
      target.format = parseChoice(flag, value, ["text", "json"]);
    },
  };
  const rest = parseArguments(grammar, argv, from, wishes, globals);
  if (globals.help) return undefined;
  if (rest.length > 0) {
    throw new HuskError("invalid", `husk ${name} takes no arguments, "${rest[0]}" is one`, {
      hint: `see 'husk ${name} --help'`,
    });
  }
  return wishes.format;
}
