import { openImages } from "../engine/image-context.ts";
import { type ImageStore, hostPlatform, parsePlatform, type Platform } from "../image/index.ts";
import { type CommandArguments, readArguments } from "./command-arguments.ts";
import { IMAGE_FLAGS } from "./flags/image.ts";
import type { Globals } from "./grammar.ts";
import { homeOf } from "./home.ts";

/**
 * Reads the arguments of a command for images.
 *
 * @param count how many words there may be: at least, at most
 * @returns undefined if the help was asked for
 */
export function imageArguments(
  name: keyof typeof IMAGE_FLAGS,
  argv: readonly string[],
  from: number,
  globals: Globals,
  [least, most]: readonly [number, number],
): CommandArguments | undefined {
  return readArguments({ name, flags: IMAGE_FLAGS[name], least, most }, argv, from, globals);
}

/** What `--platform` says. */
export function askedPlatform(given: CommandArguments): Platform | undefined {
  const text = given.text("platform");
  return text === undefined ? undefined : parsePlatform(text);
}

/** What `--platform` says; else this machine's. */
export function wantedPlatform(given: CommandArguments): Platform {
  return askedPlatform(given) ?? hostPlatform();
}

export function imageStore(globals: Globals): ImageStore {
  return openImages(homeOf(globals));
}
