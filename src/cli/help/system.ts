import { HELP as INFO } from "./info.ts";
import { IMAGE_HELPS } from "./image-commands.ts";
import { LIFE_HELPS } from "./life-commands.ts";
import type { Help } from "./layout.ts";

/** The commands of `husk system`, with a line on each. */
export const SYSTEM_COMMANDS: readonly (readonly [name: string, summary: string])[] = [
  ["df", "Show what takes how much of the disk"],
  ["events", "Show what happens, as it happens (husk events)"],
  ["info", "Show this installation (husk info)"],
  ["prune", "Remove what is not in use"],
  ["reset", "Kill and remove everything of this engine"],
  ["unit", "Print a unit of systemd's that starts containers after a reboot"],
];

export const HELP: Help = {
  usage: ["system COMMAND"],
  description: "Look after husk as a whole",
  flags: "\n",
  about: {},
  sections: [
    ["Commands", SYSTEM_COMMANDS.map(([name, summary]) => `${name.padEnd(10)} ${summary}`).join("\n")],
  ],
};

/** The help of `system COMMAND`. */
export function systemHelp(name: string | undefined): Help {
  if (name === "df") return IMAGE_HELPS["system df"];
  if (name === "events") return LIFE_HELPS.events;
  if (name === "prune" || name === "reset" || name === "unit") return LIFE_HELPS[`system ${name}`];
  return name === "info" ? INFO : HELP;
}
