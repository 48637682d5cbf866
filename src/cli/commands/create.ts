import { createContainer } from "../../engine/life/create.ts";
import { beginCidfile } from "../cidfile.ts";
import { parseRun } from "../flags/run-options.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { oneLine, printError } from "../stderr.ts";
import { ofFlags } from "../usage-error.ts";
import { printHelp } from "../print-help.ts";
import { fromImage } from "./run.ts";

/** `husk create`: a container that is not started. Its id goes to stdout. */
export async function create(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const request = ofFlags(() => parseRun("create", argv, from, globals));
  if (request === undefined) return printHelp(["create"]);
  const cidfile = request.cidfile === undefined ? undefined : beginCidfile(request.cidfile);
  try {
    const { options, release } = await fromImage(request, globals);
    try {
      const inputOnce = options.interactive === true;
      const { record, warnings } = await createContainer(homeOf(globals), options, { inputOnce });
      for (const warning of warnings) printError(oneLine(`husk: warning: ${warning}`));
      cidfile?.write(record.id);
      console.log(record.id);
    } finally {
      release();
    }
    return 0;
  } finally {
    cidfile?.close();
  }
}
