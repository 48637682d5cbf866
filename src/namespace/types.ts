/** Kinds of namespaces, as config.json names them (runtime-spec, config-linux.md). */
export type NamespaceType = "pid" | "network" | "mount" | "ipc" | "uts" | "user" | "cgroup" | "time";

/** `linux.namespaces[]`: a new one, or with `path` an existing one to join. */
export interface LinuxNamespace {
  readonly type: NamespaceType;
  readonly path?: string;
}

/** The namespace of a kind that a configuration lists: a new one or one to join. */
export function namespaceOf(
  namespaces: readonly LinuxNamespace[] | undefined,
  type: NamespaceType,
): LinuxNamespace | undefined {
  if (namespaces === undefined) return undefined;
  for (let i = 0; i < namespaces.length; i++) if (namespaces[i]?.type === type) return namespaces[i];
  return undefined;
}

/** Whether it lists a new one of a kind. */
export function isNewNamespace(
  namespaces: readonly LinuxNamespace[] | undefined,
  type: NamespaceType,
): boolean {
  const namespace = namespaceOf(namespaces, type);
  return namespace !== undefined && (namespace.path ?? "") === "";
}

/** `linux.uidMappings[]`, `linux.gidMappings[]`: `size` ids from `containerID` on are `hostID`… outside. */
export interface LinuxIdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

/** CLONE_NEW* of each kind (clone(2)); also what setns(2) checks a descriptor against. */
export const namespaceFlags: Readonly<Record<NamespaceType, number>> = {
  time: 0x80,
  mount: 0x20000,
  cgroup: 0x2000000,
  uts: 0x4000000,
  ipc: 0x8000000,
  user: 0x10000000,
  pid: 0x20000000,
  network: 0x40000000,
};

/** Name of each kind below /proc/<pid>/ns. */
export const namespaceFiles: Readonly<Record<NamespaceType, string>> = {
  time: "time",
  mount: "mnt",
  cgroup: "cgroup",
  uts: "uts",
  ipc: "ipc",
  user: "user",
  pid: "pid",
  network: "net",
};

/** What each kind hides, for people who read a plan. */
export const namespaceReasons: Readonly<Record<NamespaceType, string>> = {
  time: "its own boot and monotonic clocks",
  mount: "mounts made in here do not appear on the host",
  cgroup: "it sees its own control groups as the root",
  uts: "a hostname of its own",
  ipc: "System V IPC and POSIX message queues of its own",
  user: "its root is nobody on the host",
  pid: "it sees and signals only its own processes, and its first one is pid 1",
  network: "interfaces, addresses and ports of its own",
};
