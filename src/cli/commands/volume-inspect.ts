import { chooseFolders, openFolders } from "../../engine/folders.ts";
import { getVolume } from "../../engine/volume/index.ts";
import { readArguments } from "../command-arguments.ts";
import { VOLUME_FLAGS } from "../flags/volume.ts";
import { formatInspected } from "../format/index.ts";
import type { Globals } from "../grammar.ts";
import { reportError } from "../report-error.ts";
import { inspectVolume } from "../../engine/volume/inspect.ts";
import { printHelp } from "./help.ts";

/** `husk volume inspect VOLUME…`: what is found is shown, even if others are not. */
export async function volumeInspect(
  argv: readonly string[],
  from: number,
  globals: Globals,
): Promise<number> {
  const given = readArguments(
    { name: "volume inspect", flags: VOLUME_FLAGS.inspect, least: 1 },
    argv,
    from,
    globals,
  );
  if (given === undefined) return printHelp(["volume", "inspect"]);
  const { root } = openFolders(chooseFolders(globals));
  const found: object[] = [];
  let failed: unknown;
  for (const name of given.words) {
    try {
      found.push(inspectVolume(getVolume(root, name)));
    } catch (error) {
      failed ??= error;
    }
  }
  process.stdout.write(formatInspected(found, given.text("format"), "volume"));
  if (failed === undefined) return 0;
  reportError(failed, globals.debug);
  return 1;
}
