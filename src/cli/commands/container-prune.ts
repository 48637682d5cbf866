import { confirmed } from "../confirm.ts";
import type { Home } from "../../engine/home.ts";
import { pruneContainers } from "../../engine/life/prune.ts";
import { lifeArguments, readyHome } from "../each-container.ts";
import { humanSize } from "../format/index.ts";
import type { Globals } from "../grammar.ts";
import { type Filters, labelsMatch, parseFilters } from "../values/filter.ts";
import { parseMoment } from "../values/moment.ts";
import { printHelp } from "../print-help.ts";

/** `husk container prune`: removes the containers that do not run. */
export async function containerPrune(
  argv: readonly string[],
  from: number,
  globals: Globals,
): Promise<number> {
  const given = lifeArguments("container prune", argv, from, globals, [0, 0]);
  if (given === undefined) return printHelp(["container", "prune"]);
  const filters = parseFilters(given.list("filter"), CONTAINER_PRUNE_FILTERS);
  if (!given.on("force") && !(await confirmed("This will remove all stopped containers."))) return 0;
  const bytes = await deleteContainers(await readyHome(globals), filters);
  console.log(`Total reclaimed space: ${humanSize(bytes)}`);
  return 0;
}

export const CONTAINER_PRUNE_FILTERS = ["label", "label!", "until"];

/** Removes those that do not run, says which, and returns how many bytes that gave back. */
export async function deleteContainers(home: Home, filters: Filters): Promise<number> {
  const until = filters.get("until")?.map((text) => Number(parseMoment("filter", text) / 1_000_000n));
  const { ids, bytes } = await pruneContainers(
    home,
    ({ record }) =>
      labelsMatch(filters, record.options.labels ?? {}) &&
      (until === undefined || until.every((moment) => record.created < moment)),
  );
  if (ids.length > 0) console.log(`Deleted Containers:\n${ids.join("\n")}\n`);
  return bytes;
}
