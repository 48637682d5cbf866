import type { Globals } from "./grammar.ts";

/** What each file in commands/ offers: reads its arguments from `from` on, returns the exit status. */
export type Command = (argv: readonly string[], from: number, globals: Globals) => number | Promise<number>;

/**
 * Loads a command by its name; nothing of any other.
 *
 * @throws HuskError "invalid" for one that does not exist, "unsupported" for one of docker's that husk does not have
 */
export async function loadCommand(name: string): Promise<Command> {
  switch (name) {
    case "run":
      return (await import("./commands/run.ts")).run;
    case "diff":
      return (await import("./commands/diff.ts")).diff;
    case "apply":
      return (await import("./commands/apply.ts")).apply;
    case "commit":
      return (await import("./commands/commit.ts")).commit;
    case "cp":
      return (await import("./commands/cp.ts")).cp;
    case "export":
      return (await import("./commands/export.ts")).exportCommand;
    case "fork":
      return (await import("./commands/fork.ts")).fork;
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
    case "create":
      return (await import("./commands/create.ts")).create;
    case "start":
      return (await import("./commands/start.ts")).start;
    case "stop":
      return (await import("./commands/stop.ts")).stop;
    case "restart":
      return (await import("./commands/restart.ts")).restart;
    case "kill":
      return (await import("./commands/kill.ts")).kill;
    case "rm":
      return (await import("./commands/rm.ts")).rm;
    case "wait":
      return (await import("./commands/wait.ts")).wait;
    case "rename":
      return (await import("./commands/rename.ts")).rename;
    case "pause":
      return (await import("./commands/pause.ts")).pause;
    case "unpause":
      return (await import("./commands/unpause.ts")).unpause;
    case "update":
      return (await import("./commands/update.ts")).update;
    case "events":
      return (await import("./commands/events.ts")).events;
    case "container":
      return (await import("./commands/container.ts")).container;
    case "internal":
      return (await import("./commands/internal.ts")).internal;
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
