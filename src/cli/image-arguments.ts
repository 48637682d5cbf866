import { chooseFolders, openFolders } from "../engine/folders.ts";
import { type ImageStore, openImageStore } from "../image/index.ts";
import { HuskError } from "../platform/error.ts";
import { IMAGE_FLAGS } from "./flags/image.ts";
import type { Globals } from "./grammar.ts";
import { parseArguments } from "./parse-arguments.ts";

/** The flags of a command for images by their long names: `true` for switches, else the value. */
export type ImageFlags = Readonly<Record<string, string | undefined>>;

/**
 * Reads the arguments of a command for images.
 *
 * @param count how many there may be: at least, at most
 * @returns undefined if the help was asked for
 */
export function imageArguments(
  name: keyof typeof IMAGE_FLAGS,
  argv: readonly string[],
  from: number,
  globals: Globals,
  [least, most]: readonly [number, number],
): { flags: ImageFlags; words: string[] } | undefined {
  const flags: Record<string, string | undefined> = {};
  const words = parseArguments(
    {
      name,
      flags: IMAGE_FLAGS[name],
      set: (target: Record<string, string | undefined>, flag, value) => {
        target[flag] = value === "false" ? undefined : value;
      },
    },
    argv,
    from,
    flags,
    globals,
  );
  if (globals.help) return undefined;
  if (words.length >= least && words.length <= most) return { flags, words };
  const wanted =
    least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `at least ${least}` : `at most ${most}`;
  throw new HuskError(
    "invalid",
    `husk ${name} takes ${wanted} argument${wanted.endsWith("1") ? "" : "s"}, not ${words.length}`,
    {
      hint: `see 'husk ${name} --help'`,
    },
  );
}

export function imageStore(globals: Globals): ImageStore {
  return openImageStore(openFolders(chooseFolders(globals)).root);
}
