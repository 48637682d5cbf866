import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "bun:test";
import { List, type Operation } from "../plan/index.ts";
import { cleanPath, rootView } from "./in-root.ts";
import { addMounts } from "./mounts.ts";
import type { MountContext } from "./mount-context.ts";
import type { Mount } from "./types.ts";

const folder = mkdtempSync(join(tmpdir(), "husk-mounts-"));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "dir"));
writeFileSync(join(folder, "file"), "");
symlinkSync("dir", join(folder, "link"));

function plan(mounts: readonly Mount[], context: Partial<MountContext> = {}): List {
  const list = new List("container");
  list.step("root", "");
  const root = list.call("openat", -100, "/rootfs", 0);
  addMounts(
    { root: rootView(list, root), source: { kind: "directory", path: folder }, bundle: folder, ...context },
    mounts,
  );
  list.steps.shift();
  return list;
}

/** The calls of a plan in a form that fits on a line. */
function calls(list: List): string[] {
  const found: string[] = [];
  const add = (operations: readonly Operation[]): void => {
    for (const operation of operations) {
      if (operation.kind === "when") add(operation.body);
      if (operation.kind !== "call") continue;
      found.push(
        [operation.name, ...operation.args.filter((arg) => typeof arg === "string" && arg !== "")].join(" "),
      );
    }
  };
  for (const { operations } of list.steps) add(operations);
  return found;
}

describe("a mount of a new file system", () => {
  test("is made detached, then attached to a place that is held open", () => {
    const list = plan([
      { destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "size=64k"] },
    ]);
    expect(list.steps.map((step) => step.title)).toEqual(["tmpfs on /tmp"]);
    expect(calls(list)).toEqual([
      "fsopen tmpfs",
      "fsconfig source tmpfs",
      "fsconfig size 64k",
      "fsconfig",
      "fsmount",
      "mkdirat tmp",
      "openat2 /tmp",
      "move_mount",
    ]);
  });

  test("in a tmpfs that husk made itself needs no search for its place", () => {
    const list = plan([
      { destination: "/dev", type: "tmpfs" },
      { destination: "/dev/shm", type: "tmpfs" },
    ]);
    expect(calls(list).slice(-3)).toEqual(["mkdirat shm", "openat shm", "move_mount"]);
  });

  test("leaves out a terminal group that is not mapped", () => {
    const devpts: Mount = { destination: "/dev/pts", type: "devpts", options: ["newinstance", "gid=5"] };
    expect(calls(plan([devpts]))).toContain("fsconfig gid 5");
    expect(calls(plan([devpts], { hasGid: (gid) => gid < 5 }))).not.toContain("fsconfig gid 5");
  });

  test("of type sysfs becomes a bind of the host's where the network is another's", () => {
    const sysfs: Mount = { destination: "/sys", type: "sysfs", options: ["ro", "nosuid"] };
    const list = plan([sysfs], { userNamespace: true, ownNetwork: false });
    expect(calls(list)[0]).toBe("open_tree /sys");
  });
});

describe("a bind mount", () => {
  test("of a folder makes a folder, of a file a file", () => {
    const bind = (source: string) =>
      plan([{ destination: "/a/b", type: "bind", source, options: ["rbind", "ro"] }]);
    expect(calls(bind("dir"))).toContain("openat2 /a/b");
    expect(calls(bind("dir"))).not.toContain("mknodat b");
    expect(calls(bind("file"))).toContain("mknodat b");
    expect(calls(bind("file"))).toContain(`open_tree ${folder}/file`);
  });

  test("is opened by the keeper where only the host may go", () => {
    const keeper = new List("keeper");
    plan([{ destination: "/a", type: "bind", source: "dir" }], { keeper });
    expect(calls(keeper)).toEqual([`open_tree ${folder}/dir`, "mount_setattr"]);
  });

  test("of a symbolic link can copy the link", () => {
    const list = plan([{ destination: "/a", source: "link", options: ["bind", "copy-symlink"] }]);
    expect(calls(list)).toEqual(["symlinkat dir a"]);
  });

  test("names a source that is not there", () => {
    const missing: Mount = { destination: "/a", type: "bind", source: "/not/there", options: ["bind"] };
    expect(() => plan([missing])).toThrow("bind mount on /a: the source /not/there does not exist");
  });

  test("refuses options it does not know", () => {
    const mount: Mount = { destination: "/a", type: "bind", source: "dir", options: ["bind", "sized"] };
    expect(() => plan([mount])).toThrow('bind mount on /a: unknown option "sized"');
  });
});

describe("places where nothing may be mounted", () => {
  const refused: [string, Mount, string][] = [
    ["the root", { destination: "/./", type: "tmpfs" }, "would hide the root"],
    ["a tmpfs as /proc", { destination: "/proc", type: "tmpfs" }, "/proc can only be a mount of type proc"],
    [
      "a folder as /proc",
      { destination: "//proc/", source: folder, options: ["bind"] },
      "only be a mount of type proc",
    ],
    ["below /proc", { destination: "/proc/self/attr", type: "tmpfs" }, "nothing may be mounted below /proc"],
    [
      "below /proc by ..",
      { destination: "/x/../proc/sys", source: folder, options: ["bind"] },
      "below /proc",
    ],
    ["no type", { destination: "/a" }, "has no type"],
    ["no destination", { destination: "", type: "tmpfs" }, "needs a destination"],
    [
      "id maps",
      { destination: "/a", type: "tmpfs", uidMappings: [{ containerID: 0, hostID: 1, size: 1 }] },
      "id-mapped",
    ],
  ];
  for (const [name, mount, message] of refused) {
    test(name, () => expect(() => plan([mount])).toThrow(message));
  }

  test("but what lxcfs provides may be, and a real procfs", () => {
    plan([
      { destination: "/proc", type: "bind", source: "/proc", options: ["rbind"] },
      { destination: "/proc/meminfo", source: join(folder, "file"), options: ["bind"] },
    ]);
  });
});

describe("control groups", () => {
  const mount: Mount = { destination: "/sys/fs/cgroup", type: "cgroup", options: ["ro", "nosuid"] };

  test("of version 2 are one file system", () => {
    const cgroup = [{ destination: "", source: "cgroup2", type: "cgroup2", options: ["nosuid"] }] as const;
    expect(calls(plan([mount], { cgroup }))).toContain("fsopen cgroup2");
    expect(calls(plan([mount], { cgroup }))).not.toContain("fsopen tmpfs");
  });

  test("of version 1 are a tmpfs with one of each, and links", () => {
    const cgroup = [
      { destination: "cpu,cpuacct", source: "cgroup", type: "cgroup", options: ["cpu", "cpuacct"] },
      { destination: "cpu", source: "cpu,cpuacct", type: "symlink", options: [] },
    ] as const;
    const made = calls(plan([mount], { cgroup }));
    expect(made).toContain("fsopen tmpfs");
    expect(made).toContain("fsconfig cpuacct");
    expect(made).toContain("symlinkat cpu,cpuacct cpu");
  });
});

test("paths are cleaned as the kernel would read them from the root", () => {
  const cases = {
    "/a//b/": "/a/b",
    "a/./b": "/a/b",
    "/../../x": "/x",
    "/a/b/..": "/a",
    "/": "/",
    "/.hidden": "/.hidden",
  };
  for (const [path, clean] of Object.entries(cases)) expect(cleanPath(path), path).toBe(clean);
});

describe("an SELinux context", () => {
  const label = "system_u:object_r:container_file_t:s0:c1,c2";
  const of = (type: string) => calls(plan([{ destination: "/a", type, source: type }], { label }));

  test("is given to new file systems, but to none of those that SELinux labels itself", () => {
    expect(of("tmpfs")).toContain(`fsconfig context ${label}`);
    expect(of("devpts")).toContain(`fsconfig context ${label}`);
    for (const type of ["proc", "sysfs", "mqueue"]) expect(of(type).join()).not.toContain("context");
  });

  test("is that of the directory of mqueue", () => {
    expect(of("mqueue")).toContain("fsetxattr security.selinux");
  });
});
