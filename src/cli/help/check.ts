import { FORMAT_FLAGS } from "../output-format.ts";
import type { Help } from "./layout.ts";

export const HELP: Help = {
  usage: ["check [OPTIONS]"],
  description: `Tell what this kernel and this user can do, and how to get what is missing

At the end one container is run for trial. A line with ✓ is there. A line with ! is missing and only some flags need it. A line with ✗ is missing and no container can run without it. The exit status is 0 when containers can be run, else 1.`,
  flags: FORMAT_FLAGS,
  about: { format: "Form of the output (text|json) (default text)" },
  examples: [["husk check --format json", "For programs"]],
};
