import { containerChanges } from "../../engine/changes/index.ts";
import { findTarget } from "../../engine/life/target.ts";
import { ByteOutput } from "../byte-output.ts";
import { readArguments } from "../command-arguments.ts";
import { CHANGE_FLAGS } from "../flags/changes.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { oneLine } from "../stderr.ts";
import { isTerminal } from "../terminal.ts";
import { printHelp } from "../print-help.ts";

/** `husk diff CONTAINER` */
export async function diff(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const shape = { name: "diff", flags: CHANGE_FLAGS.diff, least: 1, most: 1 };
  const given = readArguments(shape, argv, from, globals);
  if (given === undefined) return printHelp(["diff"]);
  const home = homeOf(globals);
  const { record } = findTarget(home, given.words[0] as string);
  const output = new ByteOutput();
  const shown = isTerminal(1) ? forPeople : (path: string): string => path;
  for (const { kind, path } of await containerChanges(home, record.id))
    output.write(1, Buffer.from(`${kind} ${shown(path)}\n`, "latin1"));
  output.flush();
  return 0;
}

/** Names are a stranger's: control characters in them do nothing to a terminal. */
function forPeople(path: string): string {
  return Buffer.from(oneLine(Buffer.from(path, "latin1").toString())).toString("latin1");
}
