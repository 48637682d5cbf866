import { expect, test } from "bun:test";
import { cpuWeight } from "../convert.ts";
import { parseGroupSpec } from "./named-group.ts";
import { cpuShares, translationOf } from "./translate.ts";
import { bytesFromV1, parseBandwidth, parseBytes } from "./values.ts";

test("shares are the inverse of weights, at the points everybody knows and between", () => {
  expect([1, 100, 10_000].map(cpuShares)).toEqual([2, 1024, 262_144]);
  for (let weight = 1; weight <= 10_000; weight++) {
    expect(Math.abs(cpuWeight(cpuShares(weight)) - weight)).toBeLessThanOrEqual(1 + weight / 100);
  }
});

test("sizes in words, with their formula", () => {
  expect(parseBytes("memory.max", "80M")).toEqual({
    value: "83886080",
    formula: "80M = 80 × 1024^2 = 83886080 bytes",
  });
  for (const [text, bytes] of [
    ["1.5g", "1610612736"],
    ["64KiB", "65536"],
    ["4096", "4096"],
    ["-1", "max"],
    ["max", "max"],
  ] as const)
    expect(parseBytes("memory.max", text).value).toBe(bytes);
  for (const text of ["", "M", "1x", "-5", "1 0", "0x10"])
    expect(() => parseBytes("memory.max", text)).toThrow("invalid value");
});

test("v1's largest number is no limit", () => {
  expect([bytesFromV1("9223372036854771712"), bytesFromV1("-1"), bytesFromV1("4096")]).toEqual([
    "max",
    "max",
    "4096",
  ]);
});

test("CPU time as a share of a core, or in the kernel's words", () => {
  const quota = (value: string): unknown => {
    const { quota: time, period } = parseBandwidth("cpu.max", value, 100_000);
    return [time, period];
  };
  expect(quota("50%")).toEqual([50_000, 100_000]);
  expect(quota("150%")).toEqual([150_000, 100_000]);
  expect(quota("5% 50000")).toEqual([2500, 50_000]);
  expect(quota("20000 50000")).toEqual([20_000, 50_000]);
  expect(quota("max")).toEqual([undefined, 100_000]);
  expect(() => quota("0.5%")).toThrow("minimum");
  for (const text of ["half", "50 %", "%", "5%core", "1 2 3"])
    expect(() => quota(text)).toThrow("invalid value");
});

test("a name of either version finds its translation", () => {
  expect(translationOf("memory.max")).toBe(translationOf("memory.limit_in_bytes")!);
  expect(translationOf("memory.stat")).toBeUndefined();
});

test("groups in husk's and in libcgroup's spelling", () => {
  expect(parseGroupSpec("a/b")).toEqual({ text: "a/b", path: "/a/b", controllers: undefined });
  expect(parseGroupSpec("cpu,memory:/a")).toEqual({ text: "a", path: "/a", controllers: ["cpu", "memory"] });
  expect(parseGroupSpec("*:a").controllers).toBeUndefined();
  expect(parseGroupSpec("/").path).toBe("");
  expect(parseGroupSpec("../../a").path).toBe("/a");
  for (const text of ["", "cpu:", ":a"]) expect(() => parseGroupSpec(text)).toThrow("the name is missing");
});
