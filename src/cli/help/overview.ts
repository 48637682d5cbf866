import { COMMANDS } from "../command-names.ts";

export const OVERVIEW = `Usage:  husk [OPTIONS] COMMAND

Containers for Linux: a container is a list of system calls

Commands:
${COMMANDS.map(([name, summary]) => `  ${name.padEnd(11)} ${summary}`).join("\n")}

Global Options:
      --root dir   Folder of what stays: images, containers (default
                   /var/lib/husk; env HUSK_ROOT)
      --run dir    Folder of what dies with a boot (default /run/husk; env
                   HUSK_RUN)
      --debug      Show where husk failed
      --help       Print usage
  -v, --version    Print version information and quit

Examples:
  # A shell in a container of this machine's own programs
  husk run -it host sh
  # The same with 64 MiB of memory, half a CPU and at most 20 processes
  husk run -it -m 64m --cpus .5 --pids-limit 20 host sh
  # Every system call of it, with reasons and times
  husk run --explain host true

Run 'husk COMMAND --help' for more information on a command.
`;
