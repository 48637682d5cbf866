// Root file systems, mounts and devices, seen from inside a container and from the host.
import { describe, expect } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Mount, writeFileInRoot } from "../src/rootfs/index.ts";
import { makeRootfs, needs, temporaryFolder } from "./harness/index.ts";
import { defaultMounts, type RootfsContainer, runContainer } from "./rootfs-container.ts";

const asRoot = needs({ root: true, command: "busybox" });
const proc: Mount = { destination: "/proc", type: "proc", source: "proc" };

function inFolder(command: string, more: Partial<RootfsContainer> = {}, path = makeRootfs()) {
  return runContainer({ source: { kind: "directory", path }, command, ...more });
}

/** Lines of mountinfo as `path flags type options`. */
const MOUNTS = "cut -d' ' -f5- /proc/self/mountinfo | sed -E 's/ (shared|master):[0-9]+//g'";

describe("the root", () => {
  asRoot("S15: of the host's tree nothing is left, and chroot's way out leads nowhere", () => {
    const escape =
      "mkdir -p /tmp/j; busybox chroot /tmp/j /bin/sh -c : 2>/dev/null; " +
      "cd /../../../../..; pwd; ls -d /work /lost+found /boot 2>&1 | grep -vc 'No such'; cut -d' ' -f5 /proc/self/mountinfo";
    const { stdout } = inFolder(escape, { mounts: [proc] });
    expect(stdout).toBe("/\n0\n/\n/proc\n");
  });

  asRoot("S199: can be read-only, without what is mounted in it", () => {
    const { stdout, error } = inFolder("touch /x 2>/dev/null && echo root; touch /dev/shm/x && echo shm", {
      readonly: true,
    });
    expect([stdout, error]).toEqual(["shm\n", undefined]);
  });

  asRoot("can be read-only with files bound and written in it", () => {
    const { stdout, error } = inFolder(
      "cat /new/file /etc/hosts; touch /etc/x 2>/dev/null && echo bad; true",
      {
        readonly: true,
        mounts: [{ destination: "/new/file", source: "/etc/hostname", options: ["bind"] }],
        inside: (list, root) => {
          list.step("own file", "for the test");
          writeFileInRoot(root.view, "/etc/hosts", "hosts\n");
        },
      },
    );
    expect([stdout, error]).toEqual([`${readFileSync("/etc/hostname", "utf8")}hosts\n`, undefined]);
  });

  asRoot("works without pivot_root", () => {
    const { stdout, error } = inFolder(
      "pwd; cut -d' ' -f5 /proc/self/mountinfo; mount -t proc p /tmp && echo new",
      {
        noPivot: true,
        mounts: [proc],
        readonlyPaths: ["/proc/sys"],
      },
    );
    expect(error).toBeUndefined();
    expect(stdout.trim().split("\n").slice(0, 4)).toEqual(["/", "/", "/proc", "/proc/sys"]);
  });

  for (const [propagation, mark] of [
    ["shared", "shared:"],
    ["rslave", ""],
    ["private", ""],
    ["unbindable", "unbindable"],
  ] as const) {
    asRoot(`has the propagation "${propagation}"`, () => {
      const { stdout, error } = inFolder(
        "grep ' / / ' /proc/self/mountinfo || head -1 /proc/self/mountinfo",
        { propagation },
      );
      expect(error).toBeUndefined();
      const fields = stdout.split(" - ")[0]?.split(" ").slice(6).join(" ") ?? "?";
      if (mark === "") expect(fields).not.toContain("shared:");
      else expect(fields).toContain(mark);
    });
  }

  asRoot("S39: on a host that shares all mounts, none appears outside", () => {
    const folder = temporaryFolder("shared");
    const script = `mount --make-rshared / && cut -d' ' -f5- /proc/self/mountinfo > ${folder}/before && "$@"; status=$?; cut -d' ' -f5- /proc/self/mountinfo > ${folder}/after; exit $status`;
    for (const propagation of ["rslave", "private", "shared"] as const) {
      const { stdout, error } = inFolder("mount -t tmpfs tmpfs /tmp && echo mounted", {
        wrap: ["unshare", "--mount", "sh", "-c", script, "sh"],
        propagation,
      });
      expect([stdout, error]).toEqual(["mounted\n", undefined]);
      expect(readFileSync(`${folder}/after`, "utf8")).toBe(readFileSync(`${folder}/before`, "utf8"));
    }
  });

  asRoot("that is no folder, or not there, is named", () => {
    const missing = inFolder("true", {}, "/not/there").error;
    expect(missing).toBe("root file system: open_tree /not/there: no such file or directory (ENOENT)");
    const file = inFolder("true", {}, "/etc/passwd").error;
    expect(file).toBe("root file system: open_tree /etc/passwd: not a directory (ENOTDIR)");
  });
});

describe("mounts", () => {
  asRoot("S204: the default ones are as runc has them", () => {
    const { stdout } = inFolder(`${MOUNTS} | tail -n +2`);
    expect(stdout.trim().split("\n")).toEqual([
      "/proc rw,relatime - proc proc rw",
      "/dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755",
      "/dev/pts rw,nosuid,noexec,relatime - devpts devpts rw,gid=5,mode=620,ptmxmode=666",
      "/dev/shm rw,nosuid,nodev,noexec,relatime - tmpfs shm rw,size=65536k",
      "/dev/mqueue rw,nosuid,nodev,noexec,relatime - mqueue mqueue rw",
      "/sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs rw",
    ]);
  });

  asRoot("places that are missing are made, in the root only", () => {
    const path = makeRootfs();
    writeFileSync(join(path, "../file"), "content\n");
    const { stdout, error } = inFolder(
      "cat /new/file; ls -ld /very/new/folder | cut -c1-10",
      {
        mounts: [
          { destination: "/very/new/folder", type: "tmpfs", options: ["mode=700"] },
          { destination: "/new/file", source: "../file", options: ["bind"] },
        ],
        context: { bundle: path },
      },
      path,
    );
    expect([stdout, error]).toEqual(["content\ndrwx------\n", undefined]);
  });

  asRoot("a bind can be read-only, and with all below it", () => {
    const source = temporaryFolder("source");
    mkdirSync(join(source, "sub"));
    const bind = (...options: string[]) =>
      inFolder("touch /data/x && echo top; touch /data/sub/x && echo sub; true", {
        mounts: [{ destination: "/data", source, options: ["rbind", ...options] }],
        wrap: ["unshare", "-m", "sh", "-c", `mount -t tmpfs tmpfs ${source}/sub && exec "$@"`, "sh"],
      }).stdout;
    expect(bind()).toBe("top\nsub\n");
    expect(bind("ro")).toBe("sub\n");
    expect(bind("rro")).toBe("");
  });

  asRoot("a bind keeps nosuid, nodev, noexec and times apart", () => {
    const { stdout } = inFolder(`${MOUNTS} | grep /data`, {
      mounts: [
        proc,
        {
          destination: "/data",
          source: temporaryFolder("a"),
          options: ["bind", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "nosymfollow"],
        },
      ],
    });
    expect(stdout).toStartWith("/data rw,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow - ");
  });

  asRoot("propagation is per mount", () => {
    const { stdout } = inFolder("sed -n 's/ - .*//; / .data /p' /proc/self/mountinfo | cut -d' ' -f7-", {
      mounts: [proc, { destination: "/data", type: "tmpfs", options: ["shared"] }],
    });
    expect(stdout).toStartWith("shared:");
  });

  asRoot("a mount can be changed by remount", () => {
    const { stdout, error } = inFolder(`${MOUNTS} | grep /data`, {
      mounts: [
        proc,
        { destination: "/data", type: "tmpfs", source: "t", options: ["size=64k"] },
        { destination: "/data", type: "tmpfs", source: "t", options: ["remount", "size=128k", "ro"] },
      ],
    });
    expect(error).toBeUndefined();
    expect(stdout).toContain("/data ro,relatime - tmpfs t rw,size=128k");
  });

  asRoot("an option the file system does not know is named", () => {
    const { error } = inFolder("true", {
      mounts: [{ destination: "/a", type: "tmpfs", options: ["siez=64k"] }],
    });
    expect(error).toContain('tmpfs on /a: fsconfig tmpfs option "siez=64k": invalid argument (EINVAL)');
  });

  asRoot("tmpcopyup begins a tmpfs with what is there", () => {
    const path = makeRootfs();
    mkdirSync(join(path, "data/deep"), { recursive: true });
    writeFileSync(join(path, "data/deep/file"), "x".repeat(100_000));
    chmodSync(join(path, "data/deep/file"), 0o4711);
    symlinkSync("deep/file", join(path, "data/link"));
    chmodSync(join(path, "data/deep"), 0o1755);
    const { stdout, error } = inFolder(
      "stat -c '%n %a %s' /data/deep /data/deep/file | cut -d' ' -f1-2; wc -c < /data/link; stat -f -c %T /data; rm -r /data/deep",
      { mounts: [{ destination: "/data", type: "tmpfs", options: ["tmpcopyup"] }] },
      path,
    );
    expect([error, stdout]).toEqual([undefined, "/data/deep 1755\n/data/deep/file 4711\n100000\ntmpfs\n"]);
    expect(existsSync(join(path, "data/deep/file"))).toBe(true);
  });

  asRoot("a symbolic link can be mounted on, and copied", () => {
    const path = makeRootfs();
    symlinkSync("/etc/passwd", join(path, "link"));
    const outside = temporaryFolder("links");
    symlinkSync("some/where", join(outside, "link"));
    const { stdout, error } = inFolder(
      "readlink /copy; readlink /link; head -c 4 /etc/passwd",
      {
        mounts: [
          { destination: "/copy", source: join(outside, "link"), options: ["bind", "copy-symlink"] },
          {
            destination: "/link",
            source: join(outside, "link"),
            options: ["bind", "src-nofollow", "dest-nofollow"],
          },
        ],
      },
      path,
    );
    expect([stdout, error]).toEqual(["some/where\nsome/where\nroot", undefined]);
  });
});

describe("devices", () => {
  asRoot("S193: /dev has the default ones and links, and nothing else", () => {
    const { stdout } = inFolder(
      "cd /dev; stat -c '%n %F %a %t:%T %U:%G' * | grep -v symbolic; for l in *; do readlink $l; done; head -c 4 urandom | wc -c; echo x > null; head -c 2 zero | wc -c",
    );
    expect(stdout.trim().split("\n")).toEqual([
      "full character special file 666 1:7 root:root",
      "mqueue directory 1777 0:0 root:root",
      "null character special file 666 1:3 root:root",
      "pts directory 755 0:0 root:root",
      "random character special file 666 1:8 root:root",
      "shm directory 1777 0:0 root:root",
      "tty character special file 666 5:0 root:root",
      "urandom character special file 666 1:9 root:root",
      "zero character special file 666 1:5 root:root",
      "/proc/self/fd",
      "pts/ptmx",
      "/proc/self/fd/2",
      "/proc/self/fd/0",
      "/proc/self/fd/1",
      "4",
      "2",
    ]);
  });

  asRoot("given ones have their owner and mode whatever the umask", () => {
    const { stdout, error } = inFolder("stat -c '%n %F %a %t:%T %u:%g' /dev/sub/fuse /dev/pipe /other", {
      devices: [
        { type: "c", path: "/dev/sub/fuse", major: 10, minor: 229, fileMode: 0o622, uid: 1000, gid: 2000 },
        { type: "p", path: "/dev/pipe", fileMode: 0o666 },
        { type: "b", path: "/other", major: 7, minor: 300 },
      ],
    });
    expect([error, stdout]).toEqual([
      undefined,
      "/dev/sub/fuse character special file 622 a:e5 1000:2000\n/dev/pipe fifo 666 0:0 0:0\n/other block special file 666 7:12c 0:0\n",
    ]);
  });

  asRoot("can be the host's nodes, where making them is refused", () => {
    const { stdout, error } = inFolder(
      "stat -c '%n %t:%T' /dev/null /dev/tty; echo x > /dev/null && head -c 3 /dev/zero | wc -c",
      { bindDevices: true },
    );
    expect([error, stdout]).toEqual([undefined, "/dev/null 1:3\n/dev/tty 5:0\n3\n"]);
  });

  asRoot("also fill a /dev that is part of the root file system, the same twice", () => {
    const path = makeRootfs();
    for (let i = 0; i < 2; i++) {
      const { stdout, error } = inFolder("cd /dev; ls | tr '\\n' ' '", { mounts: [] }, path);
      expect([error, stdout]).toEqual([
        undefined,
        "fd full null ptmx random stderr stdin stdout tty urandom zero ",
      ]);
    }
    expect(statSync(join(path, "dev/null")).isCharacterDevice()).toBe(true);
  });
});

describe("what is hidden", () => {
  const masked = [
    "/proc/kcore",
    "/proc/keys",
    "/proc/timer_list",
    "/proc/acpi",
    "/sys/firmware",
    "/secrets",
    "/secret",
    "/not/there",
    "/bin/busybox/x",
  ];
  asRoot("masked paths are empty, read-only paths cannot be written", () => {
    const path = makeRootfs();
    mkdirSync(join(path, "secrets"));
    writeFileSync(join(path, "secrets/a"), "secret");
    writeFileSync(join(path, "secret"), "secret");
    const { stdout, error } = inFolder(
      "cat /secret /proc/keys /proc/timer_list | wc -c; ls /secrets /sys/firmware | grep -v ':' | tr -d '\\n'; touch /secrets/x 2>/dev/null && echo bad; " +
        "echo 1 > /proc/sys/kernel/randomize_va_space || echo refused; touch /etc/x || echo refused; touch /x && echo fine",
      { masked, readonlyPaths: ["/proc/sys", "/proc/sysrq-trigger", "/etc", "/not/there"] },
      path,
    );
    expect([error, stdout]).toEqual([undefined, "0\nrefused\nrefused\nfine\n"]);
    expect(readdirSync(join(path, "secrets"))).toEqual(["a"]);
  });

  asRoot("S16: sysctls of the container's own namespaces are set", () => {
    const sysctls = { "net.ipv4.ip_forward": "1", "kernel.shmmni": "1234", "net/ipv4/ip_default_ttl": "33" };
    const { stdout, error } = inFolder(
      "cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni /proc/sys/net/ipv4/ip_default_ttl",
      { sysctls },
    );
    expect([error, stdout]).toEqual([undefined, "1\n1234\n33\n"]);
    expect(inFolder("true", { sysctls: { "net.no.such": "1" } }).error).toContain(
      'sysctl "net.no.such": no such file',
    );
    const without = inFolder("true", {
      sysctls,
      mounts: defaultMounts.filter((mount) => mount.type !== "proc"),
    });
    expect(without.error).toBeUndefined();
  });
});
