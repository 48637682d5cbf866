import { chooseFolders, openFolders } from "../../engine/folders.ts";
import { createVolume } from "../../engine/volume/index.ts";
import { HuskError } from "../../platform/error.ts";
import { volumeArguments } from "../flags/volume.ts";
import type { Globals } from "../grammar.ts";
import { parseLabels } from "../values/label.ts";
import { printHelp } from "./help.ts";

/** `husk volume create [NAME]` */
export async function volumeCreate(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = volumeArguments("create", argv, from, globals, [0, 1]);
  if (given === undefined) return printHelp(["volume", "create"]);
  const driver = given.one("driver") ?? "local";
  if (driver !== "local")
    throw new HuskError("unsupported", `there is no volume driver ${driver}`, {
      hint: "leave --driver out: husk has the driver local",
    });
  const name = given.words[0];
  const { volume } = createVolume(openFolders(chooseFolders(globals)).root, {
    labels: parseLabels("label", given.all("label")),
    options: parseLabels("opt", given.all("opt")),
    // As docker: one that nobody named is of those that prune removes.
    ...(name === undefined ? { anonymous: true } : { name }),
  });
  console.log(volume.name);
  return 0;
}
