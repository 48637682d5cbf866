import { writeWhole } from "../../platform/whole-file.ts";

/** docker's words. */
export type HealthStatus = "starting" | "healthy" | "unhealthy";

/** `health.json`: how the last checks went. */
export interface HealthRecord {
  readonly format: 1;
  readonly status: HealthStatus;
  /** Failures since the last success. */
  readonly failingStreak: number;
  /** The last five, the newest last. Times are milliseconds since 1970. */
  readonly log: readonly HealthResult[];
}

export interface HealthResult {
  readonly started: number;
  readonly ended: number;
  /** The check's exit status; -1: it took too long or could not be run. */
  readonly exitCode: number;
  /** The first 4096 bytes of what it printed. */
  readonly output: string;
}

export function writeHealth(file: string, health: HealthRecord): void {
  writeWhole(file, JSON.stringify(health), 0o600);
}
