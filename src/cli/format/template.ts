import { execute } from "./execute.ts";
import { FUNCTIONS, TITLE_FUNCTIONS } from "./functions.ts";
import { parse } from "./parse.ts";

/** A template that can be performed any number of times. */
export interface Template {
  /** @throws HuskError "invalid" if the template does not fit the data */
  run(data: unknown): string;
  /** The same, but a key that a map does not have is an error. */
  runStrictly(data: unknown): string;
  /** On the titles of a table, which docker's functions leave alone. */
  runOnTitles(titles: unknown): string;
}

/**
 * Parses a Go template as docker's `--format` has them: text/template with the functions json, split, join, title,
 * lower, upper, pad and truncate.
 *
 * @throws HuskError "invalid"
 */
export function compileTemplate(source: string): Template {
  const syntax = parse(source, (name) => FUNCTIONS.has(name) || name === "and" || name === "or");
  return {
    run: (data) => execute(syntax, FUNCTIONS, data),
    runStrictly: (data) => execute(syntax, FUNCTIONS, data, "error"),
    runOnTitles: (titles) => execute(syntax, TITLE_FUNCTIONS, titles),
  };
}
