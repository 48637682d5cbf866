import { isNewNamespace } from "../namespace/index.ts";
import type { Spec } from "./config.ts";

/**
 * The user of the host to whom a container's v2 group is handed, or undefined: with a new cgroup namespace and a cgroup
 * mount that can be written, the one that the container's process runs as (config-linux.md, "Cgroup ownership").
 */
export function cgroupOwner({ process, mounts = [], linux }: Spec): number | undefined {
  const { namespaces, uidMappings = [] } = linux;
  if (!isNewNamespace(namespaces, "cgroup")) return undefined;
  let writable = false;
  for (const { type, destination, options = [] } of mounts) {
    if (destination !== "/sys/fs/cgroup") continue;
    const isCgroup = type === "cgroup" || type === "cgroup2";
    writable = isCgroup && options.lastIndexOf("ro") <= options.lastIndexOf("rw");
  }
  if (!writable) return undefined;
  const { uid } = process.user;
  let owner: number | undefined = uid;
  if (isNewNamespace(namespaces, "user")) {
    owner = undefined;
    for (const { containerID, hostID, size } of uidMappings)
      if (uid >= containerID && uid < containerID + size) owner = hostID + uid - containerID;
  } else if (namespaces?.some(({ type }) => type === "user")) return undefined;
  // Root's it is anyway.
  return owner === 0 ? undefined : owner;
}
