import { HuskError } from "../../platform/error.ts";
import { nearest } from "../../platform/nearest.ts";
import type { Globals } from "../grammar.ts";
import { VOLUME_COMMANDS } from "../help/volume.ts";
import { printHelp } from "./help.ts";

/** `husk volume COMMAND`: folders that outlive containers. */
export async function volume(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const name = argv[from];
  switch (name) {
    case undefined:
    case "--help":
      return printHelp(["volume"]);
    case "create":
      return (await import("./volume-create.ts")).volumeCreate(argv, from + 1, globals);
    case "inspect":
      return (await import("./volume-inspect.ts")).volumeInspect(argv, from + 1, globals);
    case "ls":
    case "list":
      return (await import("./volume-ls.ts")).volumeLs(argv, from + 1, globals);
    case "prune":
      return (await import("./volume-prune.ts")).volumePrune(argv, from + 1, globals);
    case "rm":
    case "remove":
      return (await import("./volume-rm.ts")).volumeRm(argv, from + 1, globals);
    default: {
      const near = nearest(
        name,
        VOLUME_COMMANDS.map(([command]) => command),
      );
      throw new HuskError("invalid", `unknown command: husk volume ${name}`, {
        hint: `${near === undefined ? "" : `did you mean husk volume ${near}? `}see 'husk volume --help'`,
      });
    }
  }
}
