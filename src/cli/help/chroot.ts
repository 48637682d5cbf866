import { HAND_ABOUT } from "../by-hand.ts";
import { CHROOT_FLAGS } from "../flags/chroot.ts";
import type { Help } from "./layout.ts";

export const HELP: Help = {
  usage: ["chroot [OPTIONS] DIR [COMMAND] [ARG...]"],
  description: `Run a program whose root is a folder, and nothing else of a container

For root it is chroot(2) alone: the program sees and can end the host's processes. An ordinary user is root of a user namespace. With --volume, --read-only or --keep-old-root there is a mount namespace, and pivot_root(2) changes the root. Without a command it is '$SHELL -i' (default '/bin/sh -i'). The exit status is the program's; 125 if husk failed, 126 if the program cannot be executed, 127 if there is none.`,
  flags: CHROOT_FLAGS,
  about: {
    ...HAND_ABOUT,
    "gid-map": "Map groups in a user namespace (0:1000:1 or '0 1000 1', several with commas)",
    ipc: "New IPC namespace",
    "keep-old-root": "Keep the host's root mounted in the jail",
    net: "New network namespace: a loopback device that is down, and nothing else",
    network: "none is --net; host is as without",
    "old-root": "Folder of the jail where --keep-old-root leaves the host's root (default /mnt)",
    "read-only": "Mount the jail's root read-only",
    "uid-map": "Map users in a user namespace (0:1000:1 or '0 1000 1', several with commas)",
    user: "Username or UID of the jail (format: <name|uid>[:<group|gid>])",
    volume: "Bind mount a folder or file (source:target[:ro])",
  },
  examples: [
    ["husk jail make ./jail bash ls cat", "A folder with three programs and all they need"],
    ["husk chroot ./jail bash", "A shell in it"],
    ["husk chroot -v ./data:/data:ro --read-only ./jail ls /data", "With a folder of the host"],
    ["husk chroot --explain ./jail ls /", "Every system call, with times"],
  ],
};
