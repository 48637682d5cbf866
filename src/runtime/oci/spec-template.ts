import type { Mount } from "../../rootfs/index.ts";
import type { Spec } from "../config.ts";
import { SPEC_VERSION } from "../spec-version.ts";

const CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

/**
 * A configuration to begin with, as `runc spec` writes it: a shell at a terminal in `rootfs`.
 *
 * @param rootless ids of the ordinary user it is for
 */
export function specTemplate(rootless?: { readonly uid: number; readonly gid: number }): Spec {
  const namespaces = ["pid", "network", "ipc", "uts", "mount", "cgroup"] as const;
  const own =
    rootless === undefined
      ? namespaces
      : ([...namespaces.filter((type) => type !== "network"), "user"] as const);
  return {
    ociVersion: SPEC_VERSION,
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ["sh"],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
      cwd: "/",
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: true },
    hostname: "husk",
    mounts: mounts(rootless !== undefined),
    linux: {
      ...(rootless === undefined
        ? {}
        : {
            uidMappings: [{ containerID: 0, hostID: rootless.uid, size: 1 }],
            gidMappings: [{ containerID: 0, hostID: rootless.gid, size: 1 }],
          }),
      ...(rootless === undefined ? { resources: { devices: [{ allow: false, access: "rwm" }] } } : {}),
      namespaces: own.map((type) => ({ type })),
      maskedPaths: [
        ...[
          "/proc/acpi",
          "/proc/asound",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/timer_list",
        ],
        ...["/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"],
      ],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}

function mounts(rootless: boolean): Mount[] {
  const strict = ["nosuid", "noexec", "nodev"];
  const terminals = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"];
  const sys: Mount = rootless
    ? { destination: "/sys", type: "none", source: "/sys", options: ["rbind", ...strict, "ro"] }
    : { destination: "/sys", type: "sysfs", source: "sysfs", options: [...strict, "ro"] };
  const shm = [...strict, "mode=1777", "size=65536k"];
  const dev = ["nosuid", "strictatime", "mode=755", "size=65536k"];
  return [
    { destination: "/proc", type: "proc", source: "proc" },
    { destination: "/dev", type: "tmpfs", source: "tmpfs", options: dev },
    // An ordinary user maps no group 5 (tty).
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: rootless ? terminals : [...terminals, "gid=5"],
    },
    { destination: "/dev/shm", type: "tmpfs", source: "shm", options: shm },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: strict },
    sys,
    {
      destination: "/sys/fs/cgroup",
      type: "cgroup",
      source: "cgroup",
      options: [...strict, "relatime", "ro"],
    },
  ];
}
