import { findId } from "../../engine/container/find.ts";
import { renameContainer } from "../../engine/life/rename.ts";
import { lifeArguments, readyHome } from "../each-container.ts";
import type { Globals } from "../grammar.ts";
import { printHelp } from "../print-help.ts";

/** `husk rename CONTAINER NEW_NAME` */
export async function rename(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = lifeArguments("rename", argv, from, globals, [2, 2]);
  if (given === undefined) return printHelp(["rename"]);
  const [container = "", name = ""] = given.words;
  const home = await readyHome(globals);
  await renameContainer(home, findId(home.folders, container), name.startsWith("/") ? name.slice(1) : name);
  return 0;
}
