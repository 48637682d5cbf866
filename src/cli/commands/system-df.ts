import { HuskError } from "../../platform/error.ts";
import { print } from "../byte-output.ts";
import { type Usage, USAGES } from "../disk-usage/usage.ts";
import { humanSize, layOutList, type List, type Row } from "../format/index.ts";
import type { Globals } from "../grammar.ts";
import { imageArguments } from "../image-arguments.ts";
import { printHelp } from "../print-help.ts";

const LIST: List = {
  type: "usage",
  titles: {
    Type: "TYPE",
    TotalCount: "TOTAL",
    Active: "ACTIVE",
    Size: "SIZE",
    Reclaimable: "RECLAIMABLE",
  },
  table: "table {{.Type}}\\t{{.TotalCount}}\\t{{.Active}}\\t{{.Size}}\\t{{.Reclaimable}}",
};

/** `husk system df`: what takes how much of the disk. */
export async function systemDf(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = imageArguments("system df", argv, from, globals, [0, 0]);
  if (given === undefined) return printHelp(["system", "df"]);
  const format = given.text("format");
  const verbose = given.on("verbose");
  if (verbose && format !== undefined)
    throw new HuskError("invalid", "husk system df: --verbose and --format do not go together");
  const layout = layOutList(LIST, format);
  const usages = await Promise.all(USAGES.map((find) => find(globals)));
  if (!verbose) print(layout.whole(usages.map(rowOf)));
  else
    for (const { details } of usages)
      print(`${details.title}\n\n${layOutList(details.list, undefined).whole(details.rows)}\n`);
  return 0;
}

function rowOf({ type, total, active, size, reclaimable }: Usage): Row {
  const share = size > 0 ? ` (${Math.trunc((100 * reclaimable) / size)}%)` : "";
  return {
    Type: type,
    TotalCount: `${total}`,
    Active: `${active}`,
    Size: humanSize(size),
    Reclaimable: `${humanSize(reclaimable)}${share}`,
  };
}
