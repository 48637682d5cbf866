import type { Call, List, Result } from "../plan/index.ts";
import {
  type LinuxNamespace,
  namespaceFiles,
  namespaceFlags,
  namespaceReasons,
  type NamespaceType,
} from "./types.ts";

const O_RDONLY_CLOEXEC = 0o2000000;

/** setns(2) needs the user namespace first: only there may one enter the others that belong to it. */
const joinOrder: readonly NamespaceType[] = [
  "user",
  "ipc",
  "uts",
  "network",
  "pid",
  "cgroup",
  "time",
  "mount",
];

/** An opened namespace that a process is going to enter. */
export interface OpenNamespace {
  readonly type: NamespaceType;
  readonly path: string;
  readonly fd: Call;
}

/** Opens the namespaces that are to be joined, with husk's rights and the host's paths. */
export function openNamespaces(keeper: List, namespaces: readonly LinuxNamespace[]): OpenNamespace[] {
  const opened: OpenNamespace[] = [];
  for (const type of joinOrder) {
    for (const namespace of namespaces) {
      if (namespace.type !== type || namespace.path === undefined || namespace.path === "") continue;
      if (opened.length === 0) {
        keeper.step(
          "open the namespaces to join",
          "their paths are the host's, so they are opened before anything changes",
        );
      }
      const { path } = namespace;
      opened.push({ type, path, fd: keeper.call("openat", -100, path, O_RDONLY_CLOEXEC).about(path) });
    }
  }
  return opened;
}

/** Opens namespaces of a process, by a descriptor of its folder in /proc. */
export function openNamespacesOf(
  keeper: List,
  process: number | Result,
  kinds: readonly NamespaceType[],
): OpenNamespace[] {
  const opened: OpenNamespace[] = [];
  for (const type of joinOrder) {
    if (!kinds.includes(type)) continue;
    const path = `ns/${namespaceFiles[type]}`;
    const fd = keeper.call("openat", process, path, O_RDONLY_CLOEXEC, 0);
    opened.push({ type, path: "the container", fd: fd.about(`the container's ${type} namespace`) });
  }
  return opened;
}

/**
 * Enters opened namespaces, in the process that clones the container's. A pid namespace takes effect for the next
 * child; that of the control groups is left to the child ({@link joinCgroupNamespace}).
 */
export function joinNamespaces(list: List, opened: readonly OpenNamespace[]): void {
  for (const namespace of opened) if (namespace.type !== "cgroup") join(list, namespace);
}

/**
 * Enters the control group namespace among opened ones, in the container's process: with `nsdelegate`, which systemd
 * mounts cgroup v2 with, nobody in it can be cloned from a group outside of it (cgroup-v2.rst, "Delegation Containment").
 */
export function joinCgroupNamespace(list: List, opened: readonly OpenNamespace[]): void {
  for (const namespace of opened) if (namespace.type === "cgroup") join(list, namespace);
}

function join(list: List, { type, path, fd }: OpenNamespace): void {
  list.step(
    `join the ${type} namespace of ${path}`,
    `shared: ${namespaceReasons[type]}`,
    () => "#   nsenter(1), below",
  );
  list.call("setns", fd, namespaceFlags[type]).about(`${path} as ${type} namespace`);
}
