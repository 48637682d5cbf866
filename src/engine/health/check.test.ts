import { expect, test } from "bun:test";
import { healthTicks, timeoutOf } from "./check.ts";

const ticks = (times: object) => healthTicks({ command: ["true"], ...times }, ["husk"]);

test("times that are 0 are docker's usual ones, and none is longer than a timer can measure", () => {
  const usual = { intervalMilliseconds: 30_000, startPeriodMilliseconds: 0, startIntervalMilliseconds: 5000 };
  expect(ticks({})).toMatchObject(usual);
  expect(ticks({ interval: 0, startPeriod: 0, startInterval: 0 })).toMatchObject(usual);
  expect(ticks({ interval: 1e13 })?.intervalMilliseconds).toBe(2 ** 31 - 1);
  expect([timeoutOf({}), timeoutOf({ timeout: 0 }), timeoutOf({ timeout: 7 })]).toEqual([30_000, 30_000, 7]);
  expect(timeoutOf({ timeout: 1e13 })).toBe(2 ** 31 - 1);
  expect(healthTicks({ command: [] }, ["husk"])).toBeUndefined();
});
