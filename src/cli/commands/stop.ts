import { stopContainer, type StopOptions } from "../../engine/life/stop.ts";
import type { CommandArguments } from "../command-arguments.ts";
import { eachContainer, lifeArguments, readyHome } from "../each-container.ts";
import { parseSeconds } from "../flags/set-life-flag.ts";
import type { Globals } from "../grammar.ts";
import { parseSignal } from "../values/signal.ts";
import { printHelp } from "./help.ts";

/** `husk stop CONTAINER…`: asks programs to end, and kills those that take too long. */
export async function stop(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = lifeArguments("stop", argv, from, globals, [1, Number.POSITIVE_INFINITY]);
  if (given === undefined) return printHelp(["stop"]);
  const home = await readyHome(globals);
  const options = stopOptions(given);
  return eachContainer(home, given.words, globals, (id) => stopContainer(home, id, options));
}

/** `--signal` and `--timeout` of `stop` and `restart`. */
export function stopOptions(given: CommandArguments): StopOptions {
  const [signal, time] = [given.text("signal"), given.text("timeout") ?? given.text("time")];
  return {
    ...(signal === undefined ? {} : { stopSignal: parseSignal("signal", signal) }),
    ...(time === undefined ? {} : { timeout: parseSeconds("timeout", time) }),
  };
}
