import { exportContainer } from "../../engine/copy/index.ts";
import { findTarget } from "../../engine/life/target.ts";
import { readArguments } from "../command-arguments.ts";
import { CHANGE_FLAGS } from "../flags/changes.ts";
import { notForTerminals } from "../not-for-terminals.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { isTerminal } from "../terminal.ts";
import { writeOutput } from "../write-output.ts";
import { printHelp } from "../print-help.ts";

/** `husk export [-o FILE] CONTAINER` */
export async function exportCommand(
  argv: readonly string[],
  from: number,
  globals: Globals,
): Promise<number> {
  const shape = { name: "export", flags: CHANGE_FLAGS.export, least: 1, most: 1 };
  const given = readArguments(shape, argv, from, globals);
  if (given === undefined) return printHelp(["export"]);
  const home = homeOf(globals);
  const { record } = findTarget(home, given.words[0] as string);
  const output = given.path("output");
  if (output === undefined && isTerminal(1)) throw notForTerminals("export");
  await exportContainer(home, record.id, (archive) => writeOutput(archive, output));
  return 0;
}
