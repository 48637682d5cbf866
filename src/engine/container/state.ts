import type { ContainerRecord } from "./record.ts";
import type { HealthStatus } from "./health.ts";

/** docker's words for how a container fares. */
export type ContainerStatus =
  | "created"
  | "running"
  | "paused"
  | "restarting"
  | "removing"
  | "exited"
  | "dead";

/** How a container fares at one moment. */
export interface ContainerState {
  readonly status: ContainerStatus;
  /** Process id of its first process as the host counts; 0: none runs. */
  readonly pid: number;
  /** Of the last run: status, 128 + n after signal n; 0 while it runs. */
  readonly exitCode: number;
  /** Of the last run: the kernel killed something in it for lack of memory. */
  readonly outOfMemory: boolean;
  /** Milliseconds since 1970; 0: never. */
  readonly started: number;
  readonly finished: number;
  /** What prevented the last start, or took its keeper away; "": nothing. */
  readonly error: string;
  /** How often the restart policy started it since somebody did. */
  readonly restarts: number;
  /** Absent without a health check. */
  readonly health?: HealthStatus;
}

/** A container as lists show it. */
export interface ContainerSummary extends ContainerState {
  readonly record: ContainerRecord;
}
