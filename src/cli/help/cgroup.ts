import { HAND_ABOUT } from "../by-hand.ts";
import { CGROUP_FLAGS, type CgroupCommand } from "../flags/cgroup.ts";
import type { Help } from "./layout.ts";

const SETTINGS = `
memory.max=80M          bytes, sizes, or 25% of this machine's memory
cpu.max=50%             half of one core; 150% is one and a half
cpu.max=5%machine       a twentieth of all cores together
cpu.max='50000 100000'  50000 µs in each period of 100000 µs
cpu.weight=50           against 100 of the others
pids.max=20             processes and threads
Names of v2 and v1 are taken alike: cpu.shares, cpu.cfs_quota_us,
memory.limit_in_bytes. What goes into which file, and how it was reckoned,
--explain shows. Any other file of the group takes its value as it is.`;

export const HELP: Help = {
  usage: ["cgroup COMMAND [OPTIONS] NAME [ARG...]"],
  description: `Make, limit and use control groups by hand

What libcgroup's cgcreate, cgclassify, cgexec, cgset, cgget and cgdelete do, in one spelling for v1 and v2. NAME is a group below the top of every hierarchy (a/b for one in another, / for the top); cpu,memory:NAME means those hierarchies only, and -g takes it too.`,
  flags: "\n",
  about: {},
  sections: [
    [
      "Commands",
      `
create NAME…            Make a group, and those above it
attach NAME PID…        Move processes into it
exec NAME COMMAND…      Run a program in it from the first instruction on
set NAME FILE=VALUE…    Set limits
get NAME [FILE…]        Print values
show NAME [FILE…]       Print folders, processes and values
stat NAME…              Print what it uses and may use
kill NAME…              Kill everything in it and below it
freeze NAME…            Stop its processes, and wait until they have stopped
thaw NAME…              Let them go on
rm NAME…                Remove it`,
    ],
    ["Settings", SETTINGS],
  ],
  examples: [
    ["husk cgroup create sandbox", "A group of that name in every hierarchy"],
    ["husk cgroup set sandbox memory.max=80M cpu.max=5%", "At most 80 MiB, and 5 % of one core"],
    ["husk cgroup exec sandbox sh", "A shell in it"],
    ["husk cgroup attach -g cpu,memory:sandbox 1234", "As cgclassify has it"],
    [
      "husk cgroup create -a alice:alice -g cpu,memory:alice",
      "Hand a group over to a user, as cgcreate does",
    ],
    ["husk cgroup kill sandbox && husk cgroup rm sandbox", "The end"],
  ],
};

const ABOUT: Readonly<Record<string, string>> = {
  ...HAND_ABOUT,
  admin: "Owner of the folder and its files; in v2 of those that can be handed over, so that limits hold",
  all: "Print the values of all controllers",
  "copy-from": "Begin with the settings of this group",
  dperm: "Permissions of the folder, in octal",
  fperm: "Permissions of its files, where the owner has them too",
  tasks: "Owner of what takes processes in: tasks, in v2 cgroup.procs and cgroup.threads",
  tperm: "Permissions of that",
  group: "Group as CONTROLLERS:NAME, or the controllers of the group named",
  variable: "A file (get), or FILE=VALUE (set), as libcgroup has it",
  recursive: "Remove the groups below it too",
  from: "Move every process of this group",
  format: "Output format (default text)",
  "no-headers": "Leave out the names of groups",
  "values-only": "Print the values without their names",
};

const FORMS: Readonly<Record<CgroupCommand, readonly [usage: string, description: string]>> = {
  create: [
    "NAME...",
    "Make control groups, with those above them; what exists stays. In v2 controllers are handed down to them, and processes that are in the way at the top of a container are moved to a group init",
  ],
  attach: ["NAME PID...", "Move processes, with their threads, into a control group"],
  exec: [
    "NAME [COMMAND] [ARG...]",
    "Run a program in a control group from its first instruction on; without a command the shell of $SHELL",
  ],
  set: ["NAME FILE=VALUE...", "Set limits and other values of a control group"],
  get: [
    "NAME [FILE...]",
    "Print values of a control group: one file as it is, several behind their names, none named: all. --explain tells where each was read. With -a, -r or -g, as cgget prints them; then every NAME is a group",
  ],
  show: ["NAME [FILE...]", "Print a control group's folders, processes and values"],
  stat: ["NAME...", "Print what control groups use, and what they may use"],
  kill: ["NAME...", "Kill every process of control groups and of the groups below them, frozen or not"],
  freeze: ["NAME...", "Stop every process of control groups, and wait until they have stopped"],
  thaw: ["NAME...", "Let the processes of control groups go on"],
  rm: ["NAME...", "Remove control groups without processes"],
};

/** The help of `cgroup COMMAND`. */
export function cgroupHelp(name: string | undefined): Help {
  if (name === undefined || !Object.hasOwn(CGROUP_FLAGS, name)) return HELP;
  const command = name as CgroupCommand;
  const [usage, description] = FORMS[command];
  return {
    usage: [`cgroup ${command} [OPTIONS] ${usage}`],
    description,
    flags: CGROUP_FLAGS[command],
    about: ABOUT,
    ...(command === "set" ? { sections: [["Settings", SETTINGS]] as const } : {}),
  };
}
