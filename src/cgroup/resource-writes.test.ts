import { describe, expect, test } from "bun:test";
import type { Layout } from "./layout.ts";
import { resourceWrites } from "./resource-writes.ts";
import type { LinuxResources } from "./resources.ts";

const MiB = 2 ** 20;

const v1: Layout = {
  hierarchies: ["cpu", "cpuset", "memory", "pids", "blkio", "devices"].map((controller) => ({
    version: 1,
    mount: `/sys/fs/cgroup/${controller}`,
    controllers: [controller],
    own: "/",
    readOnly: false,
  })),
};
const v2: Layout = {
  hierarchies: [
    {
      version: 2,
      mount: "/sys/fs/cgroup",
      controllers: ["cpuset", "cpu", "io", "memory", "pids", "hugetlb"],
      own: "/",
      readOnly: false,
    },
  ],
};

function files(resources: LinuxResources, layout: Layout): string[] {
  return resourceWrites(resources, layout).map(({ file, value }) => `${file} = ${value}`);
}

describe("limits as files", () => {
  const cases: [string, LinuxResources, string[], string[]][] = [
    [
      "memory",
      { memory: { limit: 80 * MiB } },
      ["memory.limit_in_bytes = 83886080"],
      ["memory.max = 83886080"],
    ],
    [
      "memory without limit",
      { memory: { limit: -1, swap: -1 } },
      ["memory.limit_in_bytes = -1", "memory.memsw.limit_in_bytes = -1"],
      ["memory.max = max", "memory.swap.max = max"],
    ],
    [
      "swap counts with memory in v1 and by itself in v2; the limit of memory comes first",
      { memory: { limit: 64 * MiB, swap: 96 * MiB } },
      ["memory.limit_in_bytes = 67108864", "memory.memsw.limit_in_bytes = 100663296"],
      ["memory.max = 67108864", "memory.swap.max = 33554432"],
    ],
    [
      "no swap at all",
      { memory: { limit: 64 * MiB, swap: 64 * MiB } },
      ["memory.limit_in_bytes = 67108864", "memory.memsw.limit_in_bytes = 67108864"],
      ["memory.max = 67108864", "memory.swap.max = 0"],
    ],
    [
      "reservation",
      { memory: { reservation: 8 * MiB } },
      ["memory.soft_limit_in_bytes = 8388608"],
      ["memory.low = 8388608"],
    ],
    ["shares", { cpu: { shares: 512 } }, ["cpu.shares = 512"], ["cpu.weight = 59"]],
    [
      "quota and period; the period comes first",
      { cpu: { quota: 5000, period: 50000 } },
      ["cpu.cfs_period_us = 50000", "cpu.cfs_quota_us = 5000"],
      ["cpu.max = 5000 50000"],
    ],
    ["quota alone", { cpu: { quota: 5000 } }, ["cpu.cfs_quota_us = 5000"], ["cpu.max = 5000 100000"]],
    ["no quota", { cpu: { quota: -1 } }, ["cpu.cfs_quota_us = -1"], ["cpu.max = max 100000"]],
    [
      "burst and idle",
      { cpu: { quota: 5000, burst: 1000, idle: 1 } },
      ["cpu.cfs_quota_us = 5000", "cpu.cfs_burst_us = 1000", "cpu.idle = 1"],
      ["cpu.max = 5000 100000", "cpu.max.burst = 1000", "cpu.idle = 1"],
    ],
    [
      "CPUs and memory nodes",
      { cpu: { cpus: "0-1", mems: "0" } },
      ["cpuset.cpus = 0-1", "cpuset.mems = 0"],
      ["cpuset.cpus = 0-1", "cpuset.mems = 0"],
    ],
    ["processes", { pids: { limit: 3 } }, ["pids.max = 3"], ["pids.max = 3"]],
    ["any number of processes", { pids: { limit: -1 } }, ["pids.max = max"], ["pids.max = max"]],
    [
      "block I/O weights",
      { blockIO: { weight: 500, weightDevice: [{ major: 8, minor: 0, weight: 200 }] } },
      ["blkio.bfq.weight = 500", "blkio.bfq.weight_device = 8:0 200"],
      ["io.bfq.weight = 500", "io.bfq.weight = 8:0 200"],
    ],
    [
      "block I/O rates",
      {
        blockIO: {
          throttleReadBpsDevice: [{ major: 8, minor: 0, rate: MiB }],
          throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 10 }],
        },
      },
      ["blkio.throttle.read_bps_device = 8:0 1048576", "blkio.throttle.write_iops_device = 8:0 10"],
      ["io.max = 8:0 rbps=1048576", "io.max = 8:0 wiops=10"],
    ],
    [
      "what is 0 is not asked for",
      { memory: { limit: 0, swap: 0 }, cpu: { shares: 0, quota: 0 }, pids: { limit: 0 } },
      [],
      [],
    ],
  ];
  test.each(cases)("%s", (_, resources, inV1, inV2) => {
    expect(files(resources, v1)).toEqual(inV1);
    expect(files(resources, v2)).toEqual(inV2);
  });

  test("v2 without the BFQ scheduler has io.weight, on another scale", () => {
    expect(resourceWrites({ blockIO: { weight: 500 } }, v2)[0]?.otherwise).toEqual({
      file: "io.weight",
      value: "4950",
    });
  });

  test("the formula is told", () => {
    expect(resourceWrites({ cpu: { shares: 512 } }, v2)[0]?.why).toContain(
      "512 shares of v1 are weight 59 of v2",
    );
    const limits = { memory: { limit: 64 * MiB, swap: 96 * MiB } };
    expect(resourceWrites(limits, v2)[1]?.why).toContain("100663296 - 67108864 = 33554432");
  });
});

describe("unified", () => {
  test("files of v2 as they are, a line a write", () => {
    const unified = { "hugetlb.2MB.max": "0", "io.max": "8:0 rbps=1\n8:16 rbps=2\n" };
    expect(files({ unified }, v2)).toEqual([
      "hugetlb.2MB.max = 0",
      "io.max = 8:0 rbps=1",
      "io.max = 8:16 rbps=2",
    ]);
  });

  test("is refused for a controller of v1, and for files that are no limits", () => {
    expect(() => files({ unified: { "memory.high": "1" } }, v1)).toThrow(
      "the memory controller is cgroup v1",
    );
    expect(() => files({ unified: { "cgroup.procs": "1" } }, v2)).toThrow("it is no limit");
  });
});

describe("what a machine cannot do is refused by name", () => {
  test.each([
    [{ memory: { swappiness: 10 } }, "swappiness 10"],
    [{ memory: { disableOOMKiller: true } }, "no out-of-memory killer"],
    [{ cpu: { realtimeRuntime: 1000 } }, "real-time budget 1000 µs"],
    [{ blockIO: { leafWeight: 100 } }, "block I/O leaf weight 100"],
  ] as [LinuxResources, string][])("%j in v2", (resources, message) => {
    expect(() => files(resources, v2)).toThrow(message);
  });

  test("no controller", () => {
    expect(() => files({ memory: { limit: 64 * MiB } }, { hierarchies: [] })).toThrow(
      "memory limit 64 MiB: the memory controller is not available on this machine",
    );
  });
});
