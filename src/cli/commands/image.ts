import type { Globals } from "../grammar.ts";
import { IMAGE_COMMANDS } from "../help/image.ts";
import { unknownAmong } from "../unknown-command.ts";
import { printHelp } from "../print-help.ts";

/** `husk image COMMAND`: docker's commands for images under their long names, and husk's own. */
export async function image(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const name = argv[from];
  switch (name) {
    case undefined:
    case "--help":
    case "-h":
      return printHelp(["image"]);
    case "bootstrap":
      return (await import("./image-bootstrap.ts")).imageBootstrap(argv, from + 1, globals);
    case "make":
      return (await import("./image-make.ts")).imageMake(argv, from + 1, globals);
    case "ls":
    case "list":
      return (await import("./images.ts")).images(argv, from + 1, globals);
    case "rm":
    case "remove":
      return (await import("./rmi.ts")).rmi(argv, from + 1, globals);
    case "pull":
      return (await import("./pull.ts")).pull(argv, from + 1, globals);
    case "push":
      return (await import("./push.ts")).push(argv, from + 1, globals);
    case "tag":
      return (await import("./tag.ts")).tag(argv, from + 1, globals);
    case "history":
      return (await import("./history.ts")).history(argv, from + 1, globals);
    case "inspect":
      return (await import("./inspect.ts")).imageInspect(argv, from + 1, globals);
    case "prune":
      return (await import("./image-prune.ts")).imagePrune(argv, from + 1, globals);
    case "save":
      return (await import("./save.ts")).save(argv, from + 1, globals);
    case "load":
      return (await import("./load.ts")).load(argv, from + 1, globals);
    case "import":
      return (await import("./import.ts")).importArchive(argv, from + 1, globals);
    default:
      throw unknownAmong(
        "husk image",
        name,
        IMAGE_COMMANDS.map(([command]) => command),
      );
  }
}
