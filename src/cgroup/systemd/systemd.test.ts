import { describe, expect, test } from "bun:test";
import type { LinuxResources } from "../resources.ts";
import { annotatedProperties } from "./annotations.ts";
import { resourceProperties } from "./properties.ts";
import { unitName, unitPath } from "./unit-name.ts";

describe("the unit of a cgroupsPath", () => {
  test("slice, prefix and name", () => {
    expect(unitName("machine.slice:libpod:abc", "x", false)).toEqual({
      slice: "machine.slice",
      unit: "libpod-abc.scope",
    });
    expect(unitName("::name", "x", true)).toEqual({ slice: "user.slice", unit: "name.scope" });
    expect(unitName(":a:b.scope", "x", false)).toEqual({ slice: "system.slice", unit: "a-b.scope" });
    expect(unitName(undefined, "a+b", false).unit).toBe(String.raw`husk-a\x2bb.scope`);
    expect(unitName("-.slice:p:n", "x", false).slice).toBe("-.slice");
  });

  test("what is none is refused by runc's words", () => {
    expect(() => unitName("/a/b", "x", false)).toThrow("slice:prefix:name");
    expect(() => unitName("a-.slice:b:c", "x", false)).toThrow("invalid slice name");
    expect(() => unitName("../x.slice:b:c", "x", false)).toThrow("invalid slice name");
    expect(() => unitName("machine.slice:b:c/d", "x", false)).toThrow("cannot be the name");
    expect(() => unitName("machine.slice:b:pod.slice", "x", false)).toThrow("a slice holds groups");
  });

  test("its object on the bus", () => {
    expect(unitPath("husk-1.scope")).toBe("/org/freedesktop/systemd1/unit/husk_2d1_2escope");
    expect(unitPath("1a")).toBe("/org/freedesktop/systemd1/unit/_31a");
  });
});

describe("limits as properties", () => {
  const shown = (resources: LinuxResources) =>
    resourceProperties(resources).map(
      ([name, { type, value }]) => `${name} ${type} ${JSON.stringify(value, text)}`,
    );
  const text = (_: string, value: unknown): unknown => (typeof value === "bigint" ? `${value}` : value);

  test("memory, swap alone, processes", () => {
    expect(shown({ memory: { limit: 100, swap: 150, reservation: 50 }, pids: { limit: -1 } })).toEqual([
      'MemoryMax t "100"',
      'MemoryLow t "50"',
      'MemorySwapMax t "50"',
      'TasksMax t "18446744073709551615"',
    ]);
    expect(shown({ memory: { limit: -1, swap: -1 } })).toEqual([
      'MemoryMax t "18446744073709551615"',
      'MemorySwapMax t "18446744073709551615"',
    ]);
  });

  test("CPU time is rounded up to hundredths of a CPU", () => {
    expect(shown({ cpu: { quota: 33333, period: 100000 } })).toEqual([
      'CPUQuotaPeriodUSec t "100000"',
      'CPUQuotaPerSecUSec t "340000"',
    ]);
    expect(shown({ cpu: { quota: -1 } })).toEqual(['CPUQuotaPerSecUSec t "18446744073709551615"']);
    expect(shown({ cpu: { shares: 1024, idle: 1 } })).toEqual([]);
  });

  test("CPUs are bits, the first byte first", () => {
    expect(shown({ cpu: { cpus: "0,3,9-10", mems: "0" } })).toEqual([
      "AllowedCPUs ay [9,6]",
      "AllowedMemoryNodes ay [1]",
    ]);
  });

  test("files of v2 that systemd knows", () => {
    const unified = {
      "cpu.max": "max 50000",
      "memory.high": "max",
      "pids.max": "7",
      "io.weight": "5",
      "cpuset.cpus": "1",
    };
    expect(shown({ unified })).toEqual([
      'CPUQuotaPeriodUSec t "50000"',
      'CPUQuotaPerSecUSec t "18446744073709551615"',
      'MemoryHigh t "18446744073709551615"',
      'TasksMax t "7"',
      "AllowedCPUs ay [2]",
    ]);
  });

  test("devices: a list of what is allowed, or nothing that contradicts husk's own program", () => {
    const [policy, reset, list = ""] = shown({
      devices: [
        { allow: false, access: "rwm" },
        { allow: true, type: "b", major: 8, minor: 1, access: "r" },
      ],
    });
    expect([policy, reset]).toEqual(['DevicePolicy s "strict"', "DeviceAllow a(ss) []"]);
    expect(list).toContain('["/dev/block/8:1","r"]');
    expect(list).toContain('["char-*","m"]');
    expect(list).toContain('["/dev/char/1:3","rwm"]');
    expect(list).toContain('["char-pts","rwm"]');
    const auto = ['DevicePolicy s "auto"', "DeviceAllow a(ss) []"];
    expect(shown({ devices: [{ allow: true, access: "rwm" }] })).toEqual(auto);
    expect(shown({ devices: [{ allow: false, type: "c", major: 1, minor: 3, access: "w" }] })).toEqual(auto);
  });
});

describe("properties by annotation", () => {
  const of = (name: string, value: string) =>
    annotatedProperties({ [`org.systemd.property.${name}`]: value });

  test("values in GVariant's text", () => {
    expect(of("TimeoutStopUSec", "uint64 123456789")).toEqual([
      ["TimeoutStopUSec", { type: "t", value: 123456789n }],
    ]);
    expect(of("CollectMode", "'inactive-or-failed'")).toEqual([
      ["CollectMode", { type: "s", value: "inactive-or-failed" }],
    ]);
    expect(of("After", "['a.service', \"b,c.service\"]")).toEqual([
      ["After", { type: "as", value: ["a.service", "b,c.service"] }],
    ]);
    expect(of("Wants", "@as []")).toEqual([["Wants", { type: "as", value: [] }]]);
    expect(of("Ab", "true")[0]?.[1]).toEqual({ type: "b", value: true });
    expect(of("Xy", "-5")[0]?.[1]).toEqual({ type: "i", value: -5 });
    expect(of("Xy", "int64 -5")[0]?.[1]).toEqual({ type: "x", value: -5n });
    expect(of("Xy", "1.5")[0]?.[1]).toEqual({ type: "d", value: 1.5 });
  });

  test("seconds become microseconds", () => {
    expect(of("TimeoutStopSec", "1.5")).toEqual([["TimeoutStopUSec", { type: "t", value: 1500000n }]]);
    expect(of("TimeoutStopSec", "uint64 7")).toEqual([["TimeoutStopUSec", { type: "t", value: 7000000n }]]);
  });

  test("other annotations are none, and mistakes are named", () => {
    expect(annotatedProperties({ other: "1" })).toEqual([]);
    expect(() => of("lower", "1")).toThrow('"lower" is no name of a unit property');
    for (const value of ["", "word", "uint64 'text'", "[1, 'a']", "uint64 1.5", "TimeoutSec 5"])
      expect(() => of("Name", value)).toThrow("is no value");
    expect(() => of("TimeoutSec", "'5'")).toThrow("is no value");
  });
});
