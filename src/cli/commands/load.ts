import { statSync } from "node:fs";
import { imageContext } from "../../engine/image-context.ts";
import { familiarReference, loadImages, parseReference } from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import { humanSize } from "../format/units.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments, wantedPlatform } from "../image-arguments.ts";
import { homeOf } from "../home.ts";
import { type LayerLine, layerLines } from "../layer-lines.ts";
import { readInput } from "../../platform/read-pieces.ts";
import { oneLine, printError } from "../stderr.ts";
import { isTerminal } from "../terminal.ts";
import { hostPath } from "../values/path.ts";
import { printHelp } from "../print-help.ts";

const LOADED: LayerLine = { word: "Loaded", stage: "done" };

/** `husk load`: brings the images of an archive into the store. */
export async function load(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("load", argv, from, globals, [0, 0]);
  if (given === undefined) return printHelp(["load"]);
  const input = given.text("input") ?? "-";
  if (input === "-" && isTerminal(0))
    throw new HuskError("invalid", "husk load reads an archive, and stdin is a terminal", {
      hint: "name a file or folder with -i, or redirect the input",
    });
  const path = input === "-" ? input : hostPath("input", input);
  const isFolder = input !== "-" && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const context = imageContext(homeOf(globals), (message) =>
    printError(oneLine(`husk: warning: ${message}`)),
  );
  const show = given.on("quiet") ? undefined : layerLines();
  const loaded = await loadImages(context, isFolder ? { folder: path } : readInput(path), {
    ...(given.has("platform") ? { platform: wantedPlatform(given) } : {}),
    progress: (diffId, size, isDone) =>
      show?.(diffId, isDone ? LOADED : { word: `Extracting ${humanSize(size)}`, stage: "active" }),
  });
  for (const { names, id } of loaded) {
    for (const name of names) console.log(`Loaded image: ${familiarReference(parseReference(name))}`);
    if (names.length === 0) console.log(`Loaded image ID: ${id}`);
  }
  return 0;
}
