import { type Finding, limited, type Machine, no, type Section, yes } from "./machine.ts";

/** What husk calls, the Linux that brought it (man pages, "HISTORY"), and what needs it. */
const CALLS: readonly (readonly [name: string, since: string, need: string])[] = [
  ["fsopen, open_tree, move_mount", "5.2", "every mount"],
  ["clone3", "5.3", "making the container's first process"],
  ["openat2", "5.6", "paths that cannot leave the root filesystem"],
  ["clone3 into a cgroup", "5.7", "cgroup v2"],
  ["close_range", "5.9", "closing what the program must not see"],
  ["mount_setattr", "5.12", "read-only views"],
];

/** The kernel's version, and whether it has the system calls husk makes. */
export function kernelSection(machine: Machine): Section {
  const release = machine.read("/proc/sys/kernel/osrelease")?.trim() ?? "";
  const findings: Finding[] = [
    isAtLeast(release, "5.15")
      ? yes("Linux", release)
      : limited(
          "Linux",
          `${release} is older than what husk is tested on (6.1)`,
          "boot a kernel from 6.1 on",
        ),
  ];
  for (const [name, since, need] of CALLS) {
    findings.push(
      isAtLeast(release, since)
        ? yes(name, `since Linux ${since}`)
        : no(name, `needed for ${need}`, `boot a kernel from ${since} on, best 6.1 or newer`),
    );
  }
  findings.push(overlay(machine, release), memfd(machine));
  return { title: "Kernel", findings };
}

function overlay(machine: Machine, release: string): Finding {
  const known = machine.read("/proc/filesystems")?.includes("\toverlay\n") ?? false;
  const loadable = machine.stat(`/lib/modules/${release}/kernel/fs/overlayfs`) !== undefined;
  if (!known && !loadable) {
    return limited("overlay", "the image host needs it; --rootfs does not", "as root: modprobe overlay");
  }
  if (machine.uid !== 0 && !isAtLeast(release, "5.11")) {
    return limited("overlay", "an ordinary user's image host needs Linux 5.11", "boot a newer kernel");
  }
  return yes("overlay", known ? "copy-on-write for the image host" : "a module, loaded when it is needed");
}

function memfd(machine: Machine): Finding {
  if (machine.read("/proc/sys/vm/memfd_noexec")?.trim() !== "2") {
    return yes("memfd", "the keeper is sealed in one, out of reach of containers");
  }
  return limited(
    "memfd",
    "may not be executed here: the keeper seals itself by a read-only clone of its file",
    "nothing needs to be done; for the faster way: sysctl vm.memfd_noexec=1",
  );
}

/** Whether a release such as `6.1.0-13-amd64` is `version` or newer. */
export function isAtLeast(release: string, version: string): boolean {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = version.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
