import { HuskError } from "../platform/error.ts";
import { OPEN_HOW_BYTES, openHow } from "../plan/index.ts";
import {
  O_CLOEXEC,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from "./flags.ts";
import { newFileSystem } from "./file-system.ts";
import type { RootView } from "./in-root.ts";
import type { Mounted } from "./mount-context.ts";
import { quote } from "../plan/index.ts";

/** Which namespaces belong to the container, new or joined, and are not the host's. */
export interface SysctlNamespaces {
  readonly ipc: boolean;
  readonly network: boolean;
  readonly uts: boolean;
}

/**
 * Checks that each of `linux.sysctl` changes a namespace of the container, and not the host (as runc's validator).
 *
 * @throws HuskError `invalid` naming the sysctl
 */
export function checkSysctls(sysctls: Readonly<Record<string, string>>, own: SysctlNamespaces): void {
  for (const name of Object.keys(sysctls)) {
    const parts = sysctlPath(name).split("/");
    if (parts.some((part) => part === "" || part === "." || part === "..")) {
      throw refused(name, "is no sysctl's name", "sysctl -a lists them");
    }
    const dotted = parts.join(".");
    const kind = namespaceOf(dotted);
    if (kind === undefined) {
      throw refused(
        name,
        "is the whole machine's",
        "only net.*, fs.mqueue.*, and the IPC settings of kernel.* can be a container's",
      );
    }
    if (dotted === "kernel.hostname")
      throw refused(name, "is set by hostname", 'use "hostname" (--hostname)');
    if (dotted === "kernel.domainname" && !own.uts)
      throw refused(name, "needs an own UTS namespace", "do not share the host's (--uts)");
    if (!own[kind])
      throw refused(name, `needs an own ${kind} namespace`, `do not share the host's (--${kind})`);
  }
}

function refused(name: string, why: string, hint: string): HuskError {
  return new HuskError("invalid", `sysctl "${name}" ${why}`, { hint });
}

function namespaceOf(name: string): keyof SysctlNamespaces | undefined {
  if (name.startsWith("net.")) return "network";
  if (name.startsWith("fs.mqueue.")) return "ipc";
  switch (name) {
    case "kernel.msgmax":
    case "kernel.msgmnb":
    case "kernel.msgmni":
    case "kernel.sem":
    case "kernel.shmall":
    case "kernel.shmmax":
    case "kernel.shmmni":
    case "kernel.shm_rmid_forced":
    case "kernel.auto_msgmni":
    case "kernel.msg_next_id":
    case "kernel.sem_next_id":
    case "kernel.shm_next_id":
      return "ipc";
    case "kernel.domainname":
    case "kernel.hostname":
      return "uts";
    default:
      return undefined;
  }
}

function swap(name: string): string {
  let out = "";
  for (const letter of name) out += letter === "/" ? "." : letter === "." ? "/" : letter;
  return out;
}

/** The file below /proc/sys of a sysctl: `net/ipv4/conf/eth0.1/x` and `net.ipv4.conf.eth0/1.x` name the same (sysctl(8)). */
export function sysctlPath(name: string): string {
  const dot = name.indexOf(".");
  const slash = name.indexOf("/");
  return slash >= 0 && (dot < 0 || slash < dot) ? name : swap(name);
}

/**
 * Writes `linux.sysctl` through the procfs that husk mounted itself, or one that is mounted nowhere: whatever a
 * container puts in the way of /proc/sys, the value reaches the sysctl or nothing (CVE-2025-52881).
 */
export function writeSysctls(
  root: RootView,
  mounted: Mounted,
  sysctls: Readonly<Record<string, string>>,
): void {
  const names = Object.keys(sysctls);
  if (names.length === 0) return;
  const { list } = root;
  list.step("kernel settings", "sysctls of the container's own namespaces", () => shell(sysctls));
  const proc = mounted.writableProc ?? newFileSystem(list, { type: "proc" }, "nowhere");
  const resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const how = openHow(O_WRONLY | O_CLOEXEC, 0, resolve);
  for (const name of names) {
    const about = `sysctl "${name}"`;
    const value = sysctls[name] as string;
    const file = list.call("openat2", proc, `sys/${sysctlPath(name)}`, how, OPEN_HOW_BYTES).about(about);
    const bytes = new TextEncoder().encode(value);
    list.call("write", file, bytes, bytes.length).expect(bytes.length).about(`${about} = ${value}`);
    list.call("close", file);
  }
}

function shell(sysctls: Readonly<Record<string, string>>): string {
  return Object.entries(sysctls)
    .map(([name, value]) => `echo ${quote(value)} > ${quote(`/proc/sys/${sysctlPath(name)}`)}`)
    .join("\n");
}
