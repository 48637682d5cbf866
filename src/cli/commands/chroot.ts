import { performByHand } from "../by-hand.ts";
import { parseChroot } from "../flags/chroot.ts";
import type { Globals } from "../grammar.ts";

/** `husk chroot`: a program whose root is a folder, as chroot(1) starts it. */
export async function chroot(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const request = await parseChroot(argv, from, globals);
  if (request !== undefined) return performByHand(request, globals);
  const { printHelp } = await import("./help.ts");
  return printHelp(["chroot"]);
}
