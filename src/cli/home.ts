import { chooseFolders } from "../engine/folders.ts";
import type { Home } from "../engine/home.ts";
import type { Globals } from "./grammar.ts";
import { keeperSource } from "./keeper-source.ts";

/** The engine that the options and the environment name. */
export function homeOf(globals: Globals): Home {
  return { folders: chooseFolders(globals), keeper: keeperSource, husk: ownCommand() };
}

/** How this very husk is started: as an executable, or from source by what runs it. */
function ownCommand(): string[] {
  if (typeof HUSK_KEEPER_DIGEST === "string") return [process.execPath];
  return [process.execPath, process.argv[1] ?? ""];
}
