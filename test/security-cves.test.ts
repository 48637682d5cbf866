// Weaknesses that other container runtimes had, each tried on husk: how a container begins, and who it runs as. What
// a program can call and see is in security-surface.test.ts, the ways of the root file system in rootfs-escapes.test.ts;
// docs/security.md has the table.
import { describe, expect } from "bun:test";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  cgroupVersion,
  engine,
  huskPath,
  isRoot,
  makeRootfs,
  needs,
  type Result,
  temporaryFolder,
} from "./harness/index.ts";
import { inBundle, inRootfs } from "./security-container.ts";

const test = needs({ command: "busybox" });
const asRoot = needs({ root: true, command: "busybox" });

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
  }, 120_000);

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
  }, 120_000);

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
    // "" is no -u, as docker has it.
    for (const user of [
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
