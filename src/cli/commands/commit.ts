import { commitContainer } from "../../engine/copy/index.ts";
import { findTarget } from "../../engine/life/target.ts";
import { readArguments } from "../command-arguments.ts";
import { CHANGE_FLAGS } from "../flags/changes.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { oneLine, printError } from "../stderr.ts";
import { printHelp } from "../print-help.ts";

/** `husk commit CONTAINER [REPOSITORY[:TAG]]`: prints the image's id. */
export async function commit(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const shape = { name: "commit", flags: CHANGE_FLAGS.commit, least: 1, most: 2 };
  const given = readArguments(shape, argv, from, globals);
  if (given === undefined) return printHelp(["commit"]);
  const [container = "", name] = given.words;
  const home = homeOf(globals);
  const { record } = findTarget(home, container);
  const warn = (message: string): void => printError(oneLine(`husk: warning: ${message}`));
  if (given.has("pause") && !given.on("pause"))
    warn("a running container is frozen all the same: its files may not change while they are read");
  const [author, message] = [given.text("author"), given.text("message")];
  const { id } = await commitContainer(home, record.id, {
    changes: given.list("change"),
    warn,
    ...(name === undefined ? {} : { name }),
    ...(author === undefined ? {} : { author }),
    ...(message === undefined ? {} : { message }),
  });
  console.log(id);
  return 0;
}
