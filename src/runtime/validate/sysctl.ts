import { statSync } from "node:fs";
import { pathOf, refuse } from "./field.ts";

const ipcNames = new Set([
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
  "kernel.sem",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "kernel.shm_rmid_forced",
  "kernel.msg_next_id",
  "kernel.sem_next_id",
  "kernel.shm_next_id",
  "kernel.auto_msgmni",
]);

/** The namespace that a kernel parameter belongs to; undefined: none, it is the whole machine's. */
export function sysctlNamespace(name: string): "ipc" | "network" | "uts" | "user" | undefined {
  if (name.startsWith("net.")) return "network";
  if (name.startsWith("fs.mqueue.") || ipcNames.has(name)) return "ipc";
  if (name === "kernel.domainname" || name === "kernel.hostname") return "uts";
  if (name.startsWith("user.max_")) return "user";
  return undefined;
}

/**
 * Checks `linux.sysctl`: only parameters of a namespace that is not the host's.
 *
 * @param own the container's namespaces with the path each is joined by
 */
export function checkSysctls(sysctl: Record<string, string>, own: Map<string, string | undefined>): void {
  for (const name in sysctl) {
    const path = pathOf("linux.sysctl", name);
    // In this form "/" stands for a dot inside a name (sysctl(8)), as in net.ipv4.conf.eth0/100.forwarding.
    if (name.includes("..") || name.startsWith(".") || name.endsWith(".") || name.includes("/.")) {
      refuse(path, "is no name of a kernel parameter");
    }
    const type = sysctlNamespace(name);
    if (type === undefined) {
      refuse(path, "belongs to the whole machine, not to a namespace", "set it on the host with sysctl -w");
    }
    if (name === "kernel.hostname") refuse(path, "is what the field hostname is for");
    if (!own.has(type)) refuse(path, `needs {"type": "${type}"} in linux.namespaces`);
    const joined = own.get(type);
    if (joined !== undefined && isOwnNamespace(joined, type)) {
      refuse(path, `${joined} is the host's own ${type} namespace`);
    }
  }
}

const links = { ipc: "ipc", network: "net", uts: "uts", user: "user" };

/** Whether `path` is the namespace this process is in. */
function isOwnNamespace(path: string, type: keyof typeof links): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  const here = statSync(`/proc/self/ns/${links[type]}`, { throwIfNoEntry: false });
  return there !== undefined && here !== undefined && there.ino === here.ino && there.dev === here.dev;
}
