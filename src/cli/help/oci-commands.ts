import { OCI_COMMANDS } from "../flags/oci.ts";
import type { Help } from "./layout.ts";

const CREATE_ABOUT: Readonly<Record<string, string>> = {
  bundle: "Folder of the bundle (default the current one)",
  config: "Configuration instead of the bundle's config.json",
  "console-socket": "Unix socket that gets the other end of the container's terminal",
  detach: "Do not wait for the container's end",
  keep: "Keep the container's state after its end",
  "no-new-keyring": "Keep the caller's session keyring",
  "no-pivot": "Change the root by moving the mount instead of pivot_root, for a root on a ramdisk",
  "no-subreaper": "Accepted as by runc: husk never reaps what is not its own",
  "pid-file": "Write the process id of the container's first process to this file",
  "pidfd-socket": "Unix socket that gets a pidfd of the container's first process",
  "preserve-fds": "Hand on this many descriptors from 3 on",
};

const CRIU_ABOUT: Readonly<Record<string, string>> = {
  "auto-dedup": "Keep no page of memory twice in images that follow each other",
  "empty-ns": "Make a namespace without restoring what was in it (network, which is always so)",
  "ext-unix-sk": "Allow unix sockets whose other end is outside",
  "file-locks": "Write and restore locks of files",
  "image-path": "Folder of the images (default checkpoint)",
  "lazy-pages": "Leave memory where it is until it is needed",
  "manage-cgroups-mode": "What is done with control groups (soft|full|strict|ignore)",
  "shell-job": "Allow processes of the caller's terminal",
  "tcp-established": "Allow connections that are open",
  "work-path": "Folder for logs and the like (default that of the images)",
};

const FORMAT_ABOUT = { format: "Form of the output (table|json) (default table)" };

/** Usage behind `husk oci `, description, what the flags do. */
const TEXTS: Readonly<Record<string, readonly [usage: string, description: string, about?: Help["about"]]>> =
  {
    checkpoint: [
      "checkpoint [OPTIONS] ID",
      `Write the state of a container's processes into files, by criu

The container is gone afterwards, unless it is left running.`,
      {
        ...CRIU_ABOUT,
        "leave-running": "The container goes on",
        "link-remap": "Allow open files whose names are gone",
        "page-server": "ADDRESS:PORT of a page server that gets the memory",
        "parent-path": "Folder of the images before, relative to the new one",
        "pre-dump": "Write the memory alone, and leave the container running",
        "status-fd": "Descriptor that gets a NUL when lazy pages are ready",
        "tcp-skip-in-flight": "Leave out connections that are just being made",
      },
    ],
    create: [
      "create [OPTIONS] ID",
      `Create a container from a bundle, which waits for its start

The bundle is a folder with a config.json of the OCI runtime specification and a root filesystem. No process of husk's stays: the container's first process belongs to whoever reaps the caller's children.`,
      CREATE_ABOUT,
    ],
    delete: [
      "delete [OPTIONS] ID",
      "Remove what is left of a container that has ended",
      { force: "End it first, by SIGKILL" },
    ],
    exec: [
      "exec [OPTIONS] ID PROGRAM [ARGUMENTS...]",
      "Run a program in a running container",
      {
        "additional-gids": "More groups, by number",
        apparmor: "AppArmor profile of the program",
        cap: "Add a capability",
        cgroup: "Enter a control group below the container's: PATH or CONTROLLER:PATH",
        "console-socket": "Unix socket that gets the other end of the program's terminal",
        cwd: "Working directory in the container",
        detach: "Do not wait for the program's end",
        env: "Set an environment variable",
        "ignore-paused": "Also in a paused container: the program runs when it goes on",
        "no-new-privs": "The program cannot gain privileges",
        "pid-file": "Write the program's process id to this file",
        "pidfd-socket": "Unix socket that gets a pidfd of the program",
        "preserve-fds": "Hand on this many descriptors from 3 on",
        process: "File with the program as `process` of a configuration",
        "process-label": "SELinux label of the program",
        tty: "Give the program a terminal of its own",
        user: "UID or UID:GID",
      },
    ],
    features: ["features", "Show as JSON what this runtime can do"],
    kill: [
      "kill [OPTIONS] ID [SIGNAL]",
      "Send a signal to a container's first process (default SIGTERM)",
      { all: "Send it to every process in the container" },
    ],
    list: ["list [OPTIONS]", "List the containers", { ...FORMAT_ABOUT, quiet: "Ids only" }],
    mounts: [
      "mounts add|remove ID FILE",
      `Add mounts to a container that is there, or remove them

FILE is JSON: the list \`mounts\` of a configuration, or an object that has it; - is standard input. To remove, only the destinations count.`,
    ],
    pause: ["pause ID", "Stop everything in a container"],
    ps: [
      "ps [OPTIONS] ID [PS OPTIONS]",
      "List the processes in a container, as ps(1) shows them",
      FORMAT_ABOUT,
    ],
    restore: [
      "restore [OPTIONS] ID",
      "Make a container of what checkpoint has written",
      {
        ...CRIU_ABOUT,
        bundle: "Folder of the bundle (default the current one)",
        "console-socket": "Unix socket that gets the other end of the container's terminal",
        detach: "Do not wait for the container's end",
        "lsm-mount-context": "SELinux context of mounts",
        "lsm-profile": "Profile of a security module, as TYPE:NAME",
        "no-pivot": "Accepted as by runc: criu changes the root",
        "no-subreaper": "Accepted as by runc: husk never reaps what is not its own",
        "pid-file": "Write the process id of the container's first process to this file",
      },
    ],
    resume: ["resume ID", "Let everything in a paused container go on"],
    run: [
      "run [OPTIONS] ID",
      `Create a container from a bundle and start it

The bundle is a folder with a config.json of the OCI runtime specification and a root filesystem.`,
      CREATE_ABOUT,
    ],
    spec: [
      "spec [OPTIONS]",
      "Write a config.json to begin with",
      { bundle: "Folder it is written to (default the current one)", rootless: "For an ordinary user" },
    ],
    start: ["start ID", "Start the program of a created container"],
    state: ["state ID", "Show a container's state as JSON"],
    update: [
      "update [OPTIONS] ID",
      `Change the limits of a container

What is not given stays as it is.`,
      {
        "blkio-weight": "Relative weight of block I/O, 10 to 1000",
        "cpu-burst": "Microseconds of CPU time that may be saved up",
        "cpu-idle": "1: only CPU time nobody else wants",
        "cpu-period": "Length of the periods CPU time is counted in, in microseconds",
        "cpu-quota": "CPU time of each period, in microseconds",
        "cpu-rt-period": "Length of the periods of real-time tasks, in microseconds",
        "cpu-rt-runtime": "CPU time of real-time tasks in each period, in microseconds",
        "cpu-share": "Relative weight of CPU time",
        "cpuset-cpus": "CPUs to run on, such as 0-3,5",
        "cpuset-mems": "Memory nodes to take memory from",
        memory: "Memory limit in bytes, or with a unit; -1: none",
        "memory-reservation": "Soft limit of memory",
        "memory-swap": "Limit of memory and swap together; -1: none",
        "pids-limit": "Most processes there may be; -1: any number",
        resources: "File with `linux.resources` as JSON, - for stdin; the other options do not count then",
      },
    ],
  };

/** The commands in alphabetical order, with the first line of their descriptions. */
export function ociSummaries(): (readonly [name: string, summary: string])[] {
  return Object.entries(TEXTS).map(([name, [, description]]) => [name, description.split("\n")[0] as string]);
}

/** The help of a command of `husk oci`; undefined: there is no such command. */
export function ociHelp(name: string): Help | undefined {
  const text = TEXTS[name];
  if (text === undefined) return undefined;
  const [usage, description, about = {}] = text;
  return { usage: [`oci [OPTIONS] ${usage}`], description, flags: OCI_COMMANDS[name] as string, about };
}
