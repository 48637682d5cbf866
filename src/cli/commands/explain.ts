import { prepareContainer } from "../../engine/index.ts";
import { chooseFolders } from "../../engine/folders.ts";
import { findJoins, settleJoins } from "../../engine/joins.ts";
import { withDefaults } from "../../engine/settings/defaults.ts";
import { readSettings } from "../../engine/settings/read-settings.ts";
import { parseRun } from "../flags/run-options.ts";
import { formatPlan } from "../format-plan.ts";
import type { Globals } from "../grammar.ts";
import { shellScript } from "../shell-script.ts";
import { explainByHand } from "./explain-by-hand.ts";
import { printHelp } from "../print-help.ts";
import { printError } from "../stderr.ts";

/** `husk explain`: the plan of a container, without running it. */
export async function explain(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const byHand = await explainByHand(argv, from, globals);
  if (byHand !== undefined) return byHand;
  const request = parseRun("explain", argv, from, globals);
  if (request === undefined) return printHelp(["explain"]);

  const { fromImage } = await import("./run.ts");
  const { options: asked, release } = await fromImage(request, globals);
  release();
  const folders = chooseFolders(globals);
  const options = settleJoins(folders, withDefaults(asked, readSettings()));
  const prepared = await prepareContainer(options, {
    forShell: request.asShell,
    joins: (privileged) => findJoins(folders, options, privileged),
  });
  for (const warning of prepared.warnings) printError(`husk: warning: ${warning}`);
  console.log(
    request.asShell
      ? shellScript(prepared, argv.slice(from)).trimEnd()
      : formatPlan(prepared.planned.plan, undefined, request.format, 1),
  );
  return 0;
}
