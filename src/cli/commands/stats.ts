import { findId } from "../../engine/container/find.ts";
import { type ContainerUsage, watchUsage } from "../../engine/usage/watch.ts";
import { print } from "../byte-output.ts";
import { readArguments } from "../command-arguments.ts";
import { USAGE_LIST, usageRow } from "../containers/usage-row.ts";
import { CONTAINER_FLAGS } from "../flags/container.ts";
import { layOutList } from "../format/index.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { isTerminal } from "../terminal.ts";
import { printHelp } from "../print-help.ts";

/** How often a table in a terminal is renewed, and how long a single one measures. */
const LIVE_MILLISECONDS = 500;
const ONCE_MILLISECONDS = 1000;

const HOME = "\u001b[H";
const CLEAR = "\u001b[H\u001b[2J";
const TO_LINE_END = "\u001b[K";
const TO_SCREEN_END = "\u001b[J";

/** `husk stats`: what containers use, as a table that is renewed. */
export async function stats(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = readArguments({ name: "stats", flags: CONTAINER_FLAGS.stats }, argv, from, globals);
  if (given === undefined) return printHelp(["stats"]);
  const home = homeOf(globals);
  const layout = layOutList(USAGE_LIST, given.text("format"));
  const once = given.on("no-stream");
  const isLive = !once && isTerminal(1) && layout.head !== undefined;
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => abort.abort());
  const usages = watchUsage(home, {
    containers: given.words.map((name) => findId(home.folders, name)),
    all: given.on("all"),
    interval: isLive ? LIVE_MILLISECONDS : ONCE_MILLISECONDS,
    signal: abort.signal,
  });
  const lines = (all: readonly ContainerUsage[]): string =>
    layout.whole(all.map((one) => usageRow(one, given.on("no-trunc"))));
  if (isLive) print(CLEAR);
  for await (const all of usages) {
    const text = lines(all);
    print(isLive ? `${HOME}${text.replaceAll("\n", `${TO_LINE_END}\n`)}${TO_SCREEN_END}` : text);
    if (once) break;
  }
  return 0;
}
