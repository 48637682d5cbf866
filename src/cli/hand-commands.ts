import type { HandRequest } from "./by-hand.ts";
import type { Globals } from "./grammar.ts";

/** Reads the arguments of a by-hand command from `from` on; undefined: its help was asked for. */
export type HandParser = (
  argv: readonly string[],
  from: number,
  globals: Globals,
) => HandRequest | undefined | Promise<HandRequest | undefined>;

/** The parser of a command that `husk explain` knows besides `run`; undefined: it is none of those. */
export async function handParser(name: string): Promise<HandParser | undefined> {
  switch (name) {
    case "unshare":
      return (await import("./flags/unshare.ts")).parseUnshare;
    case "nsenter":
      return (await import("./flags/nsenter.ts")).parseNsenter;
    case "chroot":
      return (await import("./flags/chroot.ts")).parseChroot;
    case "cgroup":
      return (await import("./flags/plan-cgroup.ts")).parseCgroup;
    default:
      return undefined;
  }
}
