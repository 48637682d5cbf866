import { chooseFolders } from "../../engine/folders.ts";
import { pull as pullImage } from "../../engine/image-source.ts";
import { formatReference, hostPlatform, parsePlatform, parseReference } from "../../image/index.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments } from "../image-arguments.ts";
import { keeperSource } from "../keeper-source.ts";
import { pullProgress } from "../pull-progress.ts";
import { printHelp } from "./help.ts";

/** `husk pull`: an image comes into the store. Its whole name goes to stdout. */
export async function pull(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const read = imageArguments("pull", argv, from, globals, [1, 1]);
  if (read === undefined) return printHelp(["pull"]);
  const name = read.words[0] as string;
  const { platform, quiet } = read.flags;
  const engine = { folders: chooseFolders(globals), keeper: keeperSource };
  const wanted = platform === undefined ? hostPlatform() : parsePlatform(platform);
  await pullImage(engine, name, wanted, pullProgress(quiet !== undefined));
  console.log(formatReference(parseReference(name)));
  return 0;
}
