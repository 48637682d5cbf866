// Escapes of other runtimes by way of the root file system, each tried on husk.
import { describe, expect } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { bindConsole, type Mount, openPty, writeFileInRoot } from "../src/rootfs/index.ts";
import { compile, isSoak, makeRootfs, needs, temporaryFolder } from "./harness/index.ts";
import { defaultMounts, type RootfsContainer, runContainer } from "./rootfs-container.ts";

const asRoot = needs({ root: true, command: "busybox" });
const withCompiler = needs({ root: true, command: ["busybox", "cc"] });
const tmpfs = (destination: string): Mount => ({ destination, type: "tmpfs", source: "tmpfs" });

function start(rootfs: string, more: Partial<RootfsContainer> = {}) {
  return runContainer({ source: { kind: "directory", path: rootfs }, command: "true", ...more });
}

/** A folder of the host that must stay as it is, and a way to it from inside a root. */
function canary(): { folder: string; up: string } {
  const folder = temporaryFolder("canary");
  return { folder, up: `${"../".repeat(20)}${relative("/", folder)}` };
}

/** Replaces a folder or file of a root by a symbolic link. */
function replace(rootfs: string, path: string, target: string): void {
  rmSync(join(rootfs, path), { recursive: true, force: true });
  symlinkSync(target, join(rootfs, path));
}

describe("symbolic links in the root file system", () => {
  for (const target of ["/tmp", "../../../proc", "/etc"]) {
    for (const place of ["proc", "sys"] as const) {
      asRoot(`CVE-2019-19921, CVE-2023-28642, CVE-2025-54867: /${place} -> ${target} is refused`, () => {
        const rootfs = makeRootfs();
        replace(rootfs, place, target);
        const { error } = start(rootfs);
        expect(error).toContain(
          `own /${place}: openat2 /${place}: too many levels of symbolic links (ELOOP)`,
        );
      });
    }
  }

  asRoot("CVE-2019-18837: a mount's destination never leads to the host", () => {
    const rootfs = makeRootfs();
    const { folder, up } = canary();
    for (const [name, target] of [
      ["relative", up],
      ["absolute", folder],
    ] as const) {
      replace(rootfs, name, target);
      const { error } = start(rootfs, {
        mounts: [tmpfs(`/${name}`), tmpfs(`/${name}/sub`)],
        command: "echo x > /relative/x",
      });
      expect(error).toContain(`openat2 /${name}: no such file or directory`);
    }
    // Inside the root, links are followed.
    mkdirSync(join(rootfs, folder), { recursive: true });
    const { stdout } = start(rootfs, {
      mounts: [defaultMounts[0] as Mount, tmpfs("/relative")],
      command: "cut -d' ' -f5 /proc/self/mountinfo",
    });
    expect(stdout).toBe(`/\n/proc\n${folder}\n`);
    expect(readdirSync(folder)).toEqual([]);
  });

  asRoot("CVE-2026-41579, CVE-2026-47766: no device is made where /dev leads outside", () => {
    const rootfs = makeRootfs();
    const { folder, up } = canary();
    for (const target of [up, folder, `/../..${folder}`]) {
      replace(rootfs, "dev", target);
      expect(start(rootfs).error).toBeDefined();
      expect(start(rootfs, { mounts: [] }).error).toContain(
        "devices: openat2 /dev: too many levels of symbolic links",
      );
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  asRoot("CVE-2025-31133, CVE-2025-62161: a false /dev/null covers nothing and is noticed", () => {
    const rootfs = makeRootfs();
    for (const target of ["/proc/sys/kernel/core_pattern", "zero"]) {
      replace(rootfs, "dev/null", target);
      const { error } = start(rootfs, { mounts: [defaultMounts[0] as Mount], masked: ["/proc/keys"] });
      expect(error).toContain("/dev/null: no such device");
    }
    writeFileSync(join((rmSync(join(rootfs, "dev/null")), rootfs), "dev/null"), "");
    expect(start(rootfs, { mounts: [defaultMounts[0] as Mount], masked: ["/proc/keys"] }).error).toContain(
      "/dev/null",
    );
  });

  asRoot("CVE-2025-24965: husk's own files replace links, and are never written through them", () => {
    const rootfs = makeRootfs();
    const { folder, up } = canary();
    writeFileSync(join(folder, "file"), "host\n");
    symlinkSync(join(folder, "file"), join(rootfs, "etc/resolv.conf"));
    symlinkSync(`${up}/file`, join(rootfs, "etc/hosts"));
    const { error, stdout } = start(rootfs, {
      command: "cat /etc/resolv.conf /etc/hosts",
      inside: (list, root) => {
        list.step("own files", "for the test");
        writeFileInRoot(root.view, "/etc/resolv.conf", "one\n");
        writeFileInRoot(root.view, "/etc/hosts", "two\n");
      },
    });
    expect([error, stdout, readFileSync(join(folder, "file"), "utf8")]).toEqual([
      undefined,
      "one\ntwo\n",
      "host\n",
    ]);
  });
});

describe("the kernel's files", () => {
  asRoot(
    "CVE-2025-52881, CVE-2025-62596: a sysctl is written to the kernel, whatever stands at /proc/sys",
    () => {
      const rootfs = makeRootfs();
      mkdirSync(join(rootfs, "proc/sys/net/ipv4"), { recursive: true });
      writeFileSync(join(rootfs, "proc/sys/net/ipv4/ip_forward"), "untouched\n");
      const { error, stdout } = start(rootfs, {
        mounts: [],
        sysctls: { "net.ipv4.ip_forward": "1" },
        command:
          "cat /proc/sys/net/ipv4/ip_forward; mount -t proc proc /proc; cat /proc/sys/net/ipv4/ip_forward",
      });
      expect([error, stdout]).toEqual([undefined, "untouched\n1\n"]);
    },
  );

  asRoot(
    "CVE-2019-16884, CVE-2023-27561: nothing is mounted below /proc, and by way of a link it deceives nobody",
    () => {
      const rootfs = makeRootfs();
      expect(() => start(rootfs, { mounts: [...defaultMounts, tmpfs("/proc/self/attr")] })).toThrow(
        "nothing may be mounted below /proc",
      );
      replace(rootfs, "way", "/proc/sys");
      const { error } = start(rootfs, {
        mounts: [...defaultMounts, tmpfs("/way"), tmpfs("/way/net/ipv4")],
        sysctls: { "net.ipv4.ip_forward": "1" },
      });
      expect(error).toContain('sysctl "net.ipv4.ip_forward": invalid cross-device link (EXDEV)');
    },
  );

  asRoot("CVE-2025-52565: /dev/console is the terminal that was opened, by descriptor", () => {
    const rootfs = makeRootfs();
    const { error, stdout } = start(rootfs, {
      inside: (list, root) => {
        const { master, slave } = openPty(root.view);
        list.call("dup3", master, 0, 0);
        bindConsole(root.view, slave);
      },
      command:
        "stat -c '%F %t:%T' /dev/console /dev/pts/0; grep -c ' /dev/console ' /proc/self/mountinfo; echo x > /dev/console && echo written",
    });
    expect(error).toBeUndefined();
    expect(stdout).toBe("character special file 88:0\ncharacter special file 88:0\n1\nwritten\n");
  });
});

describe("races", () => {
  /** Exchanges two names of a folder as fast as it can, until killed. */
  const swapper = () =>
    compile(`
      #define _GNU_SOURCE
      #include <stdio.h>
      #include <fcntl.h>
      #include <unistd.h>
      #include <sys/syscall.h>
      int main(int n, char **a) {
        chdir(a[1]); puts("go"); fflush(stdout);
        for (;;) { syscall(SYS_renameat2, AT_FDCWD, a[2], AT_FDCWD, a[3], 2); if (n > 4) usleep(1); }
      }`);

  async function racing(folder: string, one: string, other: string, body: () => void): Promise<void> {
    const child: ChildProcess = spawn(swapper(), [folder, one, other], {
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 120_000,
    });
    try {
      await new Promise((resolve) => child.stdout?.once("data", resolve));
      body();
    } finally {
      child.kill("SIGKILL");
      await new Promise((resolve) => child.once("exit", resolve));
    }
  }

  withCompiler(
    "CVE-2021-30465, CVE-2024-45310: a place that is swapped for a link while it is mounted on or made",
    async () => {
      const rootfs = makeRootfs();
      const { folder, up } = canary();
      mkdirSync(join(rootfs, "vol/real"), { recursive: true });
      symlinkSync(`../${up}`, join(rootfs, "vol/link"));
      const mounts = [defaultMounts[0] as Mount, tmpfs("/vol/real"), tmpfs("/vol/real/made/deep")];
      const outcomes = new Map<string, number>();
      await racing(join(rootfs, "vol"), "real", "link", () => {
        for (let i = 0; i < (isSoak ? 10_000 : 300); i++) {
          const { error, stdout } = start(rootfs, {
            mounts,
            command: "cut -d' ' -f5 /proc/self/mountinfo | sort | tr '\\n' ' '",
          });
          const result = error === undefined ? stdout : "refused";
          outcomes.set(result, (outcomes.get(result) ?? 0) + 1);
        }
      });
      // Whatever was mounted, was mounted in the root: its name there is the folder's at this moment.
      for (const outcome of outcomes.keys())
        expect(outcome).toMatch(
          /^refused$|^\/ \/proc \/vol\/(real|link)( \/vol\/(real|link))?(\/made\/deep)? /,
        );
      expect(readdirSync(folder)).toEqual([]);
      expect(existsSync(join(folder, "made"))).toBe(false);
    },
    300_000,
  );

  withCompiler(
    "CVE-2025-31133: /dev/null that is swapped while paths are masked with it",
    async () => {
      const rootfs = makeRootfs();
      const shared = temporaryFolder("shared-dev");
      writeFileSync(join(shared, "link"), "");
      replace(shared, "link", "/proc/sys/kernel/core_pattern");
      Bun.spawnSync(["mknod", "-m", "666", join(shared, "null"), "c", "1", "3"]);
      const mounts = [defaultMounts[0] as Mount, { destination: "/dev", source: shared, options: ["bind"] }];
      const seen = new Set<string>();
      await racing(shared, "null", "link", () => {
        for (let i = 0; i < (isSoak ? 5000 : 150); i++) {
          const { error, stdout } = start(rootfs, {
            mounts,
            masked: ["/proc/timer_list"],
            command: "wc -c < /proc/timer_list",
          });
          seen.add(error === undefined ? stdout : "refused");
        }
      });
      for (const outcome of seen) expect(["0\n", "refused"]).toContain(outcome);
    },
    300_000,
  );
});
