import { containerTop } from "../../engine/processes/container-top.ts";
import { processWatch } from "../../engine/processes/watch.ts";
import { findId } from "../../engine/container/find.ts";
import { print } from "../byte-output.ts";
import { readArguments } from "../command-arguments.ts";
import { CONTAINER_FLAGS } from "../flags/container.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { isTerminal } from "../terminal.ts";
import { parseChoice } from "../values/choice.ts";
import { printHelp } from "../print-help.ts";

/** How long is measured for a single look. */
const ONCE_MILLISECONDS = 500;
/** docker's columns are at least so wide, and have so much space between them. */
const LEAST_WIDTH = 20;
const SPACE = 3;

/** `husk top CONTAINER [PS OPTIONS]`, or `husk top` alone: the processes of all containers. */
export async function top(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const shape = { name: "top", flags: CONTAINER_FLAGS.top, flagsFirst: true };
  const given = readArguments(shape, argv, from, globals);
  if (given === undefined) return printHelp(["top"]);
  const home = homeOf(globals);
  const [container, ...options] = given.words;
  if (container !== undefined) {
    const { titles, rows } = containerTop(home, findId(home.folders, container), options);
    print(`${layOut([titles, ...rows])}\n`);
    return 0;
  }
  const look = processWatch(home);
  const format = parseChoice("format", given.text("format") ?? "text", ["text", "json"]);
  look();
  if (format === "text" && isTerminal(0) && isTerminal(1)) {
    const { fullScreen } = await import("../top/full-screen.ts");
    await fullScreen(look);
    return 0;
  }
  await new Promise((resolve) => setTimeout(resolve, ONCE_MILLISECONDS));
  print(`${JSON.stringify(look(), undefined, 2)}\n`);
  return 0;
}

function layOut(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries())
      widths[i] = Math.max(widths[i] ?? LEAST_WIDTH, cell.length + SPACE);
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i + 1 === row.length ? cell : cell.padEnd(widths[i] as number))).join("");
  return rows.map(line).join("\n");
}
