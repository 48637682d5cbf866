import type { Help } from "./layout.ts";

export const HELP: Help = {
  usage: ["help [COMMAND]"],
  description: "Show the help of a command, or of husk",
  flags: "\n",
  about: {},
};
