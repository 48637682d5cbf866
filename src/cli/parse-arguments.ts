import { GLOBAL_FLAGS, type Globals, type Grammar, setGlobal } from "./grammar.ts";
import { UsageError } from "./usage-error.ts";
import { seeHelp, unknownFlag } from "./unknown.ts";

/**
 * Reads `argv` from `from` on, and returns the arguments that are no flags.
 *
 * As docker (pflag): `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value`, `-it`;
 * `--` ends the flags; of a flag given twice the last counts unless `set` collects them.
 *
 * @throws HuskError `invalid` for an unknown flag, a missing value, or a value `set` refuses.
 */
export function parseArguments<T>(
  grammar: Grammar<T>,
  argv: readonly string[],
  from: number,
  target: T,
  globals: Globals,
): string[] {
  const { flags } = grammar;
  const words: string[] = [];
  for (let at = from; at < argv.length; at++) {
    const word = argv[at] as string;
    if (word.length < 2 || word[0] !== "-") {
      if (grammar.flagsFirst === true) return argv.slice(at);
      words.push(word);
      continue;
    }
    if (word === "--") return words.concat(argv.slice(at + 1));

    if (word[1] === "-") {
      const equals = word.indexOf("=");
      const flag = equals === -1 ? word.slice(2) : word.slice(2, equals);
      let value = equals === -1 ? undefined : word.slice(equals + 1);
      let takesValue = find(flags, flag);
      const isGlobal = takesValue === undefined && (takesValue = find(GLOBAL_FLAGS, flag)) !== undefined;
      if (takesValue === undefined) throw unknownFlag(grammar, word);
      if (takesValue === "optional") value ??= "";
      else if (!takesValue) value = truth(flag, value);
      else if (value === undefined && (value = argv[++at]) === undefined)
        throw valueMissing(grammar.name, word);
      if (isGlobal) setGlobal(globals, flag, value);
      else grammar.set(target, flag, value);
      continue;
    }

    for (let place = 1; place < word.length; place++) {
      const line = flags.indexOf(`\n-${word[place]} --`);
      if (line === -1) {
        if (word !== "-h") throw unknownFlag(grammar, word, word[place]);
        globals.help = true;
        break;
      }
      const end = flags.indexOf("\n", line + 1);
      const space = flags.indexOf(" ", line + 6);
      const isSwitch = space === -1 || space > end;
      const flag = flags.slice(line + 6, isSwitch ? end : space);
      if (!isSwitch && flags[space + 1] === "[") {
        const attached = flags[space + 2] === "[";
        grammar.set(target, flag, attached ? word.slice(place + 1) : "");
        if (attached) break;
        continue;
      }
      if (isSwitch) {
        const value = word[place + 1] === "=" ? word.slice(place + 2) : undefined;
        grammar.set(target, flag, truth(flag, value));
        if (value !== undefined) break;
        continue;
      }
      let value: string | undefined = word.slice(word[place + 1] === "=" ? place + 2 : place + 1);
      if (place + 1 === word.length && (value = argv[++at]) === undefined)
        throw valueMissing(grammar.name, word);
      grammar.set(target, flag, value);
      break;
    }
  }
  return words;
}

/** Whether a flag takes a value; undefined: there is no such flag. */
function find(flags: string, flag: string): boolean | "optional" | undefined {
  if (flag.includes(" ") || flag.includes("\n")) return undefined;
  if (flags.includes(`--${flag}\n`)) return false;
  const at = flags.indexOf(`--${flag} `);
  if (at === -1) return undefined;
  return flags[at + flag.length + 3] === "[" ? "optional" : true;
}

function truth(flag: string, value: string | undefined): "true" | "false" {
  switch (value) {
    case undefined:
    case "true":
    case "1":
    case "t":
    case "T":
    case "TRUE":
    case "True":
      return "true";
    case "false":
    case "0":
    case "f":
    case "F":
    case "FALSE":
    case "False":
      return "false";
    default:
      throw new UsageError(`invalid value "${value}" for --${flag}`, {
        hint: "true or false",
      });
  }
}

function valueMissing(command: string, word: string): UsageError {
  return new UsageError(`flag needs an argument: ${word}`, {
    hint: seeHelp(command),
  });
}
