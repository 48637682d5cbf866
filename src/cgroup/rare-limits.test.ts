import { expect, test } from "bun:test";
import type { Hierarchy, Layout } from "./layout.ts";
import { resourceWrites } from "./resource-writes.ts";

const hierarchy = (version: 1 | 2, controllers: string[]): Hierarchy => ({
  version,
  mount: "/sys/fs/cgroup",
  controllers,
  own: "/",
  readOnly: false,
});
const v1: Layout = { hierarchies: [hierarchy(1, ["hugetlb", "rdma", "net_cls", "net_prio"])] };
const v2: Layout = { hierarchies: [hierarchy(2, ["hugetlb", "rdma"])] };

test("huge pages, those that are reserved included where the kernel counts them", () => {
  const resources = { hugepageLimits: [{ pageSize: "2MB", limit: 4194304 }] };
  const files = (layout: Layout) =>
    resourceWrites(resources, layout).map(({ file, otherwise }) => [file, otherwise?.file]);
  expect(files(v1)).toEqual([
    ["hugetlb.2MB.limit_in_bytes", undefined],
    ["hugetlb.2MB.rsvd.limit_in_bytes", "hugetlb.2MB.limit_in_bytes"],
  ]);
  expect(files(v2)[1]).toEqual(["hugetlb.2MB.rsvd.max", "hugetlb.2MB.max"]);
});

test("RDMA devices", () => {
  const resources = { rdma: { mlx5_0: { hcaHandles: 3, hcaObjects: 10 }, ocrdma1: { hcaObjects: 5 } } };
  expect(resourceWrites(resources, v2).map(({ file, value }) => [file, value])).toEqual([
    ["rdma.max", "mlx5_0 hca_handle=3 hca_object=10"],
    ["rdma.max", "ocrdma1 hca_object=5"],
  ]);
});

test("marks on network packets exist in v1 only", () => {
  const resources = { network: { classID: 1048577, priorities: [{ name: "eth0", priority: 500 }] } };
  expect(resourceWrites(resources, v1).map(({ file, value }) => [file, value])).toEqual([
    ["net_cls.classid", "1048577"],
    ["net_prio.ifpriomap", "eth0 500"],
  ]);
  expect(() => resourceWrites(resources, v2)).toThrow("cgroup v2");
});
