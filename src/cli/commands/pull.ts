import { pull as pullImage } from "../../engine/image-source.ts";
import { formatReference, parseReference } from "../../image/index.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { imageArguments, wantedPlatform } from "../image-arguments.ts";
import { pullProgress } from "../pull-progress.ts";
import { printHelp } from "./help.ts";

/** `husk pull`: an image comes into the store. Its whole name goes to stdout. */
export async function pull(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("pull", argv, from, globals, [1, 1]);
  if (given === undefined) return printHelp(["pull"]);
  const name = given.words[0] as string;
  await pullImage(homeOf(globals), name, wantedPlatform(given), pullProgress(given.on("quiet")));
  console.log(formatReference(parseReference(name)));
  return 0;
}
