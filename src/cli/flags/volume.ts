import type { Globals } from "../grammar.ts";
import { HuskError } from "../../platform/error.ts";
import { parseArguments } from "../parse-arguments.ts";

/** Flags of `husk volume COMMAND`; {@link Grammar} tells the form. */
export const VOLUME_FLAGS = {
  create: `
-d --driver string local
--label list
-o --opt list
`,
  inspect: `
-f --format string
`,
  ls: `
-f --filter list
--format string
-q --quiet
`,
  prune: `
-a --all
--filter list
-f --force
`,
  rm: `
-f --force
`,
} as const;

/** The flags as they were given, all values of each. */
export interface VolumeArguments {
  readonly words: readonly string[];
  /** Whether a switch is on. */
  has(flag: string): boolean;
  /** The last value. */
  one(flag: string): string | undefined;
  all(flag: string): readonly string[];
}

/**
 * Reads the arguments of a command for volumes.
 *
 * @param count how many words there may be: at least, at most
 * @returns undefined if the help was asked for
 * @throws HuskError "invalid"
 */
export function volumeArguments(
  name: keyof typeof VOLUME_FLAGS,
  argv: readonly string[],
  from: number,
  globals: Globals,
  [least, most]: readonly [number, number],
): VolumeArguments | undefined {
  const given = new Map<string, string[]>();
  const command = `volume ${name}`;
  const words = parseArguments(
    {
      name: command,
      flags: VOLUME_FLAGS[name],
      set: (target: typeof given, flag, value) => void target.set(flag, [...(target.get(flag) ?? []), value]),
    },
    argv,
    from,
    given,
    globals,
  );
  if (globals.help) return undefined;
  if (words.length < least || words.length > most) {
    const wanted = least === most ? `${least}` : least > 0 ? `at least ${least}` : `at most ${most}`;
    const plural = wanted.endsWith(" 1") || wanted === "1" ? "" : "s";
    throw new HuskError("invalid", `husk ${command} takes ${wanted} argument${plural}, not ${words.length}`, {
      hint: `see 'husk ${command} --help'`,
    });
  }
  return {
    words,
    has: (flag) => given.get(flag)?.at(-1) === "true",
    one: (flag) => given.get(flag)?.at(-1),
    all: (flag) => given.get(flag) ?? [],
  };
}
