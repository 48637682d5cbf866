import { IMAGE_FLAGS } from "../flags/image.ts";
import type { Help } from "./layout.ts";

const FORMAT = "Form of the output (text|json) (default text)";
const PLATFORM = "Platform of the image: os/architecture[/variant] (default this machine's)";
const NO_TRUNC = "Do not truncate output";

/** The help of the commands for images. */
export const IMAGE_HELPS: Readonly<Record<keyof typeof IMAGE_FLAGS, Help>> = {
  pull: {
    usage: ["pull [OPTIONS] NAME[:TAG|@DIGEST]"],
    description: `Download an image from a registry

Layers are verified and unpacked while they come in, several at a time. What is here already is not asked for again, and a download that was interrupted goes on where it stopped. A name without a host is docker's hub's.`,
    flags: IMAGE_FLAGS.pull,
    about: { platform: PLATFORM, quiet: "Print only the image's name at the end" },
    examples: [
      ["husk pull debian:bookworm-slim", "An image of docker's hub"],
      ["husk pull localhost:5000/team/app:1", "An image of a registry on this machine"],
    ],
  },
  push: {
    usage: ["push [OPTIONS] NAME[:TAG]"],
    description: `Upload an image to the registry that its name says

What the registry has already is not sent.`,
    flags: IMAGE_FLAGS.push,
    about: {
      platform: "Platform to push where not all of the image's are here (default this machine's)",
      quiet: "Print nothing but errors",
    },
    examples: [["husk tag app localhost:5000/app:1 && husk push localhost:5000/app:1", "To a registry"]],
  },
  images: {
    usage: ["images [OPTIONS] [NAME[:TAG]]"],
    description: "List images",
    flags: IMAGE_FLAGS.images,
    about: {
      digests: "Show digests",
      format: FORMAT,
      "no-trunc": NO_TRUNC,
      quiet: "Only show image ids",
    },
  },
  rmi: {
    usage: ["rmi [OPTIONS] IMAGE [IMAGE...]"],
    description: `Remove images by name or id

A name that is not an image's last one is taken away, and the image stays. Layers that other images share stay, too.`,
    flags: IMAGE_FLAGS.rmi,
    about: { force: "Remove an image by its id with all its names; do not mind one that is not there" },
  },
  tag: {
    usage: ["tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]"],
    description: "Give an image a further name",
    flags: IMAGE_FLAGS.tag,
    about: {},
  },
  history: {
    usage: ["history [OPTIONS] IMAGE"],
    description: "Show how an image was made: its steps, newest first, with the size of their layers",
    flags: IMAGE_FLAGS.history,
    about: { format: FORMAT, "no-trunc": NO_TRUNC, quiet: "Only show image ids" },
  },
  login: {
    usage: ["login [OPTIONS] [REGISTRY]"],
    description: `Log in to a registry

Name and password are tried, and kept where docker keeps them: by the credential helper that ~/.docker/config.json names, or in that file. Without a registry it is docker's hub.`,
    flags: IMAGE_FLAGS.login,
    about: {
      password: "Password; other users of this machine can see it in the list of processes",
      "password-stdin": "Take the password from standard input",
      username: "User name",
    },
    examples: [
      ["husk login -u me --password-stdin localhost:5000 <password.txt", "With a password from a file"],
    ],
  },
  logout: {
    usage: ["logout [REGISTRY]"],
    description: "Forget name and password for a registry",
    flags: IMAGE_FLAGS.logout,
    about: {},
  },
};
