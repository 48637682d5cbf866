import type { HealthTicks } from "../../plan/index.ts";
import type { HealthCheck } from "../run-options.ts";

/** docker's defaults, in milliseconds. */
const INTERVAL = 30_000;
const START_INTERVAL = 5000;
const TIMEOUT = 30_000;
export const RETRIES = 3;
/** What a timer can measure: some 25 days. */
const LONGEST = 2 ** 31 - 1;

/** As docker: 0 is the usual time. */
function orUsual(time: number | undefined, usual: number): number {
  return Math.min(time || usual, LONGEST);
}

/** How long a check may take, in milliseconds. */
export function timeoutOf({ timeout }: HealthCheck): number {
  return orUsual(timeout, TIMEOUT);
}

/** How a keeper has a container's health checked by a command; undefined: never. */
export function healthTicks(check: HealthCheck, command: readonly string[]): HealthTicks | undefined {
  if (check.command === undefined || check.command.length === 0) return undefined;
  return {
    command,
    intervalMilliseconds: orUsual(check.interval, INTERVAL),
    startPeriodMilliseconds: orUsual(check.startPeriod, 0),
    startIntervalMilliseconds: orUsual(check.startInterval, START_INTERVAL),
  };
}
