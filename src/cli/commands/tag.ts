import { findByNameOrId, hostPlatform, nameImage, parseReference } from "../../image/index.ts";
import { HuskError } from "../../platform/error.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments, imageStore } from "../image-arguments.ts";
import { printHelp } from "./help.ts";

/** `husk tag`: a further name for an image. */
export async function tag(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("tag", argv, from, globals, [2, 2]);
  if (given === undefined) return printHelp(["tag"]);
  const [source = "", target = ""] = given.words;
  const store = imageStore(globals);
  const reference = parseReference(target);
  if (reference.digest !== undefined)
    throw new HuskError("invalid", `${target}: a digest cannot be given, it is what the image is`, {
      hint: "leave out what begins with @",
    });
  await nameImage(store, reference, findByNameOrId(store, source, hostPlatform()).top);
  return 0;
}
