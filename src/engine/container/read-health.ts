import { readFileSync } from "node:fs";
import type { HealthRecord } from "./health.ts";

/** How the last checks went; undefined before the first one. */
export function readHealth(file: string): HealthRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as HealthRecord;
    return record.format === 1 ? record : undefined;
  } catch {
    return undefined;
  }
}
