import { CHANGE_FLAGS } from "../flags/changes.ts";
import type { Help } from "./layout.ts";

/** The help of the commands about a container's file system. */
export const CHANGE_HELPS: Readonly<Record<keyof typeof CHANGE_FLAGS, Help>> = {
  apply: {
    usage: ["apply [OPTIONS] CONTAINER [PATH...]"],
    description: `Bring what a container of host changed over to this machine

A program is tried in a container first (husk run host); husk diff shows what it would have changed; this does it. All of it, or what lies at and below the paths. Files are put in their places only when all of them are ready. If something on this machine changed since the container was created, nothing is done, and that is said. Changes in /tmp, /run and the like are left out unless named.`,
    flags: CHANGE_FLAGS.apply,
    about: { "dry-run": "Only show what would be done" },
    examples: [
      ["husk run --name try --with . -w $PWD host make install", "Try it, in this folder"],
      ["husk diff try", "See what it changed"],
      ["husk apply --dry-run try && husk apply try /usr/local", "Take it over"],
    ],
  },
  commit: {
    usage: ["commit [OPTIONS] CONTAINER [REPOSITORY[:TAG]]"],
    description: `Make an image of a container

It is the container's image with what the container wrote as a further layer, and runs as the container does. Volumes are not part of it. A running container is frozen meanwhile. The image's id is printed.`,
    flags: CHANGE_FLAGS.commit,
    about: {
      author: "Who made it",
      change: "Instruction of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, …",
      message: "What was done",
      pause: "Freeze the container meanwhile (always done)",
    },
    examples: [["husk commit -c 'CMD [\"sh\"]' ready app:1", "An image of a prepared container"]],
  },
  cp: {
    usage: ["cp [OPTIONS] CONTAINER:SOURCE TARGET|-", "cp [OPTIONS] SOURCE|- CONTAINER:TARGET"],
    description: `Copy files between a container, running or not, and this machine

A source goes into a target that is a folder, else under that name; of a folder that ends in /. only the content. - is an archive on standard input or output. Links in the container never lead out of it. Volumes are seen. A running container is frozen meanwhile.`,
    flags: CHANGE_FLAGS.cp,
    about: {
      archive: "Keep the ids of owners (default the container's root, or your own)",
      "follow-link": "A source that is a link stands for what it points to",
      quiet: "Print nothing but errors",
    },
    examples: [
      ["husk cp ./site web:/srv", "A folder into /srv, as /srv/site"],
      ["husk cp web:/etc/hosts - | tar tv", "An archive"],
    ],
  },
  diff: {
    usage: ["diff CONTAINER"],
    description: `Show what a container changed in its file system

A line for each file: A added, C changed, D deleted. Of a container of host it is what the program would have changed on this machine. Volumes and other mounts are not part of it.`,
    flags: CHANGE_FLAGS.diff,
    about: {},
    examples: [["husk run --name try host touch /etc/new; husk diff try", "C /etc, A /etc/new"]],
  },
  export: {
    usage: ["export [OPTIONS] CONTAINER"],
    description: `Write the root file system of a container as an archive

Without volumes and other mounts. A running container is frozen meanwhile. husk import makes an image of it.`,
    flags: CHANGE_FLAGS.export,
    about: { output: "File to write (default standard output, which may be no terminal)" },
    examples: [["husk export web | tar t", "What is in it"]],
  },
  fork: {
    usage: ["fork CONTAINER [NEW_NAME]"],
    description: `Make a new container of what another one's files are now

It is as the first one was asked to be (program, limits, volumes with names), and not started yet; a volume without a name is copied. From then on they go their own ways. What a stopped container of an image wrote becomes a layer that both share, in milliseconds whatever its size; a running one is frozen while its changes are copied. The new container's id is printed.`,
    flags: CHANGE_FLAGS.fork,
    about: {},
    examples: [
      ["husk run --name ready debian sh -c 'apt-get update'", "A state that took a while"],
      ["husk fork ready one && husk start -a one", "Go on from there, as often as you like"],
    ],
  },
};
