import type { NamespaceType } from "../../namespace/index.ts";

/** The flags of unshare(1) and nsenter(1) that name a namespace. */
export const NAMESPACE_FLAGS: Readonly<Record<string, NamespaceType>> = {
  cgroup: "cgroup",
  ipc: "ipc",
  mount: "mount",
  net: "network",
  pid: "pid",
  time: "time",
  user: "user",
  uts: "uts",
};

/** The largest user or group id: one more means "none" to the kernel. */
export const MOST_IDS = 0xfffffffe;
