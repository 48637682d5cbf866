// What a program in a container can do to the kernel, and what it sees of the machine. docs/security.md has the table.
import { describe, expect } from "bun:test";
import { chmodSync, copyFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { syscallNumbers } from "../src/plan/index.ts";
import type { Config } from "./harness/bundle.ts";
import {
  compile,
  engine,
  isRoot,
  makeBundle,
  makeRootfs,
  needs,
  run,
  temporaryFolder,
} from "./harness/index.ts";
import { inBundle, inRootfs } from "./security-container.ts";

const test = needs({ command: "busybox" });
const asRoot = needs({ root: true, command: "busybox" });
const withCompiler = needs({ command: ["busybox", "cc"] });
const asRootWithCompiler = needs({ root: true, command: ["busybox", "cc"] });

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
