import { expect, test } from "bun:test";
import type { HealthResult } from "../container/health.ts";
import { BEGINNING, judge } from "./judge.ts";

const result = (exitCode: number, started = 10_000): HealthResult => ({
  started,
  ended: started + 1,
  exitCode,
  output: "",
});
const usual = { retries: 3, startPeriod: 0, started: 0 };

test("one success is healthy, so many failures in a row are unhealthy, and a success mends it", () => {
  let health = judge(BEGINNING, result(0), usual);
  expect(health.status).toBe("healthy");
  for (const [streak, status] of [
    [1, "healthy"],
    [2, "healthy"],
    [3, "unhealthy"],
    [4, "unhealthy"],
  ] as const) {
    health = judge(health, result(1), usual);
    expect([health.failingStreak, health.status]).toEqual([streak, status]);
  }
  health = judge(health, result(0), usual);
  expect([health.failingStreak, health.status]).toEqual([0, "healthy"]);
});

test("failures during the start period do not count, unless there was a success", () => {
  const starting = { ...usual, retries: 1, startPeriod: 5000 };
  expect(judge(BEGINNING, result(1, 4000), starting)).toMatchObject({ status: "starting", failingStreak: 0 });
  expect(judge(BEGINNING, result(1, 6000), starting)).toMatchObject({
    status: "unhealthy",
    failingStreak: 1,
  });
  const healthy = judge(BEGINNING, result(0, 1000), starting);
  expect(judge(healthy, result(1, 2000), starting).status).toBe("unhealthy");
});

test("the last five checks are kept", () => {
  let health = BEGINNING;
  for (let i = 0; i < 8; i++) health = judge(health, result(0, i), usual);
  expect(health.log.map(({ started }) => started)).toEqual([3, 4, 5, 6, 7]);
});
