import type { Globals } from "../grammar.ts";
import type { Help } from "../help/layout.ts";
import { parseArguments } from "../parse-arguments.ts";
import { unknownCommand } from "../unknown-command.ts";

/** `husk help [COMMAND]`. */
export async function help(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const words = parseArguments({ name: "help", flags: "\n", set() {} }, argv, from, {}, globals);
  return printHelp(globals.help ? ["help"] : words);
}

/** Prints the help of a command (its words: `["oci", "run"]`) on stdout; of none: the overview. */
export async function printHelp(words: readonly string[]): Promise<number> {
  if (words.length === 0) {
    const { OVERVIEW } = await import("../help/overview.ts");
    console.log(OVERVIEW.trim());
  } else {
    const { layOut } = await import("../help/layout.ts");
    console.log(layOut(await findHelp(words)));
  }
  return 0;
}

async function findHelp(words: readonly string[]): Promise<Help> {
  switch (words[0]) {
    case "run":
      return (await import("../help/run.ts")).HELP;
    case "explain":
      return (await import("../help/explain.ts")).HELP;
    case "create":
    case "events":
    case "kill":
    case "pause":
    case "rename":
    case "restart":
    case "rm":
    case "start":
    case "stop":
    case "unpause":
    case "update":
    case "wait":
      return (await import("../help/life-commands.ts")).LIFE_HELPS[words[0]];
    case "container":
      return (await import("../help/container.ts")).containerHelp(words[1]);
    case "pull":
    case "push":
    case "images":
    case "rmi":
    case "tag":
    case "history":
    case "inspect":
    case "save":
    case "load":
    case "import":
    case "search":
    case "login":
    case "logout":
      return (await import("../help/image-commands.ts")).IMAGE_HELPS[words[0]];
    case "apply":
    case "commit":
    case "cp":
    case "diff":
    case "export":
    case "fork":
      return (await import("../help/change-commands.ts")).CHANGE_HELPS[words[0]];
    case "volume":
      return (await import("../help/volume.ts")).volumeHelp(words[1]);
    case "system":
      return (await import("../help/system.ts")).systemHelp(words[1]);
    case "attach":
    case "exec":
    case "logs":
    case "port":
    case "ps":
    case "stats":
    case "top":
      return (await import("../help/container-commands.ts")).CONTAINER_HELPS[words[0]];
    case "image":
      return (await import("../help/image.ts")).imageHelp(words[1]);
    case "unshare":
      return (await import("../help/unshare.ts")).HELP;
    case "nsenter":
      return (await import("../help/nsenter.ts")).HELP;
    case "chroot":
      return (await import("../help/chroot.ts")).HELP;
    case "jail":
      return (await import("../help/jail.ts")).HELP;
    case "cgroup":
      return (await import("../help/cgroup.ts")).cgroupHelp(words[1]);
    case "check":
      return (await import("../help/check.ts")).HELP;
    case "info":
      return (await import("../help/info.ts")).HELP;
    case "version":
      return (await import("../help/version.ts")).HELP;
    case "completion":
      return (await import("../help/completion.ts")).HELP;
    case "oci": {
      const { ociHelp } = await import("../help/oci-commands.ts");
      return ociHelp(words[1] ?? "") ?? (await import("../help/oci.ts")).HELP;
    }
    case "help":
      return (await import("../help/help.ts")).HELP;
    default:
      throw unknownCommand(words[0] ?? "");
  }
}
