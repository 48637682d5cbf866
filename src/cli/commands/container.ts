import type { Globals } from "../grammar.ts";
import { CONTAINER_COMMANDS } from "../help/container.ts";
import { loadCommand } from "../load-command.ts";
import { unknownAmong } from "../unknown-command.ts";
import { printHelp } from "../print-help.ts";

/** `husk container COMMAND`: docker's commands for containers under their long names. */
export async function container(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const name = argv[from];
  switch (name) {
    case undefined:
    case "--help":
    case "-h":
      return printHelp(["container"]);
    case "ls":
    case "list":
    case "ps":
      return (await loadCommand("ps"))(argv, from + 1, globals);
    case "remove":
      return (await loadCommand("rm"))(argv, from + 1, globals);
    case "inspect":
      return (await import("./inspect.ts")).containerInspect(argv, from + 1, globals);
    case "prune":
      return (await import("./container-prune.ts")).containerPrune(argv, from + 1, globals);
    default: {
      const known = CONTAINER_COMMANDS.map(([command]) => command);
      if (known.includes(name)) return (await loadCommand(name))(argv, from + 1, globals);
      throw unknownAmong("husk container", name, known);
    }
  }
}
