import { OCI_FLAGS } from "../flags/oci.ts";
import { ociSummaries } from "./oci-commands.ts";
import type { Help } from "./layout.ts";

export const HELP: Help = {
  usage: ["oci [OPTIONS] COMMAND"],
  description: `OCI runtime command line, as runc and crun have it; husk-oci is the same under its own name

Here --root is the folder of the containers' states (default /run/husk/oci).`,
  flags: OCI_FLAGS,
  about: {
    "cgroup-manager": "Who makes control groups (cgroupfs|systemd|disabled) (default cgroupfs)",
    "systemd-cgroup": "The same as --cgroup-manager systemd: cgroupsPath is SLICE:PREFIX:NAME",
    criu: "The program that checkpoint and restore use (default criu)",
    log: "Write errors to this file instead",
    "log-format": "Form of the log (text|json) (default text)",
    "log-level": "What is logged (debug|info|warn|error) (default warn)",
    rootless: "Accepted as by runc: husk finds out itself (true|false|auto)",
    version: "Print version information and quit",
  },
  sections: [
    [
      "Commands",
      ociSummaries()
        .map(([name, about]) => `${name.padEnd(12)}${about}`)
        .join("\n"),
    ],
  ],
};
