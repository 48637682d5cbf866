import { expect, test } from "bun:test";
import { cgroupMounts } from "./cgroup-mounts.ts";
import type { Group } from "./group.ts";

function group(version: 1 | 2, mount: string, controllers: string[]): Group {
  const hierarchy = { version, mount, controllers, own: "/", readOnly: false };
  return { hierarchy, path: `${mount}/husk-x`, base: mount, parents: [], removable: [] };
}

const v2 = group(2, "/sys/fs/cgroup", ["memory"]);
const hybrid = [
  group(2, "/sys/fs/cgroup/unified", []),
  group(1, "/sys/fs/cgroup/cpu,cpuacct", ["cpu", "cpuacct"]),
  group(1, "/sys/fs/cgroup/systemd", ["name=systemd"]),
];

const text = (groups: readonly Group[], namespace: boolean) =>
  cgroupMounts(groups, namespace).map(({ type, source, destination, options }) =>
    `${type} ${source} ${destination} ${options.join()}`.trimEnd(),
  );

test("v2 is one mount", () => {
  expect(text([v2], true)).toEqual(["cgroup2 cgroup2  nosuid,nodev,noexec"]);
});

test("v1 is a folder per hierarchy, with links for controllers mounted together", () => {
  expect(text(hybrid, true)).toEqual([
    "cgroup2 cgroup2 unified nosuid,nodev,noexec",
    "cgroup cgroup cpu,cpuacct nosuid,nodev,noexec,cpu,cpuacct",
    "symlink cpu,cpuacct cpu",
    "symlink cpu,cpuacct cpuacct",
    "cgroup cgroup systemd nosuid,nodev,noexec,none,name=systemd",
  ]);
});

test("without a cgroup namespace only the own groups are seen, and cannot be written", () => {
  expect(text([v2], false)).toEqual(["bind /sys/fs/cgroup/husk-x  ro,nosuid,nodev,noexec"]);
  for (const mount of cgroupMounts(hybrid, false)) {
    if (mount.type === "symlink") continue;
    expect(mount.type).toBe("bind");
    expect(mount.source).toEndWith("/husk-x");
    expect(mount.options).toContain("ro");
  }
});
