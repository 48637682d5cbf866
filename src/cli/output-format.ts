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
  return readFormat(name, argv, from, globals, (flag, value) => parseChoice(flag, value, ["text", "json"]));
}

/** `text`, `json`, or a Go template, which has a `{{` in it. */
export type FactsFormat = string;

/**
 * The same for a command whose facts a Go template may choose from.
 *
 * @returns undefined if the help was asked for
 */
export function parseFactsFormat(
  name: string,
  argv: readonly string[],
  from: number,
  globals: Globals,
): FactsFormat | undefined {
  return readFormat<string>(name, argv, from, globals, (flag, value) =>
    value.includes("{{") ? value : parseChoice(flag, value, ["text", "json"]),
  );
}

/** Facts in the form that was asked for. */
export async function formatFacts(format: FactsFormat, facts: object, text: () => string): Promise<string> {
  if (format === "text") return text();
  if (format === "json") return JSON.stringify(facts);
  const { asStructs, compileTemplate } = await import("./format/index.ts");
  return compileTemplate(format).run(asStructs(facts, "facts"));
}

function readFormat<T extends string>(
  name: string,
  argv: readonly string[],
  from: number,
  globals: Globals,
  parse: (flag: string, value: string) => T,
): T | "text" | undefined {
  const wishes: { format: T | "text" } = { format: "text" };
  const grammar: Grammar<typeof wishes> = {
    name,
    flags: FORMAT_FLAGS,
    set(target, flag, value) {
      target.format = parse(flag, value);
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
