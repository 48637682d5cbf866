import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { cpuWeight, ioWeight, sizeText } from "./convert.ts";

test("cpu shares to weight: the values runc and crun document", () => {
  expect([2, 1024, 262144].map(cpuWeight)).toEqual([1, 100, 10000]);
  expect([1, 102, 512, 2048, 4096].map(cpuWeight)).toEqual([1, 17, 59, 174, 303]);
});

test("more shares are never less weight", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 262143 }), (shares) => cpuWeight(shares) <= cpuWeight(shares + 1)),
  );
});

test("block I/O weight", () => {
  expect([10, 500, 1000].map(ioWeight)).toEqual([1, 4950, 10000]);
});

test("sizes as people write them", () => {
  expect([83886080, 1.5 * 2 ** 30, 6 * 2 ** 20, 1000, 0].map(sizeText)).toEqual([
    "80 MiB",
    "1.5 GiB",
    "6 MiB",
    "1000 bytes",
    "0 bytes",
  ]);
});
