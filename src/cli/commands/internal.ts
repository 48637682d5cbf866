import { openFolders } from "../../engine/folders.ts";
import { internal as perform } from "../../engine/life/internal.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";

/** `husk internal restart|finish|health ID`: what keepers start when nobody is there. */
export async function internal(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const home = homeOf(globals);
  openFolders(home.folders);
  return perform(home, argv[from] ?? "", argv[from + 1] ?? "", argv.slice(from + 2));
}
