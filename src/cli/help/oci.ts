import { OCI_FLAGS } from "../flags/oci.ts";
import type { Help } from "./layout.ts";

export const HELP: Help = {
  usage: ["oci [OPTIONS] COMMAND"],
  description: "OCI runtime command line, as runc and crun have it; husk-oci is the same under its own name",
  flags: OCI_FLAGS,
  about: {
    log: "Write errors to this file too",
    "log-format": "Form of the log (text|json) (default text)",
    version: "Print version information and quit",
  },
  sections: [["Commands", "run         Create and run a container from a bundle, in the foreground"]],
};
