import { chooseFolders } from "../engine/folders.ts";
import type { Home } from "../engine/home.ts";
import type { Globals } from "./grammar.ts";
import { layerWorker } from "./layer-workers.ts";
import { ownPrograms } from "./programs.ts";

/** The engine that the options and the environment name. */
export function homeOf(globals: Globals): Home {
  return { folders: chooseFolders(globals), ...ownPrograms(), layerWorker };
}
