import { HuskError } from "../../platform/error.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments } from "../image-arguments.ts";
import { INSPECTORS } from "../inspect/inspectors.ts";
import { inspectThings } from "../inspect/inspect-things.ts";
import { printHelp } from "../print-help.ts";

/** `husk inspect`: everything that is known of containers, images and more, in docker's form. */
export async function inspect(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("inspect", argv, from, globals, [1, Number.POSITIVE_INFINITY]);
  if (given === undefined) return printHelp(["inspect"]);
  const type = given.text("type");
  const kinds = INSPECTORS.map(([kind]) => kind);
  if (type !== undefined && type !== "" && !kinds.includes(type))
    throw new HuskError("invalid", `invalid value "${type}" for --type`, { hint: kinds.join(" or ") });
  return inspectThings(given.words, type || undefined, given.text("format"), {
    globals,
    platform: given.text("platform"),
    size: given.on("size"),
  });
}

/** `husk image inspect`: the same for images only. */
export async function imageInspect(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("image inspect", argv, from, globals, [1, Number.POSITIVE_INFINITY]);
  if (given === undefined) return printHelp(["image", "inspect"]);
  return inspectThings(given.words, "image", given.text("format"), {
    globals,
    platform: given.text("platform"),
  });
}

/** `husk container inspect`: the same for containers only. */
export async function containerInspect(
  argv: readonly string[],
  from: number,
  globals: Globals,
): Promise<number> {
  const given = imageArguments("inspect", argv, from, globals, [1, Number.POSITIVE_INFINITY]);
  if (given === undefined) return printHelp(["inspect"]);
  return inspectThings(given.words, "container", given.text("format"), {
    globals,
    platform: undefined,
    size: given.on("size"),
  });
}
