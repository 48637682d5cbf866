import { saveImages, saveImagesInFolder, type SaveOptions } from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments, imageStore, wantedPlatform } from "../image-arguments.ts";
import { notForTerminals } from "../not-for-terminals.ts";
import { oneLine, printError } from "../stderr.ts";
import { isTerminal } from "../terminal.ts";
import { parseChoice } from "../values/choice.ts";
import { writeOutput } from "../write-output.ts";
import { printHelp } from "../print-help.ts";

/** `husk save`: images as one archive, or a folder. */
export async function save(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("save", argv, from, globals, [1, Number.POSITIVE_INFINITY]);
  if (given === undefined) return printHelp(["save"]);
  const { words } = given;
  const format = parseChoice("format", given.text("format") ?? "docker-archive", [
    "docker-archive",
    "oci-archive",
    "oci-dir",
  ]);
  const output = given.path("output");
  const platform = wantedPlatform(given);
  const options: SaveOptions = {
    form: format === "docker-archive" ? "docker" : "oci",
    platform,
    ...(given.has("platform") ? { only: platform } : {}),
    warn: (message) => printError(oneLine(`husk: warning: ${message}`)),
  };
  if (format === "oci-dir") {
    if (output === undefined)
      throw new HuskError("invalid", "husk save --format oci-dir: the folder is missing", {
        hint: "name it with -o DIR",
      });
    await saveImagesInFolder(imageStore(globals), words, output, options);
    return 0;
  }
  if (output === undefined && isTerminal(1)) throw notForTerminals("save");
  await writeOutput(saveImages(imageStore(globals), words, options), output);
  return 0;
}
