import { listJail, makeJail, planJail } from "../../jail/index.ts";
import { parseJailLs, parseJailMake } from "../flags/jail.ts";
import type { Globals } from "../grammar.ts";
import { listingText, madeText, plannedText } from "../jail-report.ts";
import { printError } from "../stderr.ts";
import { hasColour, palette } from "../terminal.ts";
import { unknownAmong } from "../unknown-command.ts";
import { printHelp } from "../print-help.ts";

/** `husk jail make|ls`: folders that are somebody's root, filled and looked at. */
export async function jail(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const name = argv[from];
  if (name === "make") return make(argv, from + 1, globals);
  if (name === "ls") return ls(argv, from + 1, globals);
  if (name === undefined || name === "--help" || name === "-h") return printHelp(["jail"]);
  throw unknownAmong("husk jail", name, ["make", "ls"]);
}

async function make(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const asked = parseJailMake(argv, from, globals);
  if (asked === undefined) return printHelp(["jail"]);
  const { request, format, dryRun } = asked;
  const made = dryRun ? undefined : makeJail(request);
  const planned = made ?? planJail(request);
  if (format === "json") console.log(JSON.stringify({ folder: request.folder, ...planned }));
  else {
    console.log(made === undefined ? plannedText(planned) : madeText(made));
    for (const note of planned.notes) printError(`husk: warning: ${note}`);
  }
  return 0;
}

async function ls(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const asked = parseJailLs(argv, from, globals);
  if (asked === undefined) return printHelp(["jail"]);
  const listing = listJail(asked.folder);
  console.log(
    asked.format === "json" ? JSON.stringify(listing) : listingText(listing, palette(hasColour(1))),
  );
  return 0;
}
