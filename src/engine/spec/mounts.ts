import { existsSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import type { Mount } from "../../rootfs/index.ts";
import type { BindSpec, DeviceMountSpec, MountedSpec, RunOptions } from "../run-options.ts";

const DEFAULT_SHM_SIZE = 64 * 1024 * 1024;

/** What the default mounts depend on. */
export interface MountFacts {
  /** The container has an IPC namespace of its own; otherwise it gets the host's queues and memory. */
  readonly ownIpc: boolean;
  readonly inUserNamespace: boolean;
}

/** The mounts every container has, as docker has them (moby, oci/defaults.go), in the order they are made. */
export function defaultMounts(options: RunOptions, { ownIpc, inUserNamespace }: MountFacts): Mount[] {
  const common = ["nosuid", "noexec", "nodev"];
  const ro = options.privileged === true ? common : [...common, "ro"];
  const mounts: Mount[] = [
    { destination: "/proc", type: "proc", source: "proc", options: common },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: ro },
    { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ro },
  ];
  // A file system of message queues shows an IPC namespace, and only its owner may mount it.
  if (ownIpc || !inUserNamespace) {
    mounts.push({ destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: common });
  } else if (existsSync("/dev/mqueue")) {
    mounts.push(bindOf("/dev/mqueue", common));
  }
  if (!ownIpc && existsSync("/dev/shm")) {
    mounts.push(bindOf("/dev/shm", common));
  } else if (options.ipc !== "none") {
    const size = `size=${options.shmSize ?? DEFAULT_SHM_SIZE}`;
    mounts.push({
      destination: "/dev/shm",
      type: "tmpfs",
      source: "shm",
      options: [...common, "mode=1777", size],
    });
  }
  return mounts;
}

/** The host's own mount, with everything below it. */
function bindOf(path: string, options: readonly string[]): Mount {
  return { destination: path, type: "bind", source: path, options: ["rbind", "rprivate", ...options] };
}

/**
 * Adds the user's mounts: as docker, each replaces a default one at the same place (and those
 * below it), and outer ones come before inner ones.
 *
 * @throws HuskError "invalid" for a mount on "/" and for two at one place
 */
export function mergeMounts(defaults: Mount[], wanted: readonly MountedSpec[]): Mount[] {
  if (wanted.length === 0) return defaults;
  const added = wanted.map(mountOf);
  const places = new Set<string>();
  for (const { destination } of added) {
    if (destination === "/") {
      throw new HuskError("invalid", "mount on /: a container's root cannot be covered", {
        hint: "name the folder itself as the root file system: husk run --rootfs DIR",
      });
    }
    if (places.has(destination)) throw new HuskError("invalid", `mount on ${destination}: given twice`);
    places.add(destination);
  }
  const kept = defaults.filter(({ destination }) => {
    for (const place of places)
      if (destination === place || destination.startsWith(`${place}/`)) return false;
    return true;
  });
  return [...kept, ...added.toSorted((a, b) => depth(a.destination) - depth(b.destination))];
}

function mountOf(spec: MountedSpec): Mount {
  if (spec.type === "bind") return bindMount(spec);
  return spec.type === "tmpfs" ? tmpfsMount(spec) : deviceMount(spec);
}

/** A bind mount as config.json has it. */
export function bindMount({ source, sourceRoot, target, readOnly, recursive, propagation }: BindSpec): Mount {
  const options = [recursive === "disabled" ? "bind" : "rbind", propagation ?? "rprivate"];
  if (readOnly === true) {
    // "ro" is about the one mount, "rro" about those below it too (mount_setattr(2)).
    options.push(recursive === "disabled" || recursive === "writable" ? "ro" : "rro");
  }
  const root = sourceRoot === undefined ? {} : { sourceRoot };
  return { destination: tidy(target), type: "bind", source, options, ...root };
}

function deviceMount({ target, fileSystem, device, options }: DeviceMountSpec): Mount {
  return { destination: tidy(target), type: fileSystem, source: device, options };
}

function tmpfsMount({ target, options }: Extract<MountedSpec, { type: "tmpfs" }>): Mount {
  return {
    destination: tidy(target),
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "nodev", "noexec", ...options],
  };
}

/** `/a//b/` as `/a/b`; ".." is left to the kernel, which resolves it inside the root. */
function tidy(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return `/${parts.join("/")}`;
}

function depth(path: string): number {
  return path.split("/").length;
}

/** Gives a bundle's /dev/shm another size, in bytes. */
export function resizeShm(mounts: readonly Mount[], size: number): Mount[] {
  return mounts.map((mount) => {
    if (mount.destination !== "/dev/shm" || mount.type !== "tmpfs") return mount;
    const others = (mount.options ?? []).filter((option) => !option.startsWith("size="));
    return { ...mount, options: [...others, `size=${size}`] };
  });
}
