import { openFolders } from "../../engine/folders.ts";
import { pruneVolumes } from "../../engine/volume/index.ts";
import type { Home } from "../../engine/home.ts";
import { confirmed } from "../confirm.ts";
import { readArguments } from "../command-arguments.ts";
import { VOLUME_FLAGS } from "../flags/volume.ts";
import { humanSize } from "../format/index.ts";
import type { Globals } from "../grammar.ts";
import { homeOf } from "../home.ts";
import { type Filters, labelsMatch, parseFilters, switchFilter } from "../values/filter.ts";
import { printHelp } from "../print-help.ts";

/** `husk volume prune`: removes volumes no container uses; those with names only with --all. */
export async function volumePrune(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = readArguments(
    { name: "volume prune", flags: VOLUME_FLAGS.prune, most: 0 },
    argv,
    from,
    globals,
  );
  if (given === undefined) return printHelp(["volume", "prune"]);
  const home = homeOf(globals);
  openFolders(home.folders);
  const filters = parseFilters(given.list("filter"), ["all", "label", "label!"]);
  const all = given.on("all") || switchFilter(filters, "all") === true;
  const which = all
    ? "all volumes not used by at least one container"
    : "anonymous volumes not used by at least one container";
  if (!given.on("force") && !(await confirmed(`This will remove ${which}.`))) return 0;
  const bytes = await deleteVolumes(home, all, filters);
  console.log(`Total reclaimed space: ${humanSize(bytes)}`);
  return 0;
}

/** Removes unused volumes, says which, and returns how many bytes that gave back. */
export async function deleteVolumes(home: Home, all: boolean, filters: Filters): Promise<number> {
  const { removed, bytes } = await pruneVolumes(home, all, ({ labels }) => labelsMatch(filters, labels));
  if (removed.length > 0) console.log(`Deleted Volumes:\n${removed.join("\n")}\n`);
  return bytes;
}
