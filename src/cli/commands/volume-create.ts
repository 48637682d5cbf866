import { chooseFolders, openFolders } from "../../engine/folders.ts";
import { createVolume } from "../../engine/volume/index.ts";
import { HuskError } from "../../platform/error.ts";
import { readArguments } from "../command-arguments.ts";
import { VOLUME_FLAGS } from "../flags/volume.ts";
import type { Globals } from "../grammar.ts";
import { parseLabels } from "../values/label.ts";
import { printHelp } from "../print-help.ts";

/** `husk volume create [NAME]` */
export async function volumeCreate(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = readArguments(
    { name: "volume create", flags: VOLUME_FLAGS.create, most: 1 },
    argv,
    from,
    globals,
  );
  if (given === undefined) return printHelp(["volume", "create"]);
  const driver = given.text("driver") ?? "local";
  if (driver !== "local")
    throw new HuskError("unsupported", `there is no volume driver ${driver}`, {
      hint: "leave --driver out: husk has the driver local",
    });
  const name = given.words[0];
  const { volume } = createVolume(openFolders(chooseFolders(globals)), {
    labels: parseLabels("label", given.list("label")),
    options: parseLabels("opt", given.list("opt")),
    // As docker: one that nobody named is of those that prune removes.
    ...(name === undefined ? { anonymous: true } : { name }),
  });
  console.log(volume.name);
  return 0;
}
