import { CHANGE_HELPS } from "./change-commands.ts";
import { CONTAINER_HELPS } from "./container-commands.ts";
import type { Help } from "./layout.ts";
import { LIFE_HELPS } from "./life-commands.ts";
import { HELP as RUN } from "./run.ts";

/** docker's long names of the commands for containers; most are short ones, too. */
export const CONTAINER_COMMANDS: readonly (readonly [name: string, summary: string])[] = [
  ["attach", "Be at a running container's input and output"],
  ["commit", "Make an image of a container"],
  ["cp", "Copy files between a container and this machine"],
  ["create", "Create a container without starting it"],
  ["diff", "Show what a container changed in its file system"],
  ["exec", "Run a program in a running container"],
  ["export", "Write a container's file system to an archive"],
  ["inspect", "Show everything that is known of containers"],
  ["kill", "Send a signal to containers"],
  ["logs", "Print what a container wrote"],
  ["ls", "List containers"],
  ["pause", "Stop all processes of containers"],
  ["port", "List a container's published ports"],
  ["prune", "Remove all containers that do not run"],
  ["rename", "Rename a container"],
  ["restart", "End containers and start them"],
  ["rm", "Remove containers"],
  ["run", "Create and run a container"],
  ["start", "Start containers"],
  ["stats", "Show what containers use"],
  ["stop", "End containers"],
  ["top", "Show a container's processes"],
  ["unpause", "Let paused containers go on"],
  ["update", "Change limits and restart policy"],
  ["wait", "Wait until containers have ended"],
];

export const HELP: Help = {
  usage: ["container COMMAND"],
  description: "The commands for containers under docker's long names: husk container stop is husk stop",
  flags: "\n",
  about: {},
  sections: [
    ["Commands", CONTAINER_COMMANDS.map(([name, summary]) => `${name.padEnd(10)} ${summary}`).join("\n")],
  ],
};

/** The help of `container COMMAND`. */
export function containerHelp(name: string | undefined): Help {
  if (name === "run") return RUN;
  const short =
    name === "ls" || name === "list" || name === "ps" ? "ps" : name === "remove" ? "rm" : (name ?? "");
  if (name === "prune") return LIFE_HELPS["container prune"];
  const helps: Readonly<Record<string, Help>> = { ...CONTAINER_HELPS, ...LIFE_HELPS, ...CHANGE_HELPS };
  return helps[short] ?? HELP;
}
