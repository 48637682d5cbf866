import type { Globals, Grammar } from "./grammar.ts";
import { parseArguments } from "./parse-arguments.ts";
import { reportError } from "./report-error.ts";

/** What each file in commands/ offers: reads its arguments from `from` on, returns the exit status. */
type Command = (argv: readonly string[], from: number, globals: Globals) => number | Promise<number>;

interface Wishes {
  version: boolean;
}

const HUSK: Grammar<Wishes> = {
  name: "",
  flags: "\n-v --version\n",
  flagsFirst: true,
  set(wishes, _flag, value) {
    wishes.version = value === "true";
  },
};

const globals: Globals = {
  root: undefined,
  run: undefined,
  debug: false,
  help: false,
};

async function main(argv: readonly string[]): Promise<number> {
  if (process.argv0.endsWith("husk-oci")) {
    const { oci } = await import("./commands/oci.ts");
    return oci(argv, 0, globals);
  }
  const wishes: Wishes = { version: false };
  const words = parseArguments(HUSK, argv, 0, wishes, globals);
  const name = words[0];
  if (wishes.version) {
    const { versionLine } = await import("./commands/version.ts");
    console.log(versionLine());
    return 0;
  }
  if (name === undefined) {
    const { printHelp } = await import("./commands/help.ts");
    return printHelp([]);
  }
  return (await load(name))(words, 1, globals);
}

async function load(name: string): Promise<Command> {
  switch (name) {
    case "run":
      return (await import("./commands/run.ts")).run;
    case "exec":
      return (await import("./commands/exec.ts")).exec;
    case "ps":
      return (await import("./commands/ps.ts")).ps;
    case "logs":
      return (await import("./commands/logs.ts")).logs;
    case "attach":
      return (await import("./commands/attach.ts")).attach;
    case "stats":
      return (await import("./commands/stats.ts")).stats;
    case "top":
      return (await import("./commands/top.ts")).top;
    case "port":
      return (await import("./commands/port.ts")).port;
    case "explain":
      return (await import("./commands/explain.ts")).explain;
    case "pull":
      return (await import("./commands/pull.ts")).pull;
    case "push":
      return (await import("./commands/push.ts")).push;
    case "images":
      return (await import("./commands/images.ts")).images;
    case "rmi":
      return (await import("./commands/rmi.ts")).rmi;
    case "tag":
      return (await import("./commands/tag.ts")).tag;
    case "history":
      return (await import("./commands/history.ts")).history;
    case "inspect":
      return (await import("./commands/inspect.ts")).inspect;
    case "save":
      return (await import("./commands/save.ts")).save;
    case "load":
      return (await import("./commands/load.ts")).load;
    case "import":
      return (await import("./commands/import.ts")).importArchive;
    case "search":
      return (await import("./commands/search.ts")).search;
    case "system":
      return (await import("./commands/system.ts")).system;
    case "login":
      return (await import("./commands/login.ts")).login;
    case "logout":
      return (await import("./commands/logout.ts")).logout;
    case "volume":
      return (await import("./commands/volume.ts")).volume;
    case "image":
      return (await import("./commands/image.ts")).image;
    case "unshare":
      return (await import("./commands/unshare.ts")).unshare;
    case "nsenter":
      return (await import("./commands/nsenter.ts")).nsenter;
    case "chroot":
      return (await import("./commands/chroot.ts")).chroot;
    case "jail":
      return (await import("./commands/jail.ts")).jail;
    case "cgroup":
      return (await import("./commands/cgroup.ts")).cgroup;
    case "oci":
      return (await import("./commands/oci.ts")).oci;
    case "info":
      return (await import("./commands/info.ts")).info;
    case "version":
      return (await import("./commands/version.ts")).version;
    case "check":
      return (await import("./commands/check.ts")).check;
    case "completion":
      return (await import("./commands/completion.ts")).completion;
    case "help":
      return (await import("./commands/help.ts")).help;
    default: {
      const { unknownCommand } = await import("./unknown-command.ts");
      throw unknownCommand(name);
    }
  }
}

/** `process.exit` runs handlers nobody installed, and costs 1.7 ms. */
function leave(status: number): never {
  const { reallyExit } = process as unknown as { reallyExit(status: number): never };
  return reallyExit(status);
}

main(process.argv.slice(2)).then(leave, (error: unknown) => leave(reportError(error, globals.debug)));
