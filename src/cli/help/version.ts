import { FORMAT_FLAGS } from "../output-format.ts";
import type { Help } from "./layout.ts";

export const HELP: Help = {
  usage: ["version [OPTIONS]"],
  description: "Show the versions of husk and of what it runs on",
  flags: FORMAT_FLAGS,
  about: { format: "Form of the output: text, json, or a Go template (default text)" },
};
