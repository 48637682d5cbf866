import { type Applied, applyContainer } from "../../engine/changes/index.ts";
import { findTarget } from "../../engine/life/target.ts";
import { HuskError } from "../../platform/error.ts";
import { readArguments } from "../command-arguments.ts";
import { CHANGE_FLAGS } from "../flags/changes.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { oneLine, printError } from "../stderr.ts";
import { invalidValue } from "../values/invalid.ts";
import { printHelp } from "../print-help.ts";

/** What a step does, as docker's letters for changes have it. */
const LETTERS = { make: "A", replace: "C", mode: "C", remove: "D" } as const;

/** `husk apply CONTAINER [PATH…]`: each change on a line of stdout, and a summary on stderr. */
export async function apply(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const shape = { name: "apply", flags: CHANGE_FLAGS.apply, least: 1 };
  const given = readArguments(shape, argv, from, globals);
  if (given === undefined) return printHelp(["apply"]);
  const [name = "", ...paths] = given.words;
  const home = homeOf(globals);
  const { record } = findTarget(home, name);
  const dryRun = given.on("dry-run");
  const applied = await applyContainer(home, record.id, {
    paths: paths.map(checked),
    dryRun,
    warn: (message) => printError(oneLine(`husk: warning: ${message}`)),
  });
  const { conflicts, leftOut, steps } = applied;
  for (const { path, why } of conflicts) printError(`husk: ${shown(path)} ${why}`);
  if (conflicts.length > 0)
    throw new HuskError(
      "conflict",
      `${name}: ${conflicts.length} of its changes cannot be brought over; nothing was done`,
      {
        hint: "name the paths you want, or do these by hand (husk cp)",
      },
    );
  for (const { action, path } of steps) console.log(`${LETTERS[action]} ${shown(path)}`);
  if (leftOut.length > 0)
    printError(
      `${count(leftOut.length, "change")} in /tmp, /run and the like left out: name the path to take one over`,
    );
  printError(summary(applied, dryRun));
  return 0;
}

function summary({ steps }: Applied, dryRun: boolean): string {
  if (steps.length === 0) return "Nothing to do: this machine has all of it";
  const of = (action: keyof typeof LETTERS): number => steps.filter((step) => step.action === action).length;
  const parts = [
    [of("make"), "added"],
    [of("replace") + of("mode"), "changed"],
    [of("remove"), "removed"],
  ] as const;
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return `${said.join(", ")}${dryRun ? " (not done: --dry-run)" : ""}`;
}

function checked(path: string): string {
  if (path[0] !== "/" || path.split("/").some((part) => part === ".." || part === "."))
    throw invalidValue("PATH", path, "an absolute path without . and .., as husk diff shows it");
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/** A path for people: control characters do nothing to their terminal. */
function shown(path: string): string {
  return oneLine(Buffer.from(path, "latin1").toString());
}
