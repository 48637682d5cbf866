import { waitForContainer } from "../../engine/life/wait.ts";
import { eachContainer, lifeArguments, readyHome } from "../each-container.ts";
import type { Globals } from "../grammar.ts";
import { printHelp } from "../print-help.ts";

/** `husk wait CONTAINER…`: prints exit codes as the containers end. */
export async function wait(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = lifeArguments("wait", argv, from, globals, [1, Number.POSITIVE_INFINITY]);
  if (given === undefined) return printHelp(["wait"]);
  const home = await readyHome(globals);
  return eachContainer(home, given.words, globals, async (id) => String(await waitForContainer(home, id)));
}
