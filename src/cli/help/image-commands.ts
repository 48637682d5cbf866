import { IMAGE_FLAGS } from "../flags/image.ts";
import type { Help } from "./layout.ts";

const FORMAT = "Form of the output: table, table TEMPLATE, json, or a Go template such as '{{.ID}}'";
const INSPECT_FORMAT = "Form of the output: json, or a Go template such as '{{.Config.Cmd}}'";
const PLATFORM = "Platform of the image: os/architecture[/variant] (default this machine's)";
const NO_TRUNC = "Do not truncate output";

/** The help of the commands for images. */
export const IMAGE_HELPS: Readonly<Record<keyof typeof IMAGE_FLAGS, Help>> = {
  pull: {
    usage: ["pull [OPTIONS] NAME[:TAG|@DIGEST]"],
    description: `Download an image from a registry

Layers are verified and unpacked while they come in, several at a time. What is here already is not asked for again, and a download that was interrupted goes on where it stopped. A name without a host is docker's hub's.`,
    flags: IMAGE_FLAGS.pull,
    about: {
      "all-tags": "Download every tag of the repository",
      platform: PLATFORM,
      quiet: "Print only the image's name at the end",
    },
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
      "all-tags": "Push every tag of the repository that is here",
      platform: "Platform to push where not all of the image's are here (default this machine's)",
      quiet: "Print nothing but errors",
    },
    examples: [["husk tag app localhost:5000/app:1 && husk push localhost:5000/app:1", "To a registry"]],
  },
  images: {
    usage: ["images [OPTIONS] [NAME[:TAG]]"],
    description: "List images, the newest first",
    flags: IMAGE_FLAGS.images,
    about: {
      all: "Show all images: husk keeps none in between, so these are the same",
      digests: "Show digests",
      filter:
        "Only images that fit KEY=VALUE: before, since (an image), dangling, label, label!, reference (a pattern), until (a time)",
      format: FORMAT,
      "no-trunc": NO_TRUNC,
      quiet: "Only show image ids",
    },
    examples: [
      ["husk images --filter 'reference=*/app:*'", "By name"],
      ["husk images --format 'table {{.Repository}}\\t{{.Size}}'", "With columns of one's own"],
    ],
  },
  rmi: {
    usage: ["rmi [OPTIONS] IMAGE [IMAGE...]"],
    description: `Remove images by name or id

A name that is not an image's last one is taken away, and the image stays. Layers that other images share stay, too.`,
    flags: IMAGE_FLAGS.rmi,
    about: {
      force:
        "Remove an image by its id with all its names, also if stopped containers stand on it; do not mind one that is not there",
      "no-prune": "Keep untagged parents: husk has none, so nothing changes",
      platform: PLATFORM,
    },
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
    about: {
      format: FORMAT,
      human: "Sizes and times for people (default true)",
      "no-trunc": NO_TRUNC,
      platform: PLATFORM,
      quiet: "Only show image ids",
    },
  },
  inspect: {
    usage: ["inspect [OPTIONS] NAME|ID [NAME|ID...]"],
    description: `Show everything that is known of a thing, as docker shows it

A name may be a container's, an image's or a volume's; it is looked for in this order.`,
    flags: IMAGE_FLAGS.inspect,
    about: {
      format: INSPECT_FORMAT,
      platform: PLATFORM,
      size: "Show how large containers are",
      type: "Only things of this kind",
    },
    examples: [["husk inspect --format '{{json .Config.Env}}' debian:bookworm", "One field of it"]],
  },
  save: {
    usage: ["save [OPTIONS] IMAGE [IMAGE...]"],
    description: `Write images to an archive, with manifests and layers as they are here

docker-archive is docker's form since version 25, which is an OCI image layout with a manifest.json, so docker, podman, skopeo and containerd read it. oci-archive and oci-dir are the layout alone, with manifests in OCI's form.`,
    flags: IMAGE_FLAGS.save,
    about: {
      format: "docker-archive, oci-archive or oci-dir (default docker-archive)",
      output: "Write to this file or, for oci-dir, new folder (default standard output)",
      platform: "Only this platform (default all that are here)",
    },
    examples: [["husk save app:1 app:2 | ssh there husk load", "To another machine"]],
  },
  load: {
    usage: ["load [OPTIONS]"],
    description: `Bring the images of an archive into the store

It may be docker's archive of any version since 1.10, an OCI archive, both also compressed with gzip or zstd, or a folder with an OCI image layout. Everything is verified before an image gets its name.`,
    flags: IMAGE_FLAGS.load,
    about: {
      input: "Read from this file or folder (default standard input)",
      platform: "Only this platform (default all that are there)",
      quiet: "Print only the images' names at the end",
    },
  },
  import: {
    usage: ["import [OPTIONS] FILE|URL|- [NAME[:TAG]]"],
    description: `Make an image of the tar archive of a root file system

The archive may be compressed with gzip or zstd. The image's id goes to standard output.`,
    flags: IMAGE_FLAGS.import,
    about: {
      change:
        "Instruction of a Dockerfile for the image: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, VOLUME, WORKDIR...",
      message: "Comment of the image's history (default where it came from)",
      platform: "Platform of the files (default this machine's)",
    },
    examples: [["tar -C rootfs -c . | husk import -c 'CMD [\"sh\"]' - mine:1", "A folder becomes an image"]],
  },
  search: {
    usage: ["search [OPTIONS] [HOST/]TERM"],
    description: `Look for repositories: at docker's hub, or at the registry HOST

Registries without a search are asked for their catalog. With --list-tags the tags of one repository are shown.`,
    flags: IMAGE_FLAGS.search,
    about: {
      filter: "Only repositories that fit KEY=VALUE: is-official, is-automated, stars (at least as many)",
      format: FORMAT,
      limit: "At most as many (default 25)",
      "list-tags": "Show the tags of a repository",
      "no-trunc": NO_TRUNC,
    },
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
  "image inspect": {
    usage: ["image inspect [OPTIONS] IMAGE [IMAGE...]"],
    description: "Show everything that is known of images, as docker shows it",
    flags: IMAGE_FLAGS["image inspect"],
    about: { format: INSPECT_FORMAT, platform: PLATFORM },
  },
  "image prune": {
    usage: ["image prune [OPTIONS]"],
    description: `Remove images without a name, and what nothing refers to

Images that a container stands on stay.`,
    flags: IMAGE_FLAGS["image prune"],
    about: {
      all: "Remove all images that no container stands on",
      filter: "Only images that fit KEY=VALUE: until (a time), label, label!",
      force: "Do not ask",
    },
    examples: [["husk image prune -a --filter until=240h", "All unused ones older than ten days"]],
  },
  "system df": {
    usage: ["system df [OPTIONS]"],
    description: `Show what takes how much of the disk

Images count as they are unpacked, a layer that several share once.`,
    flags: IMAGE_FLAGS["system df"],
    about: { format: FORMAT, verbose: "Show each thing by itself" },
  },
};
