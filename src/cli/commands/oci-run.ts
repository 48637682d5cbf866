import type { RunOptions } from "../../engine/index.ts";
import { parseOciRun } from "../flags/oci-run.ts";
import type { Globals } from "../grammar.ts";
import { printHelp } from "./help.ts";
import { runInForeground } from "./run.ts";

/** `husk oci run [OPTIONS] ID`: a bundle in the foreground, as runc and crun run it. */
export async function ociRun(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const wanted = parseOciRun(argv, from, globals);
  if (wanted === undefined) return printHelp(["oci", "run"]);

  const options: RunOptions = {
    source: { kind: "bundle", path: wanted.bundle },
    command: [],
    interactive: true,
  };
  const descriptors = Array.from({ length: wanted.preserveFds }, (_, index) => 3 + index);
  const { pidFile, noPivot, noNewKeyring } = wanted;
  const runtime = { noPivot, noNewKeyring, ...(pidFile === undefined ? {} : { pidFile }) };
  const result = await runInForeground(options, globals, { id: wanted.id, descriptors, runtime });
  return result.exitCode;
}
