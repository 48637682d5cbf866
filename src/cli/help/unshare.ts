import { HAND_ABOUT } from "../by-hand.ts";
import { UNSHARE_FLAGS } from "../flags/unshare.ts";
import type { Help } from "./layout.ts";

export const HELP: Help = {
  usage: ["unshare [OPTIONS] [COMMAND] [ARG...]"],
  description: `Run a program in new namespaces, and nothing else of a container

Options and meaning are those of unshare(1) of util-linux 2.38; without a command the shell of $SHELL is run. The exit status is the program's, 125 if husk failed. --root is unshare's here: husk's own stands before the command.`,
  flags: UNSHARE_FLAGS,
  about: {
    ...HAND_ABOUT,
    boottime: "Offset of CLOCK_BOOTTIME in the new time namespace",
    cgroup: "New cgroup namespace; with a file, kept alive there",
    fork: "Make the program a child: it is then pid 1 of a new pid namespace",
    ipc: "New IPC namespace; with a file, kept alive there",
    "keep-caps": "Keep the capabilities of the new user namespace",
    "kill-child": "Send the program a signal when husk ends (default KILL); implies --fork",
    "map-auto": "Map the caller's first ranges of /etc/subuid and /etc/subgid from 0 on",
    "map-current-user": "The caller's own ids stay what they are inside",
    "map-group": "Id inside for the caller's own group",
    "map-groups": "Map a block of group ids, or auto",
    "map-root-user": "The caller is root inside",
    "map-user": "Id inside for the caller's own id",
    "map-users": "Map a block of user ids, or auto",
    monotonic: "Offset of CLOCK_MONOTONIC in the new time namespace",
    mount: "New mount namespace; with a file, kept alive there",
    "mount-proc": "Mount a new procfs (default /proc); implies --mount",
    net: "New network namespace; with a file, kept alive there",
    pid: "New pid namespace; with a file, kept alive there (needs --fork)",
    propagation: "Mount propagation in the new mount namespace (default private)",
    root: "Change the root to this folder",
    setgid: "Run as this group, without supplementary ones",
    setgroups: "Allow or deny setgroups(2) in the new user namespace",
    setuid: "Run as this user",
    time: "New time namespace; with a file, kept alive there (needs --fork)",
    user: "New user namespace; with a file, kept alive there",
    uts: "New UTS namespace (hostname); with a file, kept alive there",
    wd: "Start in this folder",
  },
  examples: [
    ["husk unshare --uts sh -c 'hostname x; hostname'", "A hostname of its own (as root)"],
    ["husk unshare --pid --fork --mount-proc ps ax", "A process tree of its own"],
    ["husk unshare --user --map-root-user id", "Root of a user namespace, as anybody"],
    ["husk unshare -muinpf -r --explain sh", "Everything at once, with the time of each step"],
  ],
};
