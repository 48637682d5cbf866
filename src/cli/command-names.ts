/** The commands there are, with the line the overview and the completion show. */
export const COMMANDS: readonly (readonly [name: string, summary: string])[] = [
  ["run", "Run a program in a new container"],
  ["ps", "List containers"],
  ["exec", "Run a program in a running container"],
  ["logs", "Print what a container wrote"],
  ["attach", "Be at the input and output of a running container"],
  ["inspect", "Show all that is known of containers and images, as JSON"],
  ["top", "Show the processes of a container, or of all"],
  ["stats", "Show what containers use, live"],
  ["port", "List a container's published ports"],
  ["explain", "Print what run would do, step by step"],
  ["pull", "Download an image from a registry"],
  ["push", "Upload an image to a registry"],
  ["images", "List images"],
  ["rmi", "Remove images"],
  ["tag", "Give an image a further name"],
  ["history", "Show how an image was made"],
  ["image", "Make images of packages or programs; further commands for images"],
  ["save", "Write images to an archive"],
  ["load", "Bring the images of an archive here"],
  ["import", "Make an image of a root file system's archive"],
  ["search", "Look for repositories of a registry"],
  ["login", "Log in to a registry"],
  ["logout", "Log out of a registry"],
  ["volume", "Make, list and remove volumes"],
  ["chroot", "Run a program whose root is a folder, by hand"],
  ["jail", "Fill a folder with programs and all they need; list one"],
  ["unshare", "Run a program in new namespaces, by hand"],
  ["nsenter", "Run a program in namespaces that exist, by hand"],
  ["cgroup", "Make, limit and use control groups, by hand"],
  ["check", "Tell what this kernel and user can do, and what is missing"],
  ["info", "Show this installation: folders, cgroups, security"],
  ["version", "Show the versions of husk and of what it runs on"],
  ["system", "Show what takes how much of the disk"],
  ["completion", "Print the completion script for bash, zsh or fish"],
  ["oci", "OCI runtime command line (also reached as husk-oci)"],
  ["help", "Show the help of a command"],
];

/** Docker's commands that husk does not have yet. */
export const LATER_COMMANDS =
  "build builder buildx checkpoint commit compose config container context cp create diff events " +
  "export kill manifest network node pause plugin " +
  "rename restart rm secret service stack start stop swarm trust " +
  "unpause update wait";
