import { unpauseContainer } from "../../engine/life/pause.ts";
import { eachContainer, lifeArguments, readyHome } from "../each-container.ts";
import type { Globals } from "../grammar.ts";
import { printHelp } from "../print-help.ts";

/** `husk unpause CONTAINER…`: paused containers go on. */
export async function unpause(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = lifeArguments("unpause", argv, from, globals, [1, Number.POSITIVE_INFINITY]);
  if (given === undefined) return printHelp(["unpause"]);
  const home = await readyHome(globals);
  return eachContainer(home, given.words, globals, (id) => unpauseContainer(home, id));
}
