import { RUN_FLAGS } from "../flags/run.ts";
import type { Help } from "./layout.ts";
import { RUN_ABOUT } from "./run-about.ts";

export const HELP: Help = {
  usage: [
    "run [OPTIONS] IMAGE [COMMAND] [ARG...]",
    "run [OPTIONS] host COMMAND [ARG...]",
    "run [OPTIONS] --rootfs DIR [--] COMMAND [ARG...]",
    "run [OPTIONS] --bundle DIR [--] [COMMAND] [ARG...]",
  ],
  description: `Create and run a new container, in the foreground or with -d on its own

An image that is not here is pulled first. What the container writes is kept until it is removed: by husk rm, or with --rm when it ends.

The image host is this machine's own programs as a copy-on-write view: nothing written inside is seen outside, and what other users may not read is hidden. The exit status is the program's; 125 if husk failed, 126 if the program cannot be executed, 127 if there is none, 128+n if signal n ended it.`,
  flags: RUN_FLAGS,
  about: RUN_ABOUT,
  examples: [
    ["husk run -it host bash", "A shell in a container of this machine's own programs"],
    ["husk run --rm host sh -c 'hostname; ps; id'", "What the program inside sees of the machine"],
    ["husk run -d --name web --restart unless-stopped host sleep 600", "One that lives on its own"],
    ["husk run -m 80m --memory-swap 80m --cpus .5 --pids-limit 20 --rootfs ./alpine sh", "Limits"],
    ["husk run -v ./data:/data:ro --tmpfs /scratch:size=64m --read-only host ls /data", "Files"],
    ["husk run --no-isolate pid host ps ax", "Without one layer: the host's processes can be seen"],
    ["husk run --explain host true", "Every system call of it, with reasons and times"],
  ],
};
