import { findId } from "../engine/container/find.ts";
import { openFolders } from "../engine/folders.ts";
import type { Home } from "../engine/home.ts";
import { sweepHome } from "../engine/life/sweep-home.ts";
import { HuskError } from "../platform/error.ts";
import { type CommandArguments, readArguments } from "./command-arguments.ts";
import { LIFE_FLAGS } from "./flags/life.ts";
import type { Globals } from "./grammar.ts";
import { homeOf } from "./home.ts";
import { reportError } from "./report-error.ts";

/** Reads the arguments of a command that changes containers; undefined: its help was asked for. */
export function lifeArguments(
  name: keyof typeof LIFE_FLAGS,
  argv: readonly string[],
  from: number,
  globals: Globals,
  [least, most]: readonly [number, number],
): CommandArguments | undefined {
  return readArguments({ name, flags: LIFE_FLAGS[name], least, most }, argv, from, globals);
}

/** The engine of a command, in order. */
export async function readyHome(globals: Globals): Promise<Home> {
  const home = homeOf(globals);
  openFolders(home.folders);
  await sweepHome(home);
  return home;
}

/**
 * Does something to each container that is named, at the same time as docker does, and says its name when it is done.
 *
 * @param body returns what to print instead of the name, or false for nothing
 * @returns 1 if something failed: the others are done nevertheless
 */
export async function eachContainer(
  home: Home,
  words: readonly string[],
  globals: Globals,
  body: (id: string) => Promise<string | false | void>,
): Promise<number> {
  const results = words.map(async (word) => ({ word, said: await body(findId(home.folders, word)) }));
  let status = 0;
  for (const result of await Promise.allSettled(results)) {
    if (result.status === "rejected") {
      reportError(result.reason, globals.debug);
      status = 1;
    } else if (result.value.said !== false) console.log(result.value.said ?? result.value.word);
  }
  return status;
}

/** Whether an error says that there is no such thing. */
export function isNotFound(error: unknown): boolean {
  return error instanceof HuskError && error.code === "not-found";
}
