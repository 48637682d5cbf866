import { chooseFolders, openFolders } from "../../engine/folders.ts";
import { imageUse } from "../../engine/image-users.ts";
import { collectGarbage, type Removed, removeImage } from "../../image/index.ts";
import type { Globals } from "../grammar.ts";
import { askedPlatform, imageArguments, imageStore } from "../image-arguments.ts";
import { isNotFound } from "../is-not-found.ts";
import { reportError } from "../report-error.ts";
import { printHelp } from "../print-help.ts";

/** `husk rmi`: takes names away, and removes images that have none any more. */
export async function rmi(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("rmi", argv, from, globals, [1, Number.POSITIVE_INFINITY]);
  if (given === undefined) return printHelp(["rmi"]);
  const { words } = given;
  const force = given.on("force");
  const platform = askedPlatform(given);
  const folders = openFolders(chooseFolders(globals));
  const store = imageStore(globals);
  const { users, layers: keepLayers } = imageUse(folders);
  let status = 0;
  for (const word of words) {
    try {
      printRemoved(await removeImage(store, word, { force, users, ...(platform && { platform }) }));
    } catch (error) {
      reportError(error, globals.debug);
      // With --force what is not there is said, as docker does, and is no failure.
      if (!force || !isNotFound(error)) status = 1;
    }
  }
  const { layers } = await collectGarbage(store, keepLayers);
  for (const diffId of layers) console.log(`Deleted: ${diffId}`);
  return status;
}

export function printRemoved({ untagged, deleted }: Removed): void {
  for (const name of untagged) console.log(`Untagged: ${name}`);
  if (deleted !== undefined) console.log(`Deleted: ${deleted}`);
}
