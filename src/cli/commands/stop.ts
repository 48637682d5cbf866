import { listContainers } from "../../engine/container/list.ts";
import { isAlive } from "../../engine/container/state.ts";
import { stopContainer, stopForShutdown, type StopOptions } from "../../engine/life/stop.ts";
import { HuskError } from "../../platform/error.ts";
import type { CommandArguments } from "../command-arguments.ts";
import { eachContainer, lifeArguments, readyHome } from "../each-container.ts";
import { parseSeconds } from "../flags/set-life-flag.ts";
import type { Globals } from "../grammar.ts";
import { parseSignal } from "../values/signal.ts";
import { printError } from "../stderr.ts";
import { printHelp } from "../print-help.ts";

/** `husk stop CONTAINER…`, or with --all what runs: asks programs to end, and kills those that take too long. */
export async function stop(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = lifeArguments("stop", argv, from, globals, [0, Number.POSITIVE_INFINITY]);
  if (given === undefined) return printHelp(["stop"]);
  const all = given.on("all");
  if (all !== (given.words.length === 0))
    throw new HuskError("invalid", '"husk stop" requires at least 1 argument, or --all and none', {
      hint: "see 'husk stop --help'",
    });
  const home = await readyHome(globals);
  const options = stopOptions(given);
  if (!all) return eachContainer(home, given.words, globals, (id) => stopContainer(home, id, options));
  const running = listContainers(home.folders, printError).filter(isAlive);
  const names = running.map(({ record }) => record.name);
  return eachContainer(home, names, globals, (id) => stopForShutdown(home, id, options));
}

/** `--signal` and `--timeout` of `stop` and `restart`. */
export function stopOptions(given: CommandArguments): StopOptions {
  const [signal, time] = [given.text("signal"), given.text("timeout") ?? given.text("time")];
  return {
    ...(signal === undefined ? {} : { stopSignal: parseSignal("signal", signal) }),
    ...(time === undefined ? {} : { timeout: parseSeconds("timeout", time) }),
  };
}
