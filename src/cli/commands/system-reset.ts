import { reset } from "../../engine/life/reset.ts";
import { confirmed } from "../confirm.ts";
import { lifeArguments, readyHome } from "../each-container.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { printHelp } from "../print-help.ts";

/** `husk system reset`: kills and removes everything of this engine. */
export async function systemReset(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = lifeArguments("system reset", argv, from, globals, [0, 0]);
  if (given === undefined) return printHelp(["system", "reset"]);
  const { root, run } = homeOf(globals).folders;
  const question = `This will remove:
  - all containers, and kill those that run
  - all volumes
  - all images
  - everything else in ${root} and ${run}
`;
  if (!given.on("force") && !(await confirmed(question))) return 0;
  const { containers, volumes } = await reset(await readyHome(globals));
  console.log(`Removed ${containers} containers, ${volumes} volumes and all images of ${root}`);
  return 0;
}
