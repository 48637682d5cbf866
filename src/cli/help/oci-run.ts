import { OCI_RUN_FLAGS } from "../flags/oci.ts";
import type { Help } from "./layout.ts";

export const HELP: Help = {
  usage: ["oci [OPTIONS] run [OPTIONS] ID"],
  description: `Create and run a container from a bundle, in the foreground

The bundle is a folder with a config.json of the OCI runtime specification and a root filesystem.`,
  flags: OCI_RUN_FLAGS,
  about: {
    bundle: "Folder of the bundle (default the current one)",
    "no-new-keyring": "Keep the caller's session keyring",
    "no-pivot": "Change the root by moving the mount instead of pivot_root, for a root on a ramdisk",
    "pid-file": "Write the process id of the container's first process to this file",
    "preserve-fds": "Hand on this many descriptors from 3 on",
  },
  examples: [["husk oci run --bundle ./bundle web", "Run the bundle in ./bundle as the container web"]],
};
