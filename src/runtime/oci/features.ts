import { capabilityNames } from "../../security/index.ts";
import { memoryPolicyFlags, memoryPolicyModes } from "../process/scheduling.ts";
import { SPEC_VERSION } from "../spec-version.ts";

/** Attributes of mounts, which exist with `r` in front for everything below, too. */
const attributes =
  "ro rw nosuid suid nodev dev noexec exec nodiratime diratime nosymfollow symfollow noatime strictatime relatime atime " +
  "norelatime nostrictatime";
const otherOptions =
  "async bind defaults dirsync iversion lazytime loud mand noiversion nolazytime nomand private rbind remount rprivate " +
  "rshared rslave runbindable shared silent slave sync tmpcopyup unbindable idmap ridmap src-nofollow dest-nofollow copy-symlink";

/** What this runtime can do (features.md of the runtime specification). */
export function features(version: string): object {
  const plain = attributes.split(" ");
  return {
    ociVersionMin: "1.0.0",
    ociVersionMax: SPEC_VERSION,
    hooks: ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"],
    mountOptions: [...plain, ...plain.map((name) => `r${name}`), ...otherOptions.split(" ")].toSorted(),
    linux: {
      namespaces: ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"],
      capabilities: capabilityNames,
      cgroup: { v1: true, v2: true, systemd: true, systemdUser: true, rdma: true },
      seccomp: {
        enabled: true,
        actions: names("SCMP_ACT_", "ALLOW ERRNO KILL KILL_PROCESS KILL_THREAD LOG NOTIFY TRACE TRAP"),
        operators: names("SCMP_CMP_", "EQ GE GT LE LT MASKED_EQ NE"),
        archs: names("SCMP_ARCH_", "AARCH64 ARM X32 X86 X86_64"),
        knownFlags: names("SECCOMP_FILTER_FLAG_", "LOG SPEC_ALLOW TSYNC WAIT_KILLABLE_RECV"),
        supportedFlags: names("SECCOMP_FILTER_FLAG_", "LOG SPEC_ALLOW TSYNC WAIT_KILLABLE_RECV"),
      },
      apparmor: { enabled: true },
      selinux: { enabled: true },
      intelRdt: { enabled: true, schemata: true, monitoring: true },
      mountExtensions: { idmap: { enabled: true } },
      netDevices: { enabled: true },
      memoryPolicy: { modes: Object.keys(memoryPolicyModes), flags: Object.keys(memoryPolicyFlags) },
    },
    annotations: { "org.husk.version": version, "org.opencontainers.runc.checkpoint.enabled": "true" },
    potentiallyUnsafeConfigAnnotations: ["org.criu.config", "org.systemd.property."],
  };
}

function names(prefix: string, words: string): string[] {
  return words.split(" ").map((word) => prefix + word);
}
