import { HuskError } from "../../platform/error.ts";
import type { Globals } from "../grammar.ts";
import { parseArguments } from "../parse-arguments.ts";
import { parseInteger } from "../values/number.ts";
import { hostPath } from "../values/path.ts";
import { OCI_COMMANDS } from "./oci.ts";

/** The arguments of a command of `husk oci`. */
export interface OciArguments {
  /** What is no flag: the container's id, mostly. */
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
  count(flag: string): number;
}

export interface OciArgumentLimits {
  /** How many words there may be. */
  readonly least: number;
  readonly most: number;
  /** Flags end at the first word. */
  readonly flagsFirst?: boolean;
}

/** Reads the arguments of a command; undefined: its help was asked for. */
export function ociArguments(
  command: string,
  argv: readonly string[],
  from: number,
  globals: Globals,
  { least, most, flagsFirst = false }: OciArgumentLimits,
): OciArguments | undefined {
  const values: Record<string, string[]> = {};
  const grammar = {
    name: `oci ${command}`,
    flags: OCI_COMMANDS[command] as string,
    flagsFirst,
    set(target: Record<string, string[]>, flag: string, value: string): void {
      const list = target[flag];
      if (list === undefined) target[flag] = [value];
      else list.push(value);
    },
  };
  const words = parseArguments(grammar, argv, from, values, globals);
  if (globals.help) return undefined;
  if (words.length < least || words.length > most) {
    const wanted =
      least === most ? `exactly ${least}` : `a ${words.length < least ? "minimum" : "maximum"} of`;
    const number = least === most ? "" : ` ${words.length < least ? least : most}`;
    throw new HuskError("invalid", `husk oci: "${command}" requires ${wanted}${number} argument(s)`, {
      hint: `see 'husk oci ${command} --help'`,
    });
  }
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
