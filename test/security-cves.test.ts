// Weaknesses that other container runtimes had, each tried on husk: how a container begins, who it runs as, what
// it can call. Those by way of the root file system are in rootfs-escapes.test.ts; docs/security.md has the table.
import { describe, expect } from "bun:test";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { syscallNumbers } from "../src/plan/index.ts";
import type { Config } from "./harness/bundle.ts";
import {
  cgroupVersion,
  compile,
  engine,
  huskPath,
  isRoot,
  makeBundle,
  makeRootfs,
  needs,
  type Result,
  run,
  temporaryFolder,
} from "./harness/index.ts";

const test = needs({ command: "busybox" });
const asRoot = needs({ root: true, command: "busybox" });
const withCompiler = needs({ command: ["busybox", "cc"] });
const asRootWithCompiler = needs({ root: true, command: ["busybox", "cc"] });

/** `husk run … --rootfs DIR COMMAND…` in an engine of its own. */
function inRootfs(
  flags: readonly string[],
  command: readonly string[],
  rootfs = makeRootfs(),
): Promise<Result> {
  return engine().husk(["run", "--rm", ...flags, "--rootfs", rootfs, "--", ...command]);
}

/** `husk oci run` of the default bundle, changed by `change`. */
function inBundle(change: (config: Config) => void, command: readonly string[] = ["true"]): Promise<Result> {
  const { path } = makeBundle(command, change);
  return engine().husk(["oci", "run", "--bundle", path, `cve-${process.pid}-${path.length}`]);
}

/** What `oci run` says when it refuses: one line, and status 1 as runc. */
function refusal({ status, stdout, stderr }: Result): string {
  expect([status, stdout, stderr.trim().split("\n").length]).toEqual([1, "", 1]);
  return stderr;
}

describe("how a container begins", () => {
  test("CVE-2019-5736: a program that is /proc/self/exe overwrites neither husk nor its keeper", async () => {
    const keeper = (folder: string) => readdirSync(folder).find((name) => name.startsWith("keeper-"));
    const { husk, root } = engine();
    const digest = () =>
      [huskPath, ...(keeper(root) === undefined ? [] : [join(root, keeper(root)!)])].map((path) =>
        createHash("sha256").update(readFileSync(path)).digest("hex"),
      );
    const rootfs = makeRootfs();
    writeFileSync(join(rootfs, "bin/itself"), "#!/proc/self/exe\n");
    chmodSync(join(rootfs, "bin/itself"), 0o755);
    expect((await husk(["run", "--rootfs", rootfs, "--", "true"])).status).toBe(0);
    const before = digest();
    expect((await husk(["run", "--rootfs", rootfs, "--", "/bin/itself"])).status).toBeGreaterThan(0);
    const script =
      "for n in 1 2 3 4 5 6 7 8 9; do (echo x > /proc/$n/exe) 2>&1; done | grep -c x; readlink /proc/1/exe";
    const { stdout } = await husk(["run", "--init", "--rootfs", rootfs, "--", "sh", "-c", script]);
    expect(stdout).toContain("/memfd:husk-keeper (deleted)");
    expect(before).toHaveLength(2);
    expect(digest()).toEqual(before);
  });

  test("CVE-2024-21626: no descriptor is a working directory, and nothing is made below one", async () => {
    const { husk } = engine();
    const rootfs = makeRootfs();
    const outside = dirname(rootfs);
    for (let fd = 0; fd <= 40; fd++) {
      for (const folder of [`/proc/self/fd/${fd}`, `/proc/self/fd/${fd}/made`]) {
        const result = await husk(["run", "-w", folder, "--rootfs", rootfs, "--", "pwd"]);
        expect([folder, result.status, result.stdout]).toEqual([folder, 125, ""]);
      }
    }
    for (const folder of [
      outside,
      rootfs,
      join(rootfs, "dev"),
      join(rootfs, "proc"),
      "/",
      "/dev",
      "/dev/pts",
      "/sys/fs/cgroup",
    ])
      expect(existsSync(join(folder, "made")), folder).toBe(false);
  }, 60_000);

  test("CVE-2024-21626: the same by config.json, and no descriptor above 2 is open in the end", async () => {
    if (isRoot)
      for (const fd of [3, 7, 8, 12])
        expect(refusal(await inBundle((config) => (config.process.cwd = `/proc/self/fd/${fd}`)))).toContain(
          "working directory",
        );
    for (const flags of [[], ["--init"]]) {
      const { stdout } = await inRootfs(flags, ["sh", "-c", "ls /proc/1/fd; true"]);
      expect(stdout).toBe("0\n1\n2\n");
    }
  });

  asRoot("CVE-2021-43784: maps of ids that are too long, too large or no numbers are refused", async () => {
    const range = (containerID: unknown, hostID: unknown, size: unknown) => ({ containerID, hostID, size });
    const many = Array.from({ length: 341 }, (_, i) => range(i, 1 + i, 1));
    const wrong: [unknown, string][] = [
      [[range(0, 100000, 2 ** 32)], "size"],
      [[range(0, 2 ** 32 - 1, 1)], "hostID"],
      [[range(0, 4294967290, 100)], "beyond the last id"],
      [[range(0, 100000, 0)], "size"],
      [[range(0, 100000, -1)], "size"],
      [[range(0, 100000, 1.5)], "size"],
      [[range("0 0 4294967295\n1", 100000, 1)], "containerID"],
      [[range(0, 100000, 10), range(5, 200000, 10)], "overlaps"],
      [many, "340"],
      [Array.from({ length: 70_000 }, (_, i) => range(i, i, 1)), "340"],
    ];
    for (const [maps, words] of wrong) {
      const result = await inBundle((config) => {
        config.linux.namespaces.push({ type: "user" });
        config.linux.uidMappings = maps;
        config.linux.gidMappings = [range(0, 100000, 1)];
      });
      expect(refusal(result)).toContain(words);
    }
    const { status, stdout, stderr } = await inBundle(
      (config) => {
        config.linux.namespaces.push({ type: "user" });
        config.linux.uidMappings = config.linux.gidMappings = many.slice(0, 340);
      },
      ["sh", "-c", "wc -l < /proc/self/uid_map"],
    );
    expect([stderr, status, stdout]).toEqual(["", 0, "340\n"]);
  });

  test("CVE-2021-43784: a plan larger than its format can say is refused, never cut short", async () => {
    if (isRoot) {
      const mounts = await inBundle((config) => {
        for (let i = 0; i < 9000; i++)
          config.mounts.push({ destination: `/m${i}`, type: "tmpfs", source: "tmpfs" });
      });
      expect(mounts.status).toBe(1);
    }
    const { status, stderr } = await inRootfs(["-e", `A=${"x".repeat(120_000)}`], ["sh", "-c", "exit ${#A}"]);
    expect([status, stderr]).toEqual([120_000 % 256, ""]);
  }, 60_000);

  asRoot(
    "CVE-2024-0132, CVE-2025-23266: hooks on the host get nothing of the container's environment",
    async () => {
      const seen = join(temporaryFolder("hook"), "seen");
      const kinds = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"];
      const { status, stderr } = await inBundle((config) => {
        const script = `{ env; ls -l /proc/self/fd; } > ${seen}-$KIND; pwd >> ${seen}-$KIND`;
        const hook = (kind: string) => ({
          path: "/bin/sh",
          args: ["sh", "-c", script],
          env: [`KIND=${kind}`, "PATH=/usr/bin:/bin"],
        });
        config.hooks = Object.fromEntries(kinds.map((kind) => [kind, [hook(kind)]]));
        config.process.env = ["PATH=/evil:/bin", "LD_PRELOAD=/evil.so", "LD_AUDIT=/evil.so"];
        config.process.cwd = "/tmp";
      });
      expect([stderr, status]).toEqual(["", 0]);
      for (const kind of kinds) {
        const text = readFileSync(`${seen}-${kind}`, "utf8");
        expect(text, kind).not.toContain("evil");
        expect(text, kind).not.toContain("/tmp\n/tmp");
        // 0, 1, 2, and the folder that ls itself has open.
        expect(text.match(/ -> /g), kind).toHaveLength(4);
      }
    },
  );

  asRoot("CVE-2019-16884: a label that this kernel cannot give is refused, not left out", async () => {
    const labels: [string, string, string][] = [
      ["apparmorProfile", "container-default", "/sys/module/apparmor/parameters/enabled"],
      ["selinuxLabel", "system_u:system_r:container_t:s0", "/sys/fs/selinux/enforce"],
    ];
    for (const [field, label, sign] of labels) {
      if (existsSync(sign)) continue;
      const result = await inBundle((config) => (config.process[field] = label));
      expect(refusal(result)).toContain("is not enabled on this machine");
    }
  });
});

describe("who a container runs as", () => {
  test("CVE-2026-30892: a user that cannot be read is an error, never root", async () => {
    for (const user of [
      "",
      "x",
      "1:",
      ":1",
      "1:x",
      "4294967296",
      "4294967295",
      "-1",
      "+1",
      " 1",
      "0x1",
      "1.0",
      "1e3",
      "1:2:3",
      "18446744073709551616",
    ]) {
      const result = await inRootfs(["-u", user], ["id", "-u"]);
      expect([user, result.status, result.stdout]).toEqual([user, 125, ""]);
    }
  });

  test("CVE-2024-40635: an id above 2147483647 is refused, also as a group and by /etc/passwd", async () => {
    const rootfs = makeRootfs();
    writeFileSync(
      join(rootfs, "etc/passwd"),
      "root:x:0:0::/:/bin/sh\nhigh:x:2147483648:0::/:/bin/sh\nwrap:x:4294967296:0::/:/bin/sh\nminus:x:-1:0::/:/bin/sh\nempty:x:::/:/bin/sh\n",
    );
    for (const user of ["2147483648", "1:2147483648", "2147483648:0", "high", "wrap", "minus", "empty"]) {
      const result = await inRootfs(["-u", user], ["id", "-u"], rootfs);
      expect([user, result.status, result.stdout]).toEqual([user, 125, ""]);
    }
    if (isRoot)
      for (const field of ["uid", "gid"])
        expect(refusal(await inBundle((config) => (config.process.user[field] = 2 ** 32)))).toContain(field);
  });

  test("CVE-2022-29162, CVE-2022-27650, CVE-2022-24769, CVE-2025-27612: nothing is inheritable", async () => {
    const ways = [
      [],
      ["-u", isRoot ? "1000" : "0"],
      ["--cap-add", "NET_ADMIN"],
      ["--privileged"],
      ["--init"],
    ];
    for (const flags of ways) {
      const { stdout, stderr } = await inRootfs(flags, ["grep", "-E", "^Cap(Inh|Amb)", "/proc/self/status"]);
      expect([flags, stderr, stdout]).toEqual([
        flags,
        "",
        "CapInh:\t0000000000000000\nCapAmb:\t0000000000000000\n",
      ]);
    }
    if (!isRoot) return;
    const { stdout } = await inBundle(() => {}, ["grep", "^CapInh", "/proc/self/status"]);
    expect(stdout).toBe("CapInh:\t0000000000000000\n");
  });

  test("a home that no environment can hold is none", async () => {
    const rootfs = makeRootfs();
    writeFileSync(join(rootfs, "etc/passwd"), "root:x:0:0::/\0evil:/bin/sh\n");
    const { stdout, stderr } = await inRootfs([], ["sh", "-c", "echo $HOME"], rootfs);
    expect([stdout, stderr]).toEqual(["/\n", ""]);
  });

  test("CVE-2020-13401: no raw packets by default", async () => {
    const { stdout } = await inRootfs([], ["grep", "^CapBnd", "/proc/self/status"]);
    expect((BigInt(`0x${stdout.split("\t")[1]!.trim()}`) >> 13n) & 1n).toBe(0n);
  });
});

describe("control groups", () => {
  const probe =
    "for f in $(find /sys/fs/cgroup -type f \\( -name cgroup.procs -o -name tasks -o -name release_agent -o -name notify_on_release -o -name memory.max -o -name memory.limit_in_bytes -o -name cgroup.subtree_control -o -name devices.allow -o -name cgroup.freeze -o -name cgroup.kill \\)); do (echo 0 > $f) 2>/dev/null && echo wrote $f; done; mkdir /sys/fs/cgroup/x /sys/fs/cgroup/*/x 2>/dev/null && echo made; true";

  test("CVE-2023-25809: with the host's cgroup namespace, too, no group can be changed", async () => {
    for (const flags of [
      ["--cgroupns", "host"],
      [],
      ["--userns", "private", ...(isRoot ? ["--uidmap", "0:100000:65536"] : [])],
    ]) {
      const { status, stdout, stderr } = await inRootfs(flags, ["sh", "-c", probe]);
      expect([flags, status, stdout, stderr]).toEqual([flags, 0, "", ""]);
    }
  });

  asRoot(
    "CVE-2023-25809: the mount is read-only without a cgroup namespace even where it was asked to be writable",
    async () => {
      const { stdout } = await inBundle(
        (config) => {
          config.linux.namespaces = config.linux.namespaces.filter(
            ({ type }: { type: string }) => type !== "cgroup",
          );
          for (const mount of config.mounts)
            if (mount.type === "cgroup")
              mount.options = mount.options.filter((option: string) => option !== "ro");
        },
        [
          "sh",
          "-c",
          `${probe}; cat /proc/self/mountinfo | grep -c ' /sys/fs/cgroup.* rw,.* - cgroup' || true`,
        ],
      );
      expect(stdout).toBe("0\n");
    },
  );

  asRoot("CVE-2022-0492: no release agent can be named, and no hierarchy be mounted to do so", async () => {
    const script = `${probe}; mkdir /tmp/c; mount -t cgroup -o memory c /tmp/c 2>/dev/null && echo mounted; mount -o remount,rw /sys/fs/cgroup${cgroupVersion() === "v1" ? "/memory" : ""} 2>/dev/null && echo remounted; true`;
    expect((await inRootfs([], ["sh", "-c", script])).stdout).toBe("");
  });
});

describe("the kernel's surface", () => {
  const caller = `
    #define _GNU_SOURCE
    #include <errno.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <unistd.h>
    #include <sys/syscall.h>
    static char room[4096];
    int main(int count, char **words) {
      for (int i = 1; i < count; i++) {
        long a[7] = {0};
        char *at = words[i];
        for (int n = 0; n < 7 && *at; n++) { a[n] = *at == 'p' ? (at++, (long)room) : strtol(at, &at, 0); if (*at == ',') at++; }
        errno = 0;
        long result = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
        printf("%d ", result < 0 ? errno : 0); fflush(stdout);
      }
      return 0;
    }`;
  const numbers: Readonly<Record<string, number>> =
    process.arch === "x64" ? syscallNumbers.x86_64 : syscallNumbers.aarch64;
  const [EPERM, ENOSYS, EAFNOSUPPORT] = [1, 38, 97];

  /** Error number of each call, made in a container: `name,argument…`; `p` is a pointer to zeros. */
  async function errors(calls: readonly string[], flags: readonly string[] = []): Promise<number[]> {
    const rootfs = makeRootfs();
    copyFileSync(compile(caller), join(rootfs, "caller"));
    chmodSync(join(rootfs, "caller"), 0o755);
    const words = calls.map((call) => call.replace(/^\w+/, (name) => `${numbers[name]}`));
    const { stdout, stderr } = await inRootfs(flags, ["/caller", ...words], rootfs);
    expect(stderr).toBe("");
    return stdout.trim().split(" ").map(Number);
  }

  const denied: Record<string, readonly number[]> = {
    "unshare,0x10000000": [EPERM], // CLONE_NEWUSER
    "unshare,0x20000": [EPERM], // CLONE_NEWNS
    "clone,0x10000011,0,0,0,0": [EPERM],
    "clone3,p,88": [ENOSYS],
    "setns,0,0": [EPERM],
    "mount,p,p,p,0,0": [EPERM],
    "umount2,p,0": [EPERM],
    "fsopen,p,0": [EPERM],
    "fsmount,0,0,0": [EPERM],
    "open_tree,-100,p,1": [EPERM],
    "move_mount,0,p,0,p,0": [EPERM],
    "mount_setattr,-100,p,0,p,32": [EPERM],
    "pivot_root,p,p": [EPERM],
    "keyctl,0,-3,0": [EPERM],
    "add_key,p,p,p,1,-2": [EPERM],
    "request_key,p,p,p,-2": [EPERM],
    "io_uring_setup,1,p": [EPERM],
    "io_uring_enter,0,0,0,0,0": [EPERM],
    "io_uring_register,0,0,0,0": [EPERM],
    "socket,38,5,0": [EPERM, EAFNOSUPPORT], // AF_ALG
    "socket,0x100000026,5,0": [EPERM, EAFNOSUPPORT], // AF_ALG with high bits, which the kernel ignores
    "socket,40,1,0": [EPERM, EAFNOSUPPORT], // AF_VSOCK
    "socket,17,3,0": [EPERM, EAFNOSUPPORT], // AF_PACKET
    "socket,2,3,1": [EPERM], // raw
    "bpf,0,p,48": [EPERM],
    "userfaultfd,0": [EPERM],
    "perf_event_open,p,0,-1,-1,0": [EPERM],
    "kexec_load,0,0,p,0": [EPERM],
    "init_module,p,0,p": [EPERM],
    "finit_module,0,p,0": [EPERM],
    "open_by_handle_at,-100,p,0": [EPERM],
    "quotactl,0,p,0,p": [EPERM],
    "syslog,3,p,1": [EPERM],
    "swapon,p,0": [EPERM],
    "reboot,0,0,0,0": [EPERM],
    "settimeofday,p,p": [EPERM],
    "process_madvise,-1,p,0,0,0": [EPERM],
    "pidfd_getfd,0,0,0": [EPERM],
    "kcmp,1,1,0,0,0": [EPERM],
    "personality,0x0040000": [EPERM], // ADDR_NO_RANDOMIZE
  };

  withCompiler(
    "CVE-2022-0185, CVE-2022-0492, CVE-2026-31431: what opens the kernel's surface is denied",
    async () => {
      for (const flags of isRoot
        ? [[], ["--userns", "private", "--uidmap", "0:100000:65536"], ["-u", "1000"]]
        : [[]]) {
        const results = await errors(Object.keys(denied), flags);
        Object.entries(denied).forEach(([call, allowed], i) =>
          expect(allowed, `${call} ${flags.join(" ")}`).toContain(results[i]!),
        );
      }
    },
  );

  withCompiler("ptrace and new sockets of the usual kind are there, as with docker", async () => {
    expect(await errors(["ptrace,0,0,0,0", "socket,2,1,0", "socket,1,1,0", "socket,16,3,0"])).toEqual([
      0, 0, 0, 0,
    ]);
  });

  asRootWithCompiler(
    "capabilities bring back the calls that go with them, but no dangerous socket",
    async () => {
      const calls = [
        "mount,p,p,p,0,0",
        "socket,38,5,0",
        "socket,40,1,0",
        "keyctl,0,-3,0",
        "io_uring_setup,1,p",
      ];
      const [mount, ...others] = await errors(calls, ["--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN"]);
      expect(mount).not.toBe(EPERM);
      for (const result of others) expect([EPERM, EAFNOSUPPORT]).toContain(result);
    },
  );
});

describe("what a container sees of the machine", () => {
  test("settings of the kernel cannot be written, and what tells of the host is masked", async () => {
    const script = `
      for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/vm/drop_caches /proc/sysrq-trigger \\
        /proc/sys/kernel/ns_last_pid /proc/irq/default_smp_affinity /proc/sys/fs/binfmt_misc/register /sys/kernel/uevent_helper \\
        /sys/kernel/profiling /proc/bus/pci/00/00.0 /proc/mtrr /proc/acpi/wakeup /proc/scsi/scsi; do
        (echo 1 > $f) 2>/dev/null && echo wrote $f
      done
      for f in /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /proc/latency_stats /proc/interrupts; do
        [ -e $f ] && [ "$(head -c 1 $f | wc -c)" != 0 ] && echo read $f
      done
      for d in /sys/firmware /proc/acpi /proc/scsi /proc/asound /sys/devices/virtual/powercap; do
        [ -d $d ] && [ -n "$(ls -A $d)" ] && echo listed $d
      done
      for p in /proc/sys /proc/sysrq-trigger /proc/acpi /proc/keys /sys/firmware; do umount $p 2>/dev/null && echo uncovered $p; done
      true`;
    const { status, stdout, stderr } = await inRootfs([], ["sh", "-c", script]);
    expect([status, stdout, stderr]).toEqual([0, "", ""]);
  });

  asRoot("no device of the host can be opened, made or remade", async () => {
    const script = `
      mknod /tmp/disk b 8 0 && (head -c 1 /tmp/disk) 2>/dev/null && echo disk
      mknod /tmp/disk2 b 254 0 && (head -c 1 /tmp/disk2) 2>/dev/null && echo disk2
      mknod /dev/mem c 1 1 && (head -c 1 /dev/mem) 2>/dev/null && echo memory
      mknod /dev/kmsg c 1 11 && (head -c 1 /dev/kmsg) 2>/dev/null && echo log
      mknod /tmp/fuse c 10 229 && (: < /tmp/fuse) 2>/dev/null && echo fuse
      true`;
    for (const flags of [[], ["--no-isolate", "limits"]]) {
      const { stdout } = await inRootfs(flags, ["sh", "-c", `(${script}) 2>/dev/null`]);
      expect([flags, stdout]).toEqual([flags, ""]);
    }
  });

  asRoot(
    "a device node that the root file system brings along cannot be opened, even without control groups",
    async () => {
      const rootfs = makeRootfs();
      // loop-control: one that this machine lets root open, and no container.
      await run(["mknod", "-m", "666", join(rootfs, "node"), "c", "10", "237"]);
      const opens = (await run(["sh", "-c", ': < "$1"', "sh", join(rootfs, "node")])).status === 0;
      const userns = ["--userns", "private", "--uidmap", "0:100000:65536"];
      const script = "(: < /node) 2>/dev/null && echo opened; echo x > /dev/null && echo null";
      for (const flags of [[], userns, ["--no-isolate", "limits"], ["--no-isolate", "limits", ...userns]]) {
        const { stdout } = await inRootfs(flags, ["sh", "-c", script], rootfs);
        expect([flags, stdout]).toEqual([flags, "null\n"]);
      }
      if (!opens) return;
      expect((await inRootfs(["--privileged"], ["sh", "-c", script], rootfs)).stdout).toBe("opened\nnull\n");
    },
  );

  asRoot(
    "a bundle without a /dev of its own has the usual devices, where none of its root's may be opened",
    async () => {
      const { stdout, stderr } = await inBundle(
        (config) => {
          config.mounts = config.mounts.filter(({ destination }: Config) => !destination.startsWith("/dev"));
          config.linux.resources = {};
        },
        ["sh", "-c", "echo x > /dev/null && head -c 2 /dev/zero | wc -c"],
      );
      expect([stderr, stdout]).toEqual(["", "2\n"]);
    },
  );

  asRoot(
    "CVE-2020-15257: husk listens nowhere, so a container in the host's network finds nothing of it",
    async () => {
      const { stdout } = await inRootfs(
        ["--network", "host"],
        ["sh", "-c", "grep -i husk /proc/net/unix || true"],
      );
      expect(stdout).toBe("");
    },
  );

  asRoot("what husk keeps on disk is closed to other users, and so are files of layers in it", async () => {
    const { husk, root, run: runFolder } = engine();
    for (const folder of [root, runFolder]) rmSync(folder, { recursive: true });
    const rootfs = makeRootfs();
    expect((await husk(["run", "--name", "closed", "--rootfs", rootfs, "--", "true"])).status).toBe(0);
    const { stdout } = await run(["find", root, runFolder, "-perm", "/077", "!", "-type", "l"]);
    expect(stdout).toBe("");
  });
});

test("what a bundle says cannot play tricks on the terminal it is shown in, nor become commands of a script", async () => {
  const trace = join(temporaryFolder("trace"), "ran");
  const trick = `\u001b]0;title\u0007\u001b[2J\r\ntouch ${trace}\n$(touch ${trace})\`touch ${trace}\`'"`;
  const { path } = makeBundle(["true", trick], (config) => {
    config.hostname = trick.slice(0, 60);
    config.process.cwd = `/${trick}`;
    config.process.env = [`A=${trick}`, `$(touch ${trace})=1`];
    config.annotations = { [trick]: trick };
    config.mounts.push({ destination: `/m${trick}`, type: "tmpfs", source: trick });
    config.linux.maskedPaths = [`/proc/${trick}`];
    config.linux.cgroupsPath = `/husk-trick/$(touch ${trace})`;
    if (!isRoot) config.linux.namespaces.push({ type: "user" });
    if (!isRoot) config.linux.uidMappings = [{ containerID: 0, hostID: process.getuid!(), size: 1 }];
    if (!isRoot) config.linux.gidMappings = [{ containerID: 0, hostID: process.getgid!(), size: 1 }];
  });
  const { husk } = engine();
  const tree = await husk(["explain", "--bundle", path]);
  const ran = await husk(["run", "--bundle", path]);
  expect([tree.stderr, tree.status, ran.stdout]).toEqual(["", 0, ""]);
  const isControl = /[\0-\x09\x0b-\x1f\x7f]/;
  for (const text of [tree.stdout, ran.stderr]) expect(text).not.toMatch(isControl);
  const script = await husk(["explain", "--as-shell", "--bundle", path]);
  expect([script.stderr, script.status]).toEqual(["", 0]);
  const result = await run(["sh", "-n", "-c", script.stdout]);
  expect([result.status, result.stderr]).toEqual([0, ""]);
  expect(existsSync(trace)).toBe(false);
});

asRoot("exec, too: CVE-2022-29162, CVE-2024-21626, CVE-2026-30892, CVE-2024-40635", async () => {
  const { husk } = engine();
  const { path, rootfs } = makeBundle(["sleep", "60"]);
  const id = `exec-${process.pid}`;
  // No environment can hold a NUL: a home like this must not keep anybody from entering.
  writeFileSync(join(rootfs, "etc/passwd"), "root:x:0:0::/\0evil:/bin/sh\n");
  expect((await husk(["oci", "create", "--bundle", path, id])).status).toBe(0);
  try {
    expect((await husk(["oci", "start", id])).status).toBe(0);
    const exec = (flags: string[], ...command: string[]) => husk(["oci", "exec", ...flags, id, ...command]);
    for (const flags of [[], ["--cap", "CAP_NET_RAW"]])
      expect((await exec(flags, "grep", "^CapInh", "/proc/self/status")).stdout).toBe(
        "CapInh:\t0000000000000000\n",
      );
    for (let fd = 3; fd <= 20; fd++)
      for (const cwd of [`/proc/self/fd/${fd}`, `/proc/self/fd/${fd}/made`])
        expect([cwd, (await exec(["--cwd", cwd], "pwd")).stdout]).toEqual([cwd, ""]);
    expect(existsSync(join(rootfs, "made"))).toBe(false);
    for (const user of ["", "x", "1:", "4294967296", "-1", "2147483648", "1:2147483648"]) {
      const { status, stdout } = await exec(["--user", user], "id", "-u");
      expect([user, status > 0, stdout]).toEqual([user, true, ""]);
    }
    expect((await exec([], "sh", "-c", "ls /proc/self/fd; true")).stdout).toBe("0\n1\n2\n3\n");
    expect((await exec([], "sh", "-c", "echo $HOME")).stdout).toBe("/\n");
  } finally {
    await husk(["oci", "delete", "--force", id]);
  }
});
