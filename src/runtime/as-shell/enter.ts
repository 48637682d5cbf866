import { type Clone, quote } from "../../plan/index.ts";
import { namespaceFiles } from "../../namespace/index.ts";
import type { ContainerRequest } from "../container-request.ts";

/** unshare(1)'s option for each CLONE_NEW* flag; a user namespace is entered instead, as its maps need somebody outside. */
const unshareOptions: readonly (readonly [number, string])[] = [
  [0x20000, "--mount --propagation unchanged"],
  [0x4000000, "--uts"],
  [0x8000000, "--ipc"],
  [0x40000000, "--net"],
  [0x80, "--time"],
  [0x20000000, "--pid --fork --kill-child=KILL"],
];

/** The command by which the subshell becomes the container's first process (or its parent, with a pid namespace). */
export function enterShell(clone: Clone, request: ContainerRequest, cgroupNamespace: boolean): string[] {
  const flags = new Int32Array(clone.args.bytes.buffer)[0] as number;
  const made = unshareOptions.filter(([flag]) => (flags & flag) !== 0).map(([, option]) => option);
  if (cgroupNamespace) made.push("--cgroup");
  const joined = joinOptions(request);
  const words: string[] = [];
  if (joined.length > 0) words.push(`nsenter ${joined.join(" ")} --`);
  if (made.length > 0) words.push(`unshare ${made.join(" ")} --`);
  words.push('/bin/sh -c "$INSIDE" husk');
  return `exec ${words.join(" \\\n  ")}`.split("\n");
}

function joinOptions({ spec, idMapWriter }: ContainerRequest): string[] {
  const options: string[] = [];
  for (const { type, path = "" } of spec.linux.namespaces ?? []) {
    if (path !== "") options.push(`--${namespaceFiles[type].replace("mnt", "mount")}=${quote(path)}`);
    else if (type === "user") {
      options.unshift('--user=/proc/"$HOLDER"/ns/user');
      // With setgroups(2) denied nsenter(1) may not clear the groups, and the own id is mapped to 0 anyway.
      if (idMapWriter?.kind === "single") options.push("--preserve-credentials");
    }
  }
  return options;
}
