import { CONTAINER_FLAGS } from "../flags/container.ts";
import type { Help } from "./layout.ts";

const DETACH_KEYS = "Keys that leave the container alone (default ctrl-p,ctrl-q)";
const FORMAT = "table, table TEMPLATE, json, or a Go template as docker's";
const MOMENT = "a moment (2026-01-02T13:23:37Z), seconds since 1970, or how long ago (42m)";

/** The help of the commands that look at containers and enter them. */
export const CONTAINER_HELPS: Readonly<Record<keyof typeof CONTAINER_FLAGS, Help>> = {
  attach: {
    usage: ["attach [OPTIONS] CONTAINER"],
    description: `Be at the input and output of a running container

Any number may be at once; a slow one holds up neither the container nor the others. The keys ctrl-p,ctrl-q leave it running. The exit status is the program's.`,
    flags: CONTAINER_FLAGS.attach,
    about: {
      "detach-keys": DETACH_KEYS,
      "no-stdin": "Do not attach to its input",
      "sig-proxy": "Pass on signals to the program (default true)",
    },
  },
  exec: {
    usage: ["exec [OPTIONS] CONTAINER COMMAND [ARG...]"],
    description: `Run a program in a running container

It gets the container's namespaces, control groups, capabilities and system call filter. The exit status is the program's.`,
    flags: CONTAINER_FLAGS.exec,
    about: {
      detach: "Do not wait for its end; it has no input and output",
      "detach-keys": DETACH_KEYS,
      env: "Set an environment variable: NAME=value, or NAME for your own",
      "env-file": "Read environment variables from a file",
      interactive: "Keep standard input open",
      privileged: "Give it all capabilities",
      tty: "Give it a terminal of its own",
      user: "User and group in the container: name|uid[:group|gid]",
      workdir: "Working directory in the container",
    },
    examples: [
      ["husk exec -it web sh", "A shell in a container"],
      ["husk exec -u nobody -w /tmp web ls", "As another user, elsewhere"],
    ],
  },
  logs: {
    usage: ["logs [OPTIONS] CONTAINER"],
    description: `Print what a container wrote

What it wrote to its standard error comes to standard error; every byte is as it was.`,
    flags: CONTAINER_FLAGS.logs,
    about: {
      details: "Begin each line with the labels and variables that --log-opt chose",
      follow: "Go on with what is written from now on, until the container ends",
      since: `Lines from then on: ${MOMENT}`,
      tail: "So many lines from the end (default all)",
      timestamps: "Begin each line with its time",
      until: `Lines before then: ${MOMENT}`,
    },
    examples: [["husk logs -f --tail 20 web", "The last lines, and what comes"]],
  },
  port: {
    usage: ["port CONTAINER [PRIVATE_PORT[/PROTO]]"],
    description: "List a container's published ports, or where one of them is",
    flags: CONTAINER_FLAGS.port,
    about: {},
  },
  ps: {
    usage: ["ps [OPTIONS]"],
    description: "List containers",
    flags: CONTAINER_FLAGS.ps,
    about: {
      all: "Also those that do not run",
      filter: "Only those for which NAME=VALUE holds; see below",
      format: FORMAT,
      last: "The last so many that were created, running or not (default -1)",
      latest: "The one that was created last",
      "no-trunc": "Do not truncate output",
      quiet: "Only show container ids",
      size: "Show what they wrote, in bytes",
    },
    sections: [
      [
        "Filters",
        `
id, name (regular expression), label (KEY or KEY=VALUE), status (created,
restarting, running, removing, paused, exited, dead), exited (exit status),
ancestor (image), before and since (container), volume (name or path),
network, publish and expose (port[/proto] or range), health (starting,
healthy, unhealthy, none). Of one kind any may hold, of different kinds all.`,
      ],
    ],
    examples: [["husk ps -a -f status=exited -f label=env=test", "Ended containers of a label"]],
  },
  stats: {
    usage: ["stats [OPTIONS] [CONTAINER...]"],
    description: `Show what containers use, live

In a terminal the table is renewed twice a second; --no-stream shows it once. Besides docker's fields a template may ask for {{.Throttled}}, {{.CPUPressure}}, {{.MemPressure}} and {{.IOPressure}}.`,
    flags: CONTAINER_FLAGS.stats,
    about: {
      all: "Also those that do not run",
      format: FORMAT,
      "no-stream": "Show it once, and end",
      "no-trunc": "Do not truncate output",
    },
  },
  top: {
    usage: ["top CONTAINER [PS OPTIONS]", "top [OPTIONS]"],
    description: `Show a container's processes, as ps(1) does, or the processes of all

Without a container: a view of the whole screen, like htop's: sorted (P M T), as a tree (t), with signals (k); q ends it. Into a pipe it is JSON.`,
    flags: CONTAINER_FLAGS.top,
    about: { format: "Form of the output without a container (text|json)" },
    examples: [["husk top web -eo pid,user,args", "Columns as ps(1) takes them"]],
  },
};
