import { HuskError } from "../../platform/error.ts";
import { confirmed } from "../confirm.ts";
import { lifeArguments, readyHome } from "../each-container.ts";
import { humanSize } from "../format/index.ts";
import type { Globals } from "../grammar.ts";
import { type Filters, parseFilters } from "../values/filter.ts";
import { CONTAINER_PRUNE_FILTERS, deleteContainers } from "./container-prune.ts";
import { printHelp } from "../print-help.ts";
import { deleteImages } from "./image-prune.ts";
import { deleteVolumes } from "./volume-prune.ts";

/** `husk system prune`: removes what is not in use. */
export async function systemPrune(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = lifeArguments("system prune", argv, from, globals, [0, 0]);
  if (given === undefined) return printHelp(["system", "prune"]);
  const texts = given.list("filter");
  const filters = parseFilters(texts, CONTAINER_PRUNE_FILTERS);
  const [all, volumes] = [given.on("all"), given.on("volumes")];
  if (volumes && filters.has("until"))
    throw new HuskError("invalid", 'the "until" filter is not supported with "--volumes"', {
      hint: "leave out one of the two",
    });
  if (!given.on("force") && !(await confirmed(warning(all, volumes, texts)))) return 0;
  const home = await readyHome(globals);
  let bytes = await deleteContainers(home, filters);
  if (volumes) bytes += await deleteVolumes(home, false, withoutMoment(filters));
  bytes += await deleteImages(globals, all, filters);
  console.log(`Total reclaimed space: ${humanSize(bytes)}`);
  return 0;
}

function warning(all: boolean, volumes: boolean, filters: readonly string[]): string {
  const things = [
    "all stopped containers",
    ...(volumes ? ["anonymous volumes not used by at least one container"] : []),
    all ? "all images without at least one container associated to them" : "all dangling images",
  ];
  const only =
    filters.length === 0
      ? ""
      : `\n  Items to be pruned will be filtered with:\n  - ${filters.join("\n  - ")}\n`;
  return `This will remove:\n  - ${things.join("\n  - ")}\n${only}`;
}

function withoutMoment(filters: Filters): Filters {
  return new Map([...filters].filter(([key]) => key !== "until"));
}
