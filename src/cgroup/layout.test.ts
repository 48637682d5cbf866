import { describe, expect, test } from "bun:test";
import { detectLayout, type Hierarchy, hierarchyOf } from "./layout.ts";

const v1 = (id: number, mount: string, options: string, root = "/", flags = "rw,relatime") =>
  `${id} 31 0:${id} ${root} ${mount} ${flags} shared:9 - cgroup cgroup ${options}`;
const v2 = (id: number, mount: string, root = "/", flags = "rw,relatime") =>
  `${id} 31 0:${id} ${root} ${mount} ${flags} - cgroup2 cgroup2 rw,nsdelegate`;
const tmpfs = (mount: string) => `31 23 0:28 / ${mount} rw,relatime - tmpfs tmpfs rw,mode=755`;

function detect(mounts: string[], self: string[], controllers = ""): readonly Hierarchy[] {
  return detectLayout(`${mounts.join("\n")}\n`, `${self.join("\n")}\n`, () => controllers).hierarchies;
}

describe("where controllers are", () => {
  test("hybrid: v1 hierarchies and a v2 one beside them", () => {
    const layout = {
      hierarchies: detect(
        [
          tmpfs("/sys/fs/cgroup"),
          v1(32, "/sys/fs/cgroup/cpu", "rw,cpu"),
          v1(35, "/sys/fs/cgroup/memory", "rw,memory"),
          v1(40, "/sys/fs/cgroup/systemd", "rw,xattr,name=systemd"),
          v2(41, "/sys/fs/cgroup/unified"),
        ],
        ["9:name=systemd:/", "4:memory:/session/1", "1:cpu:/", "0::/"],
        "hugetlb\n",
      ),
    };
    expect(
      layout.hierarchies.map(({ version, mount, controllers, own }) => ({
        version,
        mount,
        controllers,
        own,
      })),
    ).toEqual([
      { version: 1, mount: "/sys/fs/cgroup/cpu", controllers: ["cpu"], own: "/" },
      { version: 1, mount: "/sys/fs/cgroup/memory", controllers: ["memory"], own: "/session/1" },
      { version: 1, mount: "/sys/fs/cgroup/systemd", controllers: ["name=systemd"], own: "/" },
      { version: 2, mount: "/sys/fs/cgroup/unified", controllers: ["hugetlb"], own: "/" },
    ]);
    expect(hierarchyOf(layout, "memory")?.version).toBe(1);
    expect(hierarchyOf(layout, "hugetlb")?.version).toBe(2);
    expect(hierarchyOf(layout, "rdma")).toBeUndefined();
  });

  test("v2 alone", () => {
    const found = detect(
      [v2(30, "/sys/fs/cgroup")],
      ["0::/user.slice/x.scope"],
      "cpuset cpu io memory pids\n",
    );
    expect(found).toEqual([
      {
        version: 2,
        mount: "/sys/fs/cgroup",
        controllers: ["cpuset", "cpu", "io", "memory", "pids"],
        own: "/user.slice/x.scope",
        readOnly: false,
      },
    ]);
  });

  test("controllers mounted together, also in another order of options", () => {
    const self = ["5:net_cls,net_prio:/", "4:cpu,cpuacct:/a:b", "0::/"];
    const mounts = [
      v1(32, "/sys/fs/cgroup/cpu,cpuacct", "rw,cpu,cpuacct"),
      v1(33, "/sys/fs/cgroup/net_cls,net_prio", "rw,clone_children,net_cls,net_prio"),
    ];
    expect(detect(mounts, self).map(({ controllers, own }) => [controllers.join(), own])).toEqual([
      ["cpu,cpuacct", "/a:b"],
      ["net_cls,net_prio", "/"],
    ]);
  });

  test("a controller whose name begins like another's", () => {
    const mounts = [v1(32, "/sys/fs/cgroup/cpu", "rw,cpu"), v1(33, "/sys/fs/cgroup/cpuset", "rw,cpuset")];
    expect(detect(mounts, ["3:cpuset:/s", "1:cpu:/c"]).map(({ own }) => own)).toEqual(["/c", "/s"]);
  });
});

describe("the own group inside a container", () => {
  const own = (root: string, name: string) =>
    detect([v1(35, "/sys/fs/cgroup/memory", "rw,memory", root)], [`4:memory:${name}`])[0]?.own;
  test.each([
    ["/docker/abc", "/docker/abc", "/"],
    ["/docker/abc", "/", "/"],
    ["/docker/abc", "/docker/abc/sub", "/sub"],
    ["/docker/abc", "/docker/abcd", undefined],
    ["/docker/abc", "/elsewhere", undefined],
    ["/", "/../outside", undefined],
  ])("mount of %s, process in %s: %s", (root, name, expected) => {
    expect(own(root, name)).toBe(expected as string);
  });
});

describe("mounts that do not count", () => {
  const memory = v1(35, "/sys/fs/cgroup/memory", "rw,memory");
  const self = ["4:memory:/"];

  test("covered by a later mount of the same place", () => {
    expect(detect([memory, "50 35 0:50 / /sys/fs/cgroup/memory rw - tmpfs tmpfs rw"], self)).toEqual([]);
  });

  test("covered by a later mount over all of them", () => {
    expect(detect([tmpfs("/sys/fs/cgroup"), memory, tmpfs("/sys/fs/cgroup")], self)).toEqual([]);
  });

  test("a second mount of the same hierarchy elsewhere", () => {
    const jail = v1(60, "/jail/sys/fs/cgroup/memory", "rw,memory");
    for (const mounts of [
      [memory, jail],
      [jail, memory],
    ])
      expect(detect(mounts, self).map(({ mount }) => mount)).toEqual(["/sys/fs/cgroup/memory"]);
  });

  test("read-only ones are known as such", () => {
    const mount = v1(35, "/sys/fs/cgroup/memory", "rw,memory", "/", "ro,nosuid");
    expect(detect([mount], self)[0]?.readOnly).toBe(true);
    expect(detect([memory], self)[0]?.readOnly).toBe(false);
  });
});

test("blanks in a mount point are octal", () => {
  expect(detect([v1(35, "/my\\040groups", "rw,memory")], ["4:memory:/"])[0]?.mount).toBe("/my groups");
});
