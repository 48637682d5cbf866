import { removeContainer } from "../../engine/life/remove.ts";
import { HuskError } from "../../platform/error.ts";
import { eachContainer, lifeArguments, readyHome } from "../each-container.ts";
import { findId } from "../../engine/container/find.ts";
import type { Globals } from "../grammar.ts";
import { isNotFound } from "../is-not-found.ts";
import { reportError } from "../report-error.ts";
import { printHelp } from "../print-help.ts";

/** `husk rm CONTAINER…` */
export async function rm(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = lifeArguments("rm", argv, from, globals, [1, Number.POSITIVE_INFINITY]);
  if (given === undefined) return printHelp(["rm"]);
  if (given.on("link"))
    throw new HuskError("unsupported", "--link: husk has no links between containers", {
      hint: "leave it out",
    });
  const home = await readyHome(globals);
  const force = given.on("force");
  const words = force ? given.words.filter((word) => exists(home.folders, word)) : given.words;
  return eachContainer(home, words, globals, async (id) => {
    try {
      await removeContainer(home, id, { force, volumes: given.on("volumes") });
    } catch (error) {
      if (!force || !isNotFound(error)) throw error;
    }
  });
}

/** With --force what is not there is said, as docker does, and is no failure. */
function exists(folders: Parameters<typeof findId>[0], word: string): boolean {
  try {
    findId(folders, word);
    return true;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    reportError(error, false);
    return false;
  }
}
