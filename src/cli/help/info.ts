import { FORMAT_FLAGS } from "../output-format.ts";
import type { Help } from "./layout.ts";

export const HELP: Help = {
  usage: ["info [OPTIONS]"],
  description: `Show this installation: folders, cgroup layout per controller, security, machine

The network of a container is none (a loopback device only) or host; bridges come with a later version.`,
  flags: FORMAT_FLAGS,
  about: { format: "Form of the output: text, json, or a Go template (default text)" },
};
