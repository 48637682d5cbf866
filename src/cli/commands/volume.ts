import type { Globals } from "../grammar.ts";
import { VOLUME_COMMANDS } from "../help/volume.ts";
import { unknownAmong } from "../unknown-command.ts";
import { printHelp } from "../print-help.ts";

/** `husk volume COMMAND`: folders that outlive containers. */
export async function volume(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const name = argv[from];
  switch (name) {
    case undefined:
    case "--help":
    case "-h":
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
    default:
      throw unknownAmong(
        "husk volume",
        name,
        VOLUME_COMMANDS.map(([command]) => command),
      );
  }
}
