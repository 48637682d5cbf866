import type { Globals } from "../grammar.ts";
import { SYSTEM_COMMANDS } from "../help/system.ts";
import { unknownAmong } from "../unknown-command.ts";
import { printHelp } from "../print-help.ts";

/** `husk system COMMAND`. */
export async function system(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const name = argv[from];
  switch (name) {
    case undefined:
    case "--help":
    case "-h":
      return printHelp(["system"]);
    case "df":
      return (await import("./system-df.ts")).systemDf(argv, from + 1, globals);
    case "events":
      return (await import("./events.ts")).events(argv, from + 1, globals);
    case "prune":
      return (await import("./system-prune.ts")).systemPrune(argv, from + 1, globals);
    case "reset":
      return (await import("./system-reset.ts")).systemReset(argv, from + 1, globals);
    case "info":
      return (await import("./info.ts")).info(argv, from + 1, globals);
    case "unit":
      return (await import("./system-unit.ts")).systemUnit(argv, from + 1, globals);
    default:
      throw unknownAmong(
        "husk system",
        name,
        SYSTEM_COMMANDS.map(([command]) => command),
      );
  }
}
