import { VOLUME_FLAGS } from "../flags/volume.ts";
import type { Help } from "./layout.ts";

/** The commands of `husk volume`, with a line on each. */
export const VOLUME_COMMANDS: readonly (readonly [name: string, summary: string])[] = [
  ["create", "Make a volume"],
  ["inspect", "Show all there is to know of volumes"],
  ["ls", "List volumes"],
  ["prune", "Remove volumes that no container uses"],
  ["rm", "Remove volumes"],
];

const FORMAT = "Layout: table, table TEMPLATE, json, or a Go template";

const HELP: Help = {
  usage: ["volume COMMAND"],
  description: `Folders that outlive containers

A volume is a folder below husk's own (husk volume inspect shows where) that any number of containers can use, at the same time too: husk run -v NAME:/path. A new one is filled with what the image has at the path.`,
  flags: "\n",
  about: {},
  sections: [
    ["Commands", VOLUME_COMMANDS.map(([name, summary]) => `${name.padEnd(10)} ${summary}`).join("\n")],
  ],
  examples: [
    ["husk run --rm -v notes:/notes host sh -c 'date >> /notes/log'", "Made when it is first used"],
    ["husk volume create --opt type=tmpfs --opt device=tmpfs --opt o=size=64m fast", "In memory"],
  ],
};

/** The help of `volume COMMAND`. */
export function volumeHelp(name: string | undefined): Help {
  switch (name) {
    case "create":
      return {
        usage: ["volume create [OPTIONS] [VOLUME]"],
        description: `Make a volume

Without a name it gets one of 64 digits. One that exists is taken as it is. With --opt, what type, device and o say is mounted in each container that uses it, and never on this machine itself.`,
        flags: VOLUME_FLAGS.create,
        about: {
          driver: "Only local",
          label: "Label: NAME=value",
          opt: "type=, device= and o=, as mount(8) has them",
        },
      };
    case "inspect":
      return {
        usage: ["volume inspect [OPTIONS] VOLUME [VOLUME...]"],
        description: "Show all there is to know of volumes, as JSON",
        flags: VOLUME_FLAGS.inspect,
        about: { format: "json, or a Go template" },
      };
    case "ls":
    case "list":
      return {
        usage: ["volume ls [OPTIONS]"],
        description: "List volumes",
        flags: VOLUME_FLAGS.ls,
        about: {
          filter: "dangling=true|false, label=NAME[=value], name=PART",
          format: FORMAT,
          quiet: "Only show names",
        },
      };
    case "prune":
      return {
        usage: ["volume prune [OPTIONS]"],
        description: "Remove volumes that no container uses: those nobody named, or with --all every one",
        flags: VOLUME_FLAGS.prune,
        about: {
          all: "Those with names too",
          filter: "label=NAME[=value], label!=NAME[=value]",
          force: "Do not ask first",
        },
      };
    case "rm":
    case "remove":
      return {
        usage: ["volume rm [OPTIONS] VOLUME [VOLUME...]"],
        description:
          "Remove volumes with all that is in them; not while a container, even a stopped one, uses them",
        flags: VOLUME_FLAGS.rm,
        about: { force: "Do not mind one that is not there" },
      };
    default:
      return HELP;
  }
}
