import { openFolders } from "../../engine/folders.ts";
import { deleteVolume } from "../../engine/volume/index.ts";
import { readArguments } from "../command-arguments.ts";
import { VOLUME_FLAGS } from "../flags/volume.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { isNotFound } from "../is-not-found.ts";
import { reportError } from "../report-error.ts";
import { printHelp } from "../print-help.ts";

/** `husk volume rm VOLUME…`: each that can be removed is, and said. */
export async function volumeRm(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = readArguments({ name: "volume rm", flags: VOLUME_FLAGS.rm, least: 1 }, argv, from, globals);
  if (given === undefined) return printHelp(["volume", "rm"]);
  const home = homeOf(globals);
  openFolders(home.folders);
  let status = 0;
  for (const name of given.words) {
    try {
      await deleteVolume(home, name);
    } catch (error) {
      if (!(given.on("force") && isNotFound(error))) {
        reportError(error, globals.debug);
        status = 1;
        continue;
      }
    }
    console.log(name);
  }
  return status;
}
