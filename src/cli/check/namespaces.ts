import { type Finding, limited, type Machine, no, type Section, yes } from "./machine.ts";

/** Each kind: its file in /proc/self/ns, the sysctl that limits it, and how people call it. */
const KINDS: readonly (readonly [file: string, name: string])[] = [
  ["mnt", "mount"],
  ["pid", "pid"],
  ["uts", "uts"],
  ["ipc", "ipc"],
  ["net", "network"],
  ["cgroup", "cgroup"],
  ["time", "time"],
];

/** Which namespaces the kernel has and lets be made. */
export function namespaceSection(machine: Machine, isPrivileged: boolean): Section {
  const findings = KINDS.map(([file, name]) => namespace(machine, file, name));
  findings.push(userNamespace(machine, isPrivileged));
  return { title: "Namespaces", findings };
}

function namespace(machine: Machine, file: string, name: string): Finding {
  if (machine.stat(`/proc/self/ns/${file}`) === undefined) {
    const isNeeded = file !== "time" && file !== "cgroup";
    const detail = "this kernel is built without it";
    const mend = `boot a kernel with CONFIG_${file === "mnt" ? "NAMESPACES" : `${name.toUpperCase()}_NS`}`;
    return isNeeded ? no(name, detail, mend) : limited(name, detail, mend);
  }
  return limitOf(machine, file, name) ?? yes(name);
}

function limitOf(machine: Machine, file: string, name: string): Finding | undefined {
  const sysctl = `user.max_${file}_namespaces`;
  if (machine.read(`/proc/sys/${sysctl.replace(".", "/")}`)?.trim() !== "0") return undefined;
  const state = file === "time" || file === "user" ? limited : no;
  return state(name, `${sysctl} is 0: none may be made`, `as root: sysctl ${sysctl}=10000`);
}

function userNamespace(machine: Machine, isPrivileged: boolean): Finding {
  const missing = isPrivileged ? limited : no;
  const need = isPrivileged ? "only --userns private and --uidmap need it" : "an ordinary user needs one";
  if (machine.stat("/proc/self/ns/user") === undefined) {
    return missing("user", `this kernel is built without it; ${need}`, "boot a kernel with CONFIG_USER_NS");
  }
  const limit = limitOf(machine, "user", "user");
  if (limit !== undefined)
    return { ...limit, state: missing("", "", "").state, detail: `${limit.detail}; ${need}` };
  if (isPrivileged) return yes("user");
  if (machine.read("/proc/sys/kernel/unprivileged_userns_clone")?.trim() === "0") {
    return no(
      "user",
      "kernel.unprivileged_userns_clone is 0: only root may make one",
      "as root: sysctl kernel.unprivileged_userns_clone=1",
    );
  }
  if (machine.read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")?.trim() === "1") {
    return limited(
      "user",
      "AppArmor takes the rights away in a namespace of a program it has no profile for",
      "as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or write a profile for husk with userns,",
    );
  }
  return yes("user");
}
