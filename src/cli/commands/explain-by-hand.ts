import { HuskError } from "../../platform/error.ts";
import { formatPlan } from "../format-plan.ts";
import type { Globals, Grammar } from "../grammar.ts";
import { handParser } from "../hand-commands.ts";
import { parseArguments } from "../parse-arguments.ts";
import { parseChoice } from "../values/choice.ts";
import { printHelp } from "../print-help.ts";

interface Wishes {
  format: "text" | "json";
  asShell: boolean;
}

const FLAGS: Grammar<Wishes> = {
  name: "explain",
  flags: "\n--as-shell\n--format string text|json\n",
  flagsFirst: true,
  set(wishes, flag, value) {
    if (flag === "format") wishes.format = parseChoice(flag, value, ["text", "json"]);
    else wishes.asShell = value === "true";
  },
};

/**
 * `husk explain [--as-shell] [--format json] unshare|chroot|cgroup … ARGUMENTS`: the plan of a by-hand command.
 *
 * @returns undefined if the words are no such command, but a container's
 */
export async function explainByHand(
  argv: readonly string[],
  from: number,
  globals: Globals,
): Promise<number | undefined> {
  const at = commandAt(argv, from);
  const name = argv[at];
  const parse = name === undefined ? undefined : await handParser(name);
  if (parse === undefined || name === undefined) return undefined;
  const wishes: Wishes = { format: "text", asShell: false };
  parseArguments(FLAGS, argv.slice(0, at), from, wishes, globals);
  if (wishes.asShell && wishes.format === "json") {
    throw new HuskError("invalid", "--as-shell and --format json cannot both be given", {
      hint: "leave one out",
    });
  }
  const request = await parse(argv, at + 1, globals);
  if (request === undefined || globals.help) return printHelp([name]);
  const { hand } = request;
  console.log(
    wishes.asShell
      ? `#!/bin/sh\n# husk ${argv.slice(at).join(" ")}\nset -eu\n${hand.shell()}`
      : formatPlan(hand.plan, undefined, wishes.format, 1),
  );
  return 0;
}

/** Where the command's name stands, behind flags that every explanation has; any other flag is a container's. */
function commandAt(argv: readonly string[], from: number): number {
  for (let at = from; at < argv.length; at++) {
    const word = argv[at] as string;
    if (word === "--format") at++;
    else if (word !== "--as-shell" && !word.startsWith("--format=")) return at;
  }
  return argv.length;
}
