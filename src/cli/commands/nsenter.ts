import { performByHand } from "../by-hand.ts";
import { parseNsenter } from "../flags/nsenter.ts";
import type { Globals } from "../grammar.ts";

/** `husk nsenter`: a program in namespaces that exist, as nsenter(1) starts it. */
export async function nsenter(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const request = parseNsenter(argv, from, globals);
  if (request !== undefined) return performByHand(request, globals);
  const { printHelp } = await import("./help.ts");
  return printHelp(["nsenter"]);
}
