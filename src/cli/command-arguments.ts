import { HuskError } from "../platform/error.ts";
import type { Globals } from "./grammar.ts";
import { parseArguments } from "./parse-arguments.ts";
import { parseInteger } from "./values/number.ts";
import { hostPath } from "./values/path.ts";

/** The arguments of a command, read. */
export interface CommandArguments {
  /** What is no flag. */
  readonly words: readonly string[];
  /** A switch. */
  on(flag: string): boolean;
  /** Whether the flag was given at all. */
  has(flag: string): boolean;
  /** A flag's last value. */
  text(flag: string): string | undefined;
  /** An absolute path. */
  path(flag: string): string | undefined;
  list(flag: string): readonly string[];
  /** Between 0 and 1000; 0 unless given. */
  count(flag: string): number;
}

export interface CommandShape {
  /** As a person types it: `logs`, `oci exec`. */
  readonly name: string;
  /** See {@link import("./grammar.ts").Grammar}. */
  readonly flags: string;
  /** How many words there may be; absent: none, any number. */
  readonly least?: number;
  readonly most?: number;
  /** Flags end at the first word. */
  readonly flagsFirst?: boolean;
}

/**
 * Reads the arguments of a command; undefined: its help was asked for.
 *
 * @throws HuskError "invalid"
 */
export function readArguments(
  shape: CommandShape,
  argv: readonly string[],
  from: number,
  globals: Globals,
): CommandArguments | undefined {
  const { name, flags, least = 0, most = Number.POSITIVE_INFINITY, flagsFirst = false } = shape;
  const values: Record<string, string[]> = {};
  const grammar = {
    name,
    flags,
    flagsFirst,
    set(target: Record<string, string[]>, flag: string, value: string): void {
      const list = target[flag];
      if (list === undefined) target[flag] = [value];
      else list.push(value);
    },
  };
  const words = parseArguments(grammar, argv, from, values, globals);
  if (globals.help) return undefined;
  if (words.length < least || words.length > most) throw wrongCount(name, words.length, least, most);
  const last = (flag: string): string | undefined => values[flag]?.at(-1);
  return {
    words,
    on: (flag) => last(flag) === "true",
    has: (flag) => values[flag] !== undefined,
    text: last,
    path: (flag) => {
      const value = last(flag);
      return value === undefined ? undefined : hostPath(flag, value);
    },
    list: (flag) => values[flag] ?? [],
    count: (flag) => {
      const value = last(flag);
      return value === undefined ? 0 : parseInteger(flag, value, 0, 1000);
    },
  };
}

/** docker's words: `"husk logs" requires exactly 1 argument`. */
function wrongCount(name: string, count: number, least: number, most: number): HuskError {
  const wanted = count < least ? least : most;
  const bound = least === most ? "exactly" : count < least ? "at least" : "at most";
  const words = `requires ${bound} ${wanted} argument${wanted === 1 ? "" : "s"}`;
  return new HuskError("invalid", `"husk ${name}" ${most === 0 ? "accepts no arguments" : words}`, {
    hint: `see 'husk ${name} --help'`,
  });
}
