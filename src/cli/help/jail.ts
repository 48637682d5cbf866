import { JAIL_MAKE_FLAGS } from "../flags/jail.ts";
import type { Help } from "./layout.ts";

export const HELP: Help = {
  usage: ["jail make [OPTIONS] DIR PROGRAM [PROGRAM...]", "jail ls [--format text|json] DIR"],
  description: `Fill a folder with programs and all they need to run there; tell what one holds and lacks

'make' finds each program, its loader and its libraries as the loader would (search paths in the files, ld.so.cache, default folders), of a script its interpreter, without running anything, and copies them to the same paths with their links. It adds to a jail that exists. 'husk chroot DIR PROGRAM' then runs one.`,
  flags: JAIL_MAKE_FLAGS,
  about: {
    "dry-run": "Tell what would be copied and why, and copy nothing",
    format: "Form of the output (text|json) (default text)",
    from: "Take the programs from this root file system, also of another processor (default /)",
    replace: "Overwrite files of the jail that are others than the source's",
  },
  examples: [
    ["husk jail make ./jail bash ls cat", "A jail with three programs"],
    ["husk jail make ./jail python3", "One more"],
    ["husk jail make --from ./alpine ./jail /bin/busybox", "From another root file system"],
    ["husk jail ls ./jail", "What it holds and lacks"],
  ],
};
