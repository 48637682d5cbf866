import { LIFE_FLAGS } from "../flags/life.ts";
import { createFlags } from "../flags/run.ts";
import type { Help } from "./layout.ts";
import { RUN_ABOUT } from "./run-about.ts";

const SIGNAL = "Signal to send to the container (default what it was created with, or TERM)";
const TIMEOUT = "Seconds to wait before killing it, -1 for ever (default what it was created with, or 10)";

/** The help of the commands that change how containers fare. */
export const LIFE_HELPS: Readonly<Record<keyof typeof LIFE_FLAGS | "create", Help>> = {
  "container prune": {
    usage: ["container prune [OPTIONS]"],
    description: "Remove all containers that do not run",
    flags: LIFE_FLAGS["container prune"],
    about: {
      filter: "Only those for which it holds: until=MOMENT, label=KEY[=VALUE], label!=KEY[=VALUE]",
      force: "Do not prompt for confirmation",
    },
  },
  create: {
    usage: ["create [OPTIONS] IMAGE [COMMAND] [ARG...]"],
    description: "Create a new container without starting it; its id is printed",
    flags: createFlags(),
    about: RUN_ABOUT,
    examples: [["husk create --name web host sleep 600 && husk start web", "In two steps"]],
  },
  events: {
    usage: ["events [OPTIONS]"],
    description: `Show what happens to containers, images and volumes, as it happens

It ends when --until is over, or never.`,
    flags: LIFE_FLAGS.events,
    about: {
      filter: "Only those for which NAME=VALUE holds: container, event, image, label, type, volume, …",
      format: "json, or a Go template as docker's",
      since:
        "Also those since then: a moment (2026-01-02T13:23:37Z), seconds since 1970, or how long ago (42m)",
      until: "Only those until then, and end",
    },
    examples: [["husk events --since 10m --until 0s", "The last ten minutes"]],
  },
  kill: {
    usage: ["kill [OPTIONS] CONTAINER [CONTAINER...]"],
    description: "Send a signal to the first process of containers",
    flags: LIFE_FLAGS.kill,
    about: { signal: "Signal to send to the container (default KILL)" },
  },
  pause: {
    usage: ["pause CONTAINER [CONTAINER...]"],
    description: "Stop all processes of containers, until they are unpaused",
    flags: LIFE_FLAGS.pause,
    about: {},
  },
  rename: {
    usage: ["rename CONTAINER NEW_NAME"],
    description: "Rename a container",
    flags: LIFE_FLAGS.rename,
    about: {},
  },
  restart: {
    usage: ["restart [OPTIONS] CONTAINER [CONTAINER...]"],
    description: "End containers, as stop does, and start them",
    flags: LIFE_FLAGS.restart,
    about: { signal: SIGNAL, timeout: TIMEOUT },
  },
  rm: {
    usage: ["rm [OPTIONS] CONTAINER [CONTAINER...]"],
    description: "Remove containers with everything they wrote",
    flags: LIFE_FLAGS.rm,
    about: {
      force: "Kill those that run; do not mind those that are not there",
      link: "Remove a link; husk has none",
      volumes: "Remove the volumes nobody named, too",
    },
  },
  start: {
    usage: ["start [OPTIONS] CONTAINER [CONTAINER...]", "start --all"],
    description: `Start containers that do not run

With --all those whose restart policy wants it after the machine has started; husk system unit prints a unit of systemd's that does so.`,
    flags: LIFE_FLAGS.start,
    about: {
      all: "Start what was running, or is always to run, after a reboot",
      attach: "Be at its output, and pass on signals; the exit status is the program's",
      "detach-keys": "Keys that leave the container alone (default ctrl-p,ctrl-q)",
      interactive: "Be at its input as well",
    },
  },
  stop: {
    usage: ["stop [OPTIONS] CONTAINER [CONTAINER...]", "stop [OPTIONS] --all"],
    description: `Ask programs to end, and kill those that take too long

With --all those of all containers, because the machine is shut down: start --all then starts them again.`,
    flags: LIFE_FLAGS.stop,
    about: { all: "End what runs, before a reboot", signal: SIGNAL, timeout: TIMEOUT },
  },
  "system prune": {
    usage: ["system prune [OPTIONS]"],
    description: "Remove what is not in use: stopped containers, images without a name, volumes",
    flags: LIFE_FLAGS["system prune"],
    about: {
      all: "All images no container stands on, not only those without a name",
      filter: "Only those for which it holds: until=MOMENT, label=KEY[=VALUE], label!=KEY[=VALUE]",
      force: "Do not prompt for confirmation",
      volumes: "Volumes nobody named that no container uses, too",
    },
  },
  "system reset": {
    usage: ["system reset [OPTIONS]"],
    description: `Kill and remove everything of this engine: containers, volumes, images

What remains is as if husk had never run; settings and credentials stay.`,
    flags: LIFE_FLAGS["system reset"],
    about: { force: "Do not prompt for confirmation" },
  },
  "system unit": {
    usage: ["system unit"],
    description: `Print a unit of systemd's that starts containers when the machine has started, and stops them before it is shut down

For root: husk system unit > /etc/systemd/system/husk.service, then systemctl enable husk. An ordinary user's belongs in ~/.config/systemd/user, with loginctl enable-linger.`,
    flags: LIFE_FLAGS["system unit"],
    about: {},
  },
  unpause: {
    usage: ["unpause CONTAINER [CONTAINER...]"],
    description: "Let paused containers go on",
    flags: LIFE_FLAGS.unpause,
    about: {},
  },
  update: {
    usage: ["update [OPTIONS] CONTAINER [CONTAINER...]"],
    description: "Change limits and restart policy of containers, whether they run or not",
    flags: LIFE_FLAGS.update,
    about: RUN_ABOUT,
    examples: [["husk update -m 256m --restart unless-stopped web", "While it runs"]],
  },
  wait: {
    usage: ["wait CONTAINER [CONTAINER...]"],
    description: "Wait until containers have ended, and print their exit codes",
    flags: LIFE_FLAGS.wait,
    about: {},
  },
};
