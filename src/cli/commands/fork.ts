import { forkContainer } from "../../engine/fork/index.ts";
import { findTarget } from "../../engine/life/target.ts";
import { readArguments } from "../command-arguments.ts";
import { CHANGE_FLAGS } from "../flags/changes.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { printHelp } from "../print-help.ts";

/** `husk fork CONTAINER [NEW_NAME]`: prints the new container's id. */
export async function fork(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const shape = { name: "fork", flags: CHANGE_FLAGS.fork, least: 1, most: 2 };
  const given = readArguments(shape, argv, from, globals);
  if (given === undefined) return printHelp(["fork"]);
  const [first = "", name] = given.words;
  const home = homeOf(globals);
  const { record } = findTarget(home, first);
  const { id } = await forkContainer(home, record.id, name === undefined ? {} : { name });
  console.log(id);
  return 0;
}
