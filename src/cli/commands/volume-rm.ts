import { chooseFolders, openFolders } from "../../engine/folders.ts";
import { deleteVolume } from "../../engine/volume/index.ts";
import { HuskError } from "../../platform/error.ts";
import { volumeArguments } from "../flags/volume.ts";
import type { Globals } from "../grammar.ts";
import { reportError } from "../report-error.ts";
import { printHelp } from "./help.ts";

/** `husk volume rm VOLUME…`: each that can be removed is, and said. */
export async function volumeRm(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = volumeArguments("rm", argv, from, globals, [1, Number.POSITIVE_INFINITY]);
  if (given === undefined) return printHelp(["volume", "rm"]);
  const folders = openFolders(chooseFolders(globals));
  let status = 0;
  for (const name of given.words) {
    try {
      deleteVolume(folders, name);
    } catch (error) {
      if (!(given.has("force") && error instanceof HuskError && error.code === "not-found")) {
        reportError(error, globals.debug);
        status = 1;
        continue;
      }
    }
    console.log(name);
  }
  return status;
}
