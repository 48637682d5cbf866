import { pauseContainer } from "../../engine/life/pause.ts";
import { eachContainer, lifeArguments, readyHome } from "../each-container.ts";
import type { Globals } from "../grammar.ts";
import { printHelp } from "../print-help.ts";

/** `husk pause CONTAINER…`: everything in containers stands still until they are unpaused. */
export async function pause(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = lifeArguments("pause", argv, from, globals, [1, Number.POSITIVE_INFINITY]);
  if (given === undefined) return printHelp(["pause"]);
  const home = await readyHome(globals);
  return eachContainer(home, given.words, globals, (id) => pauseContainer(home, id));
}
