import { imageContext } from "../../engine/image-context.ts";
import { importImage, parseTag } from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments, wantedPlatform } from "../image-arguments.ts";
import { homeOf } from "../home.ts";
import { readAddress, readInput } from "../../platform/read-pieces.ts";
import { oneLine, printError } from "../stderr.ts";
import { isTerminal } from "../terminal.ts";
import { hostPath } from "../values/path.ts";
import { printHelp } from "../print-help.ts";

/** `husk import`: an image of a root file system's archive. Its id goes to stdout. */
export async function importArchive(
  argv: readonly string[],
  from: number,
  globals: Globals,
): Promise<number> {
  const given = imageArguments("import", argv, from, globals, [1, 2]);
  if (given === undefined) return printHelp(["import"]);
  const { words } = given;
  const [source = "-", name] = words;
  if (source === "-" && isTerminal(0))
    throw new HuskError("invalid", "husk import - reads an archive, and stdin is a terminal", {
      hint: "name a file, or redirect the input",
    });
  const reference = name === undefined ? undefined : parseTag(name);
  const isAddress = /^https?:\/\//.test(source);
  const archive = isAddress
    ? readAddress(source)
    : readInput(source === "-" ? source : hostPath("file", source));
  const context = imageContext(homeOf(globals), (message) =>
    printError(oneLine(`husk: warning: ${message}`)),
  );
  const { id } = await importImage(context, archive, {
    platform: wantedPlatform(given),
    changes: given.list("change"),
    message: given.text("message") ?? `Imported from ${source}`,
    ...(reference === undefined ? {} : { reference }),
  });
  console.log(id);
  return 0;
}
