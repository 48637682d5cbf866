import { findId } from "../engine/container/find.ts";
import { openFolders } from "../engine/folders.ts";
import type { Home } from "../engine/home.ts";
import { sweepHome } from "../engine/life/sweep-home.ts";
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
 * Does something to each container that is named, at the same time as docker does, and says its name when it is done:
 * in the order of the words, and each as soon as it is known.
 *
 * @param body returns what to print instead of the name
 * @returns 1 if something failed: the others are done nevertheless
 */
export async function eachContainer(
  home: Home,
  words: readonly string[],
  globals: Globals,
  body: (id: string) => Promise<string | void>,
): Promise<number> {
  const act = async (word: string): Promise<{ said: string } | { error: unknown }> => {
    try {
      return { said: (await body(findId(home.folders, word))) ?? word };
    } catch (error) {
      return { error };
    }
  };
  let status = 0;
  for (const outcome of words.map(act)) {
    const done = await outcome;
    if ("said" in done) console.log(done.said);
    else {
      reportError(done.error, globals.debug);
      status = 1;
    }
  }
  return status;
}
