import { registryContext } from "../../engine/registry-context.ts";
import {
  familiarName,
  type FoundRepository,
  listTags,
  parseReference,
  searchRepositories,
} from "../../image/index.ts";
import { print } from "../byte-output.ts";
import { ellipsis, layOutList, type List } from "../format/index.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments } from "../image-arguments.ts";
import { oneLine } from "../stderr.ts";
import { type Filters, switchFilter, parseFilters } from "../values/filter.ts";
import { invalidValue } from "../values/invalid.ts";
import { printHelp } from "../print-help.ts";

const REPOSITORIES: List = {
  type: "repository",
  titles: {
    Name: "NAME",
    Description: "DESCRIPTION",
    StarCount: "STARS",
    IsOfficial: "OFFICIAL",
    IsAutomated: "AUTOMATED",
  },
  table: "table {{.Name}}\\t{{.Description}}\\t{{.StarCount}}\\t{{.IsOfficial}}",
};

const TAGS: List = {
  type: "tag",
  titles: { Name: "NAME", Tag: "TAG" },
  table: "table {{.Name}}\\t{{.Tag}}",
};

const DESCRIPTION_WIDTH = 45;
const MOST = 100;

/** `husk search`: repositories of docker's hub or another registry, or the tags of one. */
export async function search(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("search", argv, from, globals, [1, 1]);
  if (given === undefined) return printHelp(["search"]);
  const { words } = given;
  const term = words[0] as string;
  const { rules, session } = registryContext();
  if (given.on("list-tags")) {
    const layout = layOutList(TAGS, given.text("format"));
    const reference = parseReference(term);
    const tags = await listTags(reference, { rules, session });
    const name = familiarName(reference);
    print(
      layout.whole(
        tags
          .slice(0, limitOf(given.text("limit"), Number.POSITIVE_INFINITY))
          .map((tag) => ({ Name: name, Tag: oneLine(tag) })),
      ),
    );
    return 0;
  }
  const layout = layOutList(REPOSITORIES, given.text("format"));
  const filters = parseFilters(given.list("filter"), ["is-automated", "is-official", "stars"]);
  const found = await searchRepositories(term, { rules, session, limit: limitOf(given.text("limit"), 25) });
  const whole = given.on("no-trunc");
  const rows = choose(found, filters).map(({ name, description, stars, isOfficial, isAutomated }) => ({
    Name: oneLine(name),
    Description: whole ? oneLine(description) : ellipsis(oneLine(description), DESCRIPTION_WIDTH),
    StarCount: `${stars}`,
    IsOfficial: isOfficial ? "[OK]" : "",
    IsAutomated: isAutomated ? "[OK]" : "",
  }));
  print(layout.whole(rows));
  return 0;
}

function choose(found: readonly FoundRepository[], filters: Filters): FoundRepository[] {
  const isOfficial = switchFilter(filters, "is-official");
  const isAutomated = switchFilter(filters, "is-automated");
  const stars = filters.get("stars")?.map((text) => number("filter", text)) ?? [];
  return found.filter(
    (repository) =>
      (isOfficial === undefined || repository.isOfficial === isOfficial) &&
      (isAutomated === undefined || repository.isAutomated === isAutomated) &&
      stars.every((least) => repository.stars >= least),
  );
}

function limitOf(text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  const limit = number("limit", text);
  if (limit === 0) return usual;
  if (limit > MOST) throw invalidValue("limit", text, `a number from 1 to ${MOST}`);
  return limit;
}

function number(flag: string, text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw invalidValue(flag, text, "a number");
  return Number(text);
}
