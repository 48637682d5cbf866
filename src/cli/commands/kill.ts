import { killContainer } from "../../engine/life/kill.ts";
import { HuskError } from "../../platform/error.ts";
import { signalNumber } from "../../platform/signal.ts";
import { eachContainer, lifeArguments, readyHome } from "../each-container.ts";
import type { Globals } from "../grammar.ts";
import { printHelp } from "../print-help.ts";

/** `husk kill CONTAINER…`: sends a signal to first processes. */
export async function kill(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = lifeArguments("kill", argv, from, globals, [1, Number.POSITIVE_INFINITY]);
  if (given === undefined) return printHelp(["kill"]);
  const name = given.text("signal") ?? "KILL";
  const signal = signalNumber(name);
  if (signal === undefined) throw new HuskError("invalid", `Invalid signal: ${name}`);
  const home = await readyHome(globals);
  return eachContainer(home, given.words, globals, (id) => killContainer(home, id, signal));
}
