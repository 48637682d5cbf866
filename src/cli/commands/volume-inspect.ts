import { readArguments } from "../command-arguments.ts";
import { VOLUME_FLAGS } from "../flags/volume.ts";
import type { Globals } from "../grammar.ts";
import { inspectThings } from "../inspect/inspect-things.ts";
import { printHelp } from "../print-help.ts";

/** `husk volume inspect VOLUME…` */
export async function volumeInspect(
  argv: readonly string[],
  from: number,
  globals: Globals,
): Promise<number> {
  const shape = { name: "volume inspect", flags: VOLUME_FLAGS.inspect, least: 1 };
  const given = readArguments(shape, argv, from, globals);
  if (given === undefined) return printHelp(["volume", "inspect"]);
  return inspectThings(given.words, "volume", given.text("format"), { globals, platform: undefined });
}
