import { describe, expect, test } from "bun:test";
import type { CgroupFacts } from "../../cgroup/index.ts";
import { cgroupSection } from "./cgroups.ts";
import { isAtLeast, kernelSection } from "./kernel.ts";
import type { Machine, Section } from "./machine.ts";
import { namespaceSection } from "./namespaces.ts";
import { isPrivileged, rightsSection } from "./rights.ts";
import { securitySection } from "./security.ts";

const namespaces = ["mnt", "pid", "uts", "ipc", "net", "cgroup", "time", "user"];

/** A machine with everything, changed by `files` (undefined takes a file away). */
function machine(files: Record<string, string | undefined> = {}, uid = 0): Machine {
  const all: Record<string, string | undefined> = {
    "/proc/sys/kernel/osrelease": "6.1.0-13-amd64\n",
    "/proc/filesystems": "nodev\tproc\nnodev\toverlay\n",
    "/proc/self/status": `Name:\thusk\nCapEff:\t${uid === 0 ? "000001ffffffffff" : "0000000000000000"}\n`,
    "/proc/sys/kernel/seccomp/actions_avail": "kill_process allow\n",
    "/sys/module/apparmor/parameters/enabled": "Y\n",
    "/etc/passwd": "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n",
    "/etc/subuid": "ann:100000:65536\n",
    "/etc/subgid": "ann:100000:65536\n",
    "/usr/bin/newuidmap": "",
    "/usr/bin/newgidmap": "",
    ...Object.fromEntries(namespaces.map((name) => [`/proc/self/ns/${name}`, ""])),
    ...files,
  };
  return {
    read: (path) => all[path],
    stat: (path) => (all[path] === undefined ? undefined : { mode: 0o100755, uid: 0 }),
    uid,
    gid: uid,
    env: { PATH: "/usr/bin" },
  };
}

/** What is not there: subject, state and mend. */
function lacks(section: Section): string[] {
  return section.findings
    .filter(({ state }) => state !== "yes")
    .map(({ subject, state, mend }) => `${subject}: ${state}: ${mend}`);
}

test("a release is compared by its numbers", () => {
  expect(isAtLeast("6.1.0-13-amd64", "5.12")).toBe(true);
  expect(isAtLeast("5.9.1", "5.12")).toBe(false);
  expect(isAtLeast("5.12-rc1", "5.12")).toBe(true);
  expect(isAtLeast("6.18.44-fc-v657", "6.8")).toBe(true);
  expect(isAtLeast("", "5.2")).toBe(false);
});

test("a machine with everything lacks nothing", () => {
  const whole = machine();
  expect(isPrivileged(whole)).toBe(true);
  for (const section of [
    kernelSection(whole),
    namespaceSection(whole, true),
    rightsSection(whole),
    securitySection(whole),
  ]) {
    expect(lacks(section)).toEqual([]);
  }
});

describe("what is missing is named with its mend", () => {
  test("calls of a newer kernel", () => {
    expect(lacks(kernelSection(machine({ "/proc/sys/kernel/osrelease": "5.10.0\n" })))).toEqual([
      "Linux: limited: boot a kernel from 6.1 on",
      "mount_setattr: no: boot a kernel from 5.12 on, best 6.1 or newer",
    ]);
  });

  test("overlay, and memfds that may not be executed", () => {
    const changed = machine({ "/proc/filesystems": "nodev\tproc\n", "/proc/sys/vm/memfd_noexec": "2\n" });
    expect(lacks(kernelSection(changed))).toEqual([
      "overlay: limited: as root: modprobe overlay",
      "memfd: limited: nothing needs to be done; for the faster way: sysctl vm.memfd_noexec=1",
    ]);
  });

  test("namespaces the kernel lacks or forbids", () => {
    const changed = machine({
      "/proc/self/ns/pid": undefined,
      "/proc/self/ns/time": undefined,
      "/proc/sys/user/max_net_namespaces": "0\n",
    });
    expect(lacks(namespaceSection(changed, true))).toEqual([
      "pid: no: boot a kernel with CONFIG_PID_NS",
      "network: no: as root: sysctl user.max_net_namespaces=10000",
      "time: limited: boot a kernel with CONFIG_TIME_NS",
    ]);
  });

  test("user namespaces: root can do without, an ordinary user cannot", () => {
    const files = { "/proc/sys/user/max_user_namespaces": "0\n" };
    const mend = "as root: sysctl user.max_user_namespaces=10000";
    expect(lacks(namespaceSection(machine(files), true))).toEqual([`user: limited: ${mend}`]);
    expect(lacks(namespaceSection(machine(files, 1000), false))).toEqual([`user: no: ${mend}`]);
    const debian = machine({ "/proc/sys/kernel/unprivileged_userns_clone": "0\n" }, 1000);
    expect(lacks(namespaceSection(debian, false))).toEqual([
      "user: no: as root: sysctl kernel.unprivileged_userns_clone=1",
    ]);
  });

  test("capabilities of a root that is none", () => {
    const weak = machine({ "/proc/self/status": "CapEff:\t0000000000200000\n" });
    expect(rightsSection(weak).findings[0]).toMatchObject({
      state: "no",
      detail:
        "missing: CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_SYS_CHROOT, CAP_MKNOD, CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_KILL",
    });
  });

  test("id ranges of an ordinary user", () => {
    expect(lacks(rightsSection(machine({}, 1000)))).toEqual([]);
    const changed = machine({ "/etc/subgid": "bob:1:2\n", "/usr/bin/newuidmap": undefined }, 1000);
    expect(lacks(rightsSection(changed))).toEqual([
      "newuidmap: limited: as root: apt-get install uidmap",
      "/etc/subgid: limited: as root: usermod --add-subgids 100000-165535 ann",
    ]);
  });

  test("filters and labels", () => {
    const changed = machine({
      "/proc/sys/kernel/seccomp/actions_avail": undefined,
      "/sys/module/apparmor/parameters/enabled": "N\n",
    });
    expect(securitySection(changed).findings.map(({ state }) => state)).toEqual(["no", "limited"]);
  });

  test("controllers: undelegated ones share one command, others have their own", () => {
    const controller = { version: 1 as const, usable: false, flags: ["--pids-limit"] };
    const facts: CgroupFacts = {
      version: "hybrid",
      swapAccounting: false,
      deviceRules: true,
      unified: true,
      controllers: [
        { ...controller, controller: "pids", mount: "/c/pids", problem: "not delegated to this user" },
        { ...controller, controller: "memory", mount: "/c/memory", usable: true, problem: undefined },
        { ...controller, controller: "cpuset", mount: "/c/cpuset", problem: "not delegated to this user" },
        { ...controller, controller: "cpu", mount: "/c/cpu", problem: "mounted read-only" },
        { ...controller, controller: "io", version: undefined, mount: undefined, problem: "not mounted" },
      ],
    };
    expect(lacks(cgroupSection(facts, 1000))).toEqual([
      "pids: limited: undefined",
      "cpuset: limited: undefined",
      "cpu: limited: as root: mount -o remount,rw /c/cpu",
      "io: limited: as root: mkdir -p /sys/fs/cgroup/blkio && mount -t cgroup -o blkio cgroup /sys/fs/cgroup/blkio",
      "swap: limited: boot with swapaccount=1",
      "delegation: limited: as root: for d in /c/pids /c/cpuset; do mkdir -p $d/husk-1000 && chown -R 1000 $d/husk-1000; " +
        "done && for f in cpus mems; do cat /c/cpuset/cpuset.$f > /c/cpuset/husk-1000/cpuset.$f; done",
    ]);
  });
});
