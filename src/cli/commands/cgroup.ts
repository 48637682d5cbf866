import { performByHand } from "../by-hand.ts";
import { type CgroupWords, readCgroupWords, readGroupView, takeGroups } from "../flags/cgroup.ts";
import { planCgroup } from "../flags/plan-cgroup.ts";
import type { Globals } from "../grammar.ts";

/** `husk cgroup COMMAND`: control groups by hand, as libcgroup's tools make them. */
export async function cgroup(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const words = readCgroupWords(argv, from, globals);
  if (words === undefined) {
    const { printHelp } = await import("./help.ts");
    const name = argv[from];
    return printHelp(name === undefined || name.startsWith("-") ? ["cgroup"] : ["cgroup", name]);
  }
  switch (words.command) {
    case "get":
      return get(words);
    case "show":
    case "stat":
      return look(words);
    default:
      return performByHand(planCgroup(words), globals);
  }
}

/** With a flag of cgget(1), or a group in its spelling alone, as that prints it; else husk's own form. */
async function get(words: CgroupWords): Promise<number> {
  const { existingPlaces } = await import("../../cgroup/by-hand/index.ts");
  const { printAsCgget, printValues } = await import("../cgroup/print-values.ts");
  const hasControllers = words.groups.some((text) => !text.includes(":"));
  const namesGroupsOnly = words.all || words.variables.length > 0 || hasControllers;
  const { specs, rest } = takeGroups(words, namesGroupsOnly);
  const isCgget = namesGroupsOnly || (words.groups.length > 0 && rest.length === 0);
  const view = readGroupView();
  for (const spec of specs) {
    const places = existingPlaces(view, spec);
    if (isCgget) printAsCgget(places, spec, words);
    else printValues(places, spec, rest, words, specs.length > 1);
  }
  return 0;
}

async function look(words: CgroupWords): Promise<number> {
  const { existingPlaces } = await import("../../cgroup/by-hand/index.ts");
  const { printShown, printUse } = await import("../cgroup/print-group.ts");
  const { printValues } = await import("../cgroup/print-values.ts");
  const { specs, rest } = takeGroups(words, words.command === "stat");
  const view = readGroupView();
  for (const spec of specs) {
    const places = existingPlaces(view, spec);
    if (words.command === "stat") printUse(places, spec, words.format);
    else if (rest.length > 0) printValues(places, spec, rest, words, false);
    else printShown(places, spec, words.format);
  }
  return 0;
}
