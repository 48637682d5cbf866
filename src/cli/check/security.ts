import { type Finding, limited, type Machine, no, type Section, yes } from "./machine.ts";

/** What of the kernel's protections is there. */
export function securitySection(machine: Machine): Section {
  return { title: "Security", findings: [seccomp(machine), labels(machine)] };
}

function seccomp(machine: Machine): Finding {
  const actions = machine.read("/proc/sys/kernel/seccomp/actions_avail")?.trim();
  return actions === undefined
    ? no(
        "seccomp",
        "this kernel has no filters; every container gets one",
        "boot a kernel with CONFIG_SECCOMP_FILTER, or run with --security-opt seccomp=unconfined",
      )
    : yes("seccomp", actions);
}

/** Neither being on is no lack of husk's: its other layers stand without them. */
function labels(machine: Machine): Finding {
  if (machine.read("/sys/module/apparmor/parameters/enabled")?.trim() === "Y") {
    return yes("AppArmor", "on: --security-opt apparmor=PROFILE");
  }
  const mode = machine.read("/sys/fs/selinux/enforce")?.trim();
  if (mode !== undefined) return yes("SELinux", mode === "1" ? "enforcing" : "permissive");
  return limited(
    "AppArmor, SELinux",
    "neither is on: only --security-opt apparmor=… and label=… need one",
    "boot with security=apparmor or security=selinux",
  );
}
