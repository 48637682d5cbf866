import { findByNameOrId, parseTag, tagImage } from "../../image/index.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments, imageStore } from "../image-arguments.ts";
import { printHelp } from "../print-help.ts";

/** `husk tag`: a further name for an image. */
export async function tag(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("tag", argv, from, globals, [2, 2]);
  if (given === undefined) return printHelp(["tag"]);
  const [source = "", target = ""] = given.words;
  const store = imageStore(globals);
  await tagImage(store, findByNameOrId(store, source), parseTag(target));
  return 0;
}
