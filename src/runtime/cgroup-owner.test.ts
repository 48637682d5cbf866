import { expect, test } from "bun:test";
import { cgroupOwner } from "./cgroup-owner.ts";
import type { Spec } from "./config.ts";

const owner = (options: readonly string[], uid: number, namespaces: readonly object[], type = "cgroup") =>
  cgroupOwner({
    process: { user: { uid, gid: 0 } },
    mounts: [{ destination: "/sys/fs/cgroup", type, source: "cgroup", options }],
    linux: { namespaces, uidMappings: [{ containerID: 0, hostID: 100000, size: 1000 }] },
  } as unknown as Spec);
const [cgroup, user] = [{ type: "cgroup" }, { type: "user" }];

test("the host's id of the container's user, where it can use the group", () => {
  expect(owner([], 0, [cgroup, user])).toBe(100000);
  expect(owner(["nosuid", "rw"], 7, [cgroup, user], "cgroup2")).toBe(100007);
  expect(owner([], 7, [cgroup])).toBe(7);
});

test("nobody, where it could not", () => {
  expect(owner(["ro"], 0, [cgroup, user])).toBeUndefined();
  expect(owner(["rw", "ro"], 0, [cgroup, user])).toBeUndefined();
  expect(owner([], 0, [user])).toBeUndefined();
  expect(owner([], 0, [{ type: "cgroup", path: "/proc/1/ns/cgroup" }, user])).toBeUndefined();
  expect(owner([], 0, [cgroup, { type: "user", path: "/proc/1/ns/user" }])).toBeUndefined();
  expect(owner([], 0, [cgroup])).toBeUndefined();
  expect(owner([], 5000, [cgroup, user])).toBeUndefined();
  expect(owner([], 0, [cgroup, user], "bind")).toBeUndefined();
});
