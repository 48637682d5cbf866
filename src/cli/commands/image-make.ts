import { imageContext } from "../../engine/image-context.ts";
import { makeProgramImage, USUAL_PATH } from "../../engine/program-image.ts";
import { formatReference, parseReference } from "../../image/index.ts";
import { imageSize } from "../format/index.ts";
import { parseImageMake } from "../flags/image-make.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { sourceDateEpoch } from "../source-date-epoch.ts";
import { oneLine, printError } from "../stderr.ts";
import { printHelp } from "../print-help.ts";

/** `husk image make`: an image of programs of this machine. Its whole name goes to stdout. */
export async function imageMake(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const asked = parseImageMake(argv, from, globals);
  if (asked === undefined) return printHelp(["image", "make"]);
  const { name, quiet, ...wanted } = asked;
  const reference = parseReference(name);
  const warn = (message: string): void => printError(oneLine(`husk: warning: ${message}`));
  const epoch = sourceDateEpoch();
  const path = wanted.from === "/" ? (process.env["PATH"] ?? USUAL_PATH) : USUAL_PATH;
  const { digest, layers, jail } = await makeProgramImage(imageContext(homeOf(globals), warn), {
    ...wanted,
    reference,
    searchPath: path.split(":").filter((folder) => folder !== ""),
    ...(epoch === undefined ? {} : { epoch }),
  });
  for (const note of jail.notes) warn(note);
  if (!quiet) {
    const bytes = layers.reduce((sum, { size }) => sum + size, 0);
    printError(`${jail.needs.length} files, ${imageSize(bytes)}`);
    printError(`Digest: ${digest}`);
  }
  console.log(formatReference(reference));
  return 0;
}
