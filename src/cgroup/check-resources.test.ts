import { describe, expect, test } from "bun:test";
import { HuskError } from "../platform/error.ts";
import { checkCpuset, checkResources } from "./check-resources.ts";
import { parseCpuList } from "./cpu-list.ts";
import type { LinuxResources } from "./resources.ts";
import { checkRunLimits, resourcesOf } from "./run-limits.ts";

const MiB = 2 ** 20;

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof HuskError) return error.code;
  }
  return "accepted";
}

describe("values the kernel would refuse", () => {
  test.each([
    [{ memory: { limit: 64 * MiB, swap: 32 * MiB } }, "lower than the memory limit 64 MiB"],
    [{ memory: { swap: 32 * MiB } }, "there is no memory limit beside it"],
    [{ memory: { limit: 64 * MiB, reservation: 65 * MiB } }, "higher than the memory limit"],
    [{ memory: { swappiness: 101 } }, "not between 0 and 100"],
    [{ cpu: { shares: 1 } }, "cpu shares 1"],
    [{ cpu: { shares: 262145 } }, "cpu shares 262145"],
    [{ cpu: { period: 999 } }, "cpu period 999"],
    [{ cpu: { period: 1000001 } }, "cpu period 1000001"],
    [{ cpu: { quota: 999 } }, "minimum is 1000"],
    [{ cpu: { burst: 10 } }, "cpu burst 10"],
    [{ cpu: { quota: 5000, burst: 5001 } }, "at most the cpu quota, which is 5000"],
    [{ cpu: { cpus: "0-99999" } }, "CPUs"],
    [{ cpu: { cpus: "first" } }, "not a list"],
    [{ blockIO: { weight: 9 } }, "not between 10 and 1000"],
    [{ blockIO: { weightDevice: [{ major: 4095, minor: 0, weight: 1001 }] } }, "for device 4095:0 1001"],
    [{ blockIO: { throttleReadBpsDevice: [{ major: 4095, minor: 0, rate: 1 }] } }, "block device 4095:0"],
  ] as [LinuxResources, string][])("%j", (resources, message) => {
    expect(() => checkResources(resources)).toThrow(message);
    expect(codeOf(() => checkResources(resources))).toBe("invalid");
  });

  test("what docker writes by default passes", () => {
    const resources: LinuxResources = {
      memory: { disableOOMKiller: false },
      cpu: { shares: 0 },
      pids: { limit: 0 },
      blockIO: { weight: 0 },
    };
    expect(checkResources(resources)).toEqual([]);
  });

  test("what has no effect any more is a warning", () => {
    expect(checkResources({ memory: { kernel: MiB } })).toEqual([
      "kernel memory has no limit of its own: the kernel counts it with the memory limit",
    ]);
  });
});

describe("lists of CPUs", () => {
  test.each([
    ["0", [0]],
    ["0-3,5", [0, 1, 2, 3, 5]],
    ["1,1", [1]],
    ["", undefined],
    ["3-1", undefined],
    ["0,", undefined],
    ["0-3:2/4", undefined],
    ["-1", undefined],
    ["99999", undefined],
  ])("%s", (list, numbers) => {
    const parsed = parseCpuList(list);
    expect(parsed === undefined ? undefined : [...parsed]).toEqual(numbers as number[]);
  });

  test("are compared with what the machine has", () => {
    const machine = { cpus: "0-1", mems: "0" };
    expect(() => checkCpuset({ cpus: "0,1", mems: "0" }, machine)).not.toThrow();
    expect(() => checkCpuset({ cpus: "1-2" }, machine)).toThrow("this machine has no number 2");
    expect(() => checkCpuset({ mems: "1" }, machine)).toThrow("memory nodes");
  });
});

describe("limits of the command line", () => {
  const machine = () => ({ cpus: "0-1", mems: "0" });

  test.each([
    [{ memory: 6 * MiB - 1 }, "the minimum is 6 MiB"],
    [{ memoryReservation: MiB }, "the minimum is 6 MiB"],
    [{ cpus: 2.5 }, "this machine has 2"],
    [{ cpus: 0.001 }, "this machine has 2"],
    [{ cpus: 1, cpuQuota: 5000 }, "both say how much CPU time"],
  ])("%j is refused", (limits, message) => {
    expect(() => checkRunLimits(limits, machine)).toThrow(message);
  });

  test("cpus are a quota of 100 ms periods", () => {
    expect(resourcesOf({ cpus: 1.5 }, true).cpu).toMatchObject({ quota: 150000, period: 100000 });
  });

  test("a memory limit alone allows as much swap, where swap is counted", () => {
    expect(resourcesOf({ memory: 64 * MiB }, true).memory).toMatchObject({
      limit: 64 * MiB,
      swap: 128 * MiB,
    });
    expect(resourcesOf({ memory: 64 * MiB }, false).memory).toMatchObject({ limit: 64 * MiB, swap: 0 });
    expect(resourcesOf({ memory: 64 * MiB, memorySwap: -1 }, true).memory).toMatchObject({ swap: -1 });
  });

  test("nothing asked, nothing limited", () => {
    expect(resourcesOf({}, true)).toEqual({});
  });
});
