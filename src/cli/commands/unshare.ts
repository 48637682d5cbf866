import { performByHand } from "../by-hand.ts";
import { parseUnshare } from "../flags/unshare.ts";
import type { Globals } from "../grammar.ts";

/** `husk unshare`: a program in new namespaces, as unshare(1) starts it. */
export async function unshare(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const request = parseUnshare(argv, from, globals);
  if (request !== undefined) return performByHand(request, globals);
  const { printHelp } = await import("./help.ts");
  return printHelp(["unshare"]);
}
