import type { HealthTicks } from "../../plan/index.ts";
import type { HealthCheck } from "../run-options.ts";

/** docker's defaults, in milliseconds. */
const INTERVAL = 30_000;
const START_INTERVAL = 5000;
export const TIMEOUT = 30_000;
export const RETRIES = 3;

/** How a keeper has a container's health checked by a command; undefined: never. */
export function healthTicks(check: HealthCheck, command: readonly string[]): HealthTicks | undefined {
  if (check.command === undefined || check.command.length === 0) return undefined;
  return {
    command,
    intervalMilliseconds: check.interval ?? INTERVAL,
    startPeriodMilliseconds: check.startPeriod ?? 0,
    startIntervalMilliseconds: check.startInterval ?? START_INTERVAL,
  };
}
