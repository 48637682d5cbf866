import type { HealthRecord, HealthResult, HealthStatus } from "../container/health.ts";

const KEPT_RESULTS = 5;

/** What of a check decides, and when. Times are milliseconds. */
export interface Judgement {
  readonly retries: number;
  readonly startPeriod: number;
  /** When the container was started, since 1970. */
  readonly started: number;
}

export const BEGINNING: HealthRecord = { format: 1, status: "starting", failingStreak: 0, log: [] };

/**
 * How healthy a container is after another check, as docker sees it: one success is enough, `retries` failures in a
 * row are too many, and failures during the start period count only once there was a success.
 */
export function judge(
  before: HealthRecord,
  result: HealthResult,
  { retries, startPeriod, started }: Judgement,
): HealthRecord {
  const log = [...before.log, result].slice(-KEPT_RESULTS);
  if (result.exitCode === 0) return { format: 1, status: "healthy", failingStreak: 0, log };
  const isStarting = before.status === "starting" && result.started - started < startPeriod;
  const failingStreak = isStarting ? before.failingStreak : before.failingStreak + 1;
  const status: HealthStatus = failingStreak >= retries && !isStarting ? "unhealthy" : before.status;
  return { format: 1, status, failingStreak, log };
}
