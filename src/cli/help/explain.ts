import { EXPLAIN_FLAGS } from "../flags/run.ts";
import type { Help } from "./layout.ts";
import { RUN_ABOUT } from "./run-about.ts";

export const HELP: Help = {
  usage: [
    "explain [OPTIONS] host COMMAND [ARG...]",
    "explain [OPTIONS] --rootfs DIR [--] COMMAND [ARG...]",
    "explain [OPTIONS] --bundle DIR [--] [COMMAND] [ARG...]",
  ],
  description: `Print what run would do, step by step, without doing it

Each step has a title, a reason, and its system calls. With --as-shell it is a shell script of unshare, mount, pivot_root and cgroup files that makes the same container; what a shell cannot do stands as a comment. 'husk run --explain' runs the container and adds measured times.`,
  flags: EXPLAIN_FLAGS,
  about: { ...RUN_ABOUT, "as-shell": "Print a shell script that makes the same container" },
  examples: [
    ["husk explain host sh", "The steps of the plainest container"],
    ["husk explain -m 80m --cpus .5 host sh", "What limits add to it"],
    ["husk explain --as-shell --rootfs ./alpine sh > by-hand.sh", "The same by hand"],
    [`sh -c "$(husk explain --as-shell host cat)" < FILE`, "Its standard input stays the program's"],
    ["husk explain --format json host true", "For programs"],
  ],
};
