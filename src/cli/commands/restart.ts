import { restartContainer } from "../../engine/life/restart.ts";
import { eachContainer, lifeArguments, readyHome } from "../each-container.ts";
import type { Globals } from "../grammar.ts";
import { printHelp } from "../print-help.ts";
import { stopOptions } from "./stop.ts";

/** `husk restart CONTAINER…` */
export async function restart(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = lifeArguments("restart", argv, from, globals, [1, Number.POSITIVE_INFINITY]);
  if (given === undefined) return printHelp(["restart"]);
  const home = await readyHome(globals);
  const options = stopOptions(given);
  return eachContainer(home, given.words, globals, async (id) => {
    await restartContainer(home, id, options);
  });
}
