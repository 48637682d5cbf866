import type { HealthTicks, Restart } from "../../plan/index.ts";

/** What makes a container one with a life of its own: with a log, a socket, an exit record. */
export interface SupervisionRequest {
  /**
   * Nobody waits for it: the keeper leaves the caller's session, and only the launch is reported. Absent: the
   * container ends with its caller, unless the detach keys are typed.
   */
  readonly detached?: boolean;
  /** The container's folder, which exists: it gets `log` and `exit`. */
  readonly folder: string;
  /** Absent: nothing is logged. Sizes as in {@link import("../../plan/index.ts").KeptLog}. */
  readonly log?: { readonly maxBytes: number; readonly maxFiles: number };
  /** Path of the socket to listen at, of any length. */
  readonly socket: string;
  /** The journal of events, and the text around the exit code in the one of the end. */
  readonly died?: { readonly journal: string; readonly before: string; readonly after: string };
  /** The program's input can be written to (docker's OpenStdin); otherwise it is what the keeper was given as such. */
  readonly input?: boolean;
  /** The end of the caller's or a client's input ends the program's (docker's StdinOnce). */
  readonly inputOnce?: boolean;
  readonly restart?: Restart;
  /** A program, path first, that the keeper becomes at the end, unless the caller is there to tidy up. */
  readonly finish?: readonly string[];
  readonly health?: HealthTicks;
  /** Of the programs the keeper starts: `NAME=value`. */
  readonly environment?: readonly string[];
  /** What has to be typed to leave the container alone, for an attached one; at most 16 bytes. */
  readonly detachKeys?: Uint8Array;
}
