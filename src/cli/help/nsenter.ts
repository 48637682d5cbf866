import { HAND_ABOUT } from "../by-hand.ts";
import { NSENTER_FLAGS } from "../flags/nsenter.ts";
import type { Help } from "./layout.ts";

export const HELP: Help = {
  usage: ["nsenter [OPTIONS] [COMMAND] [ARG...]"],
  description: `Run a program in namespaces that exist

Options and meaning are those of nsenter(1) of util-linux 2.38; without a command the shell of $SHELL is run. A file stands behind '=' or directly behind the letter. The exit status is the program's, 125 if husk failed.`,
  flags: NSENTER_FLAGS,
  about: {
    ...HAND_ABOUT,
    all: "Enter all namespaces of the target",
    cgroup: "Enter the cgroup namespace",
    ipc: "Enter the IPC namespace",
    mount: "Enter the mount namespace",
    net: "Enter the network namespace",
    "no-fork": "Become the program without a fork, also with --pid",
    pid: "Enter the pid namespace: the program is a child in it",
    "preserve-credentials": "Keep the ids when entering a user namespace",
    root: "Change the root (default the target's)",
    setgid: "Run as this group, without supplementary ones",
    setuid: "Run as this user",
    target: "Process whose namespaces are meant",
    time: "Enter the time namespace",
    user: "Enter the user namespace, as its root",
    uts: "Enter the UTS namespace",
    wd: "Start in this folder (default the target's), opened before",
    wdns: "Start in this folder, opened inside",
  },
  examples: [
    ["husk nsenter -t 1234 -a sh", "A shell in everything that process 1234 is in"],
    ["husk nsenter --target 1234 --net ip address", "The network of process 1234"],
    ["husk nsenter --uts=/root/uts-ns hostname", "A namespace that a file keeps alive"],
  ],
};
