import { IMAGE_BOOTSTRAP_FLAGS } from "../flags/image-bootstrap.ts";
import { IMAGE_MAKE_FLAGS } from "../flags/image-make.ts";
import { IMAGE_HELPS } from "./image-commands.ts";
import type { Help } from "./layout.ts";

/** The commands of `husk image`, with a line on each. */
export const IMAGE_COMMANDS: readonly (readonly [name: string, summary: string])[] = [
  ["bootstrap", "Make an image of a distribution's packages"],
  ["make", "Make an image of programs of this machine"],
  ["ls", "List images (husk images)"],
  ["rm", "Remove images (husk rmi)"],
  ["pull", "Download an image (husk pull)"],
  ["push", "Upload an image (husk push)"],
  ["tag", "Give an image a further name (husk tag)"],
  ["history", "Show how an image was made (husk history)"],
  ["inspect", "Show everything that is known of images"],
  ["prune", "Remove images without a name, or unused ones"],
  ["save", "Write images to an archive (husk save)"],
  ["load", "Bring the images of an archive here (husk load)"],
  ["import", "Make an image of a root file system (husk import)"],
];

export const HELP: Help = {
  usage: ["image COMMAND"],
  description: "Get, make, list and remove images",
  flags: "\n",
  about: {},
  sections: [
    ["Commands", IMAGE_COMMANDS.map(([name, summary]) => `${name.padEnd(10)} ${summary}`).join("\n")],
  ],
  examples: [
    ["husk image bootstrap debian:bookworm", "A Debian system, by debootstrap or mmdebstrap"],
    ["husk image make box busybox --link sh,ls,cat", "An image of one megabyte"],
  ],
};

const BOOTSTRAP: Help = {
  usage: ["image bootstrap [OPTIONS] [DISTRIBUTION:]SUITE"],
  description: `Make an image of a distribution's packages, through mmdebstrap or debootstrap

The second time the same is asked for, the image that is here is taken. The same packages give the same digest: what tells of this machine and this moment is left out, and nothing is younger than the newest package, or than $SOURCE_DATE_EPOCH. An ordinary user needs mmdebstrap.`,
  flags: IMAGE_BOOTSTRAP_FLAGS,
  about: {
    arch: "Processor, as Debian names it (default this machine's)",
    components: "Components of the archive, such as main,contrib (default main)",
    exclude: "Packages to leave out (debootstrap only)",
    include: "Packages to add",
    keyring: "Keys that the archive is signed with (default the distribution's)",
    mirror: "Where the packages come from (default the distribution's own place)",
    "no-cache": "Make it anew",
    quiet: "Print only the image's name at the end",
    tag: "Name of the image (default DISTRIBUTION:SUITE, with what is unusual)",
    tool: "Who makes it (default mmdebstrap where it is installed)",
    variant: "What is in it: what has to be, a compiler too, or what is usual (default minbase)",
  },
  examples: [
    ["husk image bootstrap debian:bookworm && husk run -it debian:bookworm", "A shell in a new Debian"],
    ["husk image bootstrap ubuntu:jammy --include curl,ca-certificates", "With more packages"],
    ["husk image bootstrap debian:12 --variant buildd --arch i386", "To build packages for 32 bits"],
  ],
};

const MAKE: Help = {
  usage: ["image make [OPTIONS] NAME PROGRAM [PROGRAM...]"],
  description: `Make an image of programs of this machine, with their loaders and libraries and nothing else

What a program needs is found as its loader would find it; nothing is run, so it may be for another processor. Without --entrypoint and --cmd the first program is the entrypoint, or the command if it is a shell or busybox. Everything belongs to root and has one date, so equal programs give an equal digest.`,
  flags: IMAGE_MAKE_FLAGS,
  about: {
    cmd: "Arguments of the entrypoint, or the command: words, or a JSON list",
    entrypoint: "Program that is always run: words, or a JSON list",
    env: "Variable: NAME=value, or NAME for your own value",
    expose: "Port that the program listens on",
    from: "Take the programs from this root file system, also of another processor (default /)",
    include: "Further file or folder: FILE, or FILE:PATH in the image",
    label: "Label: NAME=value",
    link: "Further names of the first program, with commas between them",
    quiet: "Print only the image's name at the end",
    "stop-signal": "Signal that asks the program to end",
    user: "User that runs the program: name or id, with :group",
    volume: "Folder whose content outlives the container",
    workdir: "Folder in which the program begins",
  },
  examples: [
    ["husk image make box busybox --link sh,ls,cat && husk run -it box sh", "An image of one megabyte"],
    ["husk image make web python3 --include ./site:/srv --workdir /srv", "With files of its own"],
  ],
};

/** The help of `image COMMAND`. */
export function imageHelp(name: string | undefined): Help {
  switch (name) {
    case "bootstrap":
      return BOOTSTRAP;
    case "make":
      return MAKE;
    case "ls":
    case "list":
      return IMAGE_HELPS.images;
    case "rm":
    case "remove":
      return IMAGE_HELPS.rmi;
    case "pull":
    case "push":
    case "tag":
    case "history":
    case "save":
    case "load":
    case "import":
      return IMAGE_HELPS[name];
    case "inspect":
    case "prune":
      return IMAGE_HELPS[`image ${name}`];
    default:
      return HELP;
  }
}
