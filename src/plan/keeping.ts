import type { Result } from "./plan.ts";

/** What a keeper does besides waiting. */
export interface KeepOptions {
  /** The container's first process. */
  readonly pid: Result;
  /** Master of the container's terminal: the keeper's own terminal becomes raw and lends it its size. */
  readonly console?: Result;
  /** At most four: the keeper moves bytes between descriptors. */
  readonly relays?: readonly Relay[];
  /** Kill the container after this long; 0 or absent: never. */
  readonly timeoutMilliseconds?: number;
  /** Forward signals that reach the keeper. */
  readonly forwardSignals?: boolean;
  /** A descriptor that becomes readable when the caller dies (a pidfd): the container then ends too. */
  readonly caller?: Result;
  /** For a container with a life of its own. */
  readonly supervision?: Supervision;
}

/**
 * What a container's keeper does for one that others look at, talk to, and start again. Descriptors are of the
 * keeper's own making; whatever it needs afterwards it keeps a copy of.
 */
export interface Supervision {
  /**
   * Read end of a pipe whose other end only the processes of the plan have: it ends when the program is executed.
   * Then the container is launched, and the keeper forgets what it needs no more of the plan.
   */
  readonly launched: Result;
  /** A listening stream socket (docs/state.md, "The keeper's socket"). */
  readonly listener?: Result;
  /** Where input goes, from the caller and from clients: the write end of a pipe, or the terminal's master. */
  readonly input?: Result;
  /** The end of input of one who gives any is the end of the program's: docker's StdinOnce. */
  readonly inputOnce?: boolean;
  readonly log?: KeptLog;
  /** A file that gets the exit record, opened for writing (docs/state.md); it is written once at the start already. */
  readonly exit?: Result;
  /**
   * The event of the end: a frame in the journal at an absolute path, with `before`, the exit code's digits, `after`;
   * at most 2000 bytes each.
   */
  readonly died?: { readonly journal: string; readonly before: string; readonly after: string };
  readonly restart?: Restart;
  /** Becomes this program at the end, unless the caller is there to tidy up. */
  readonly finish?: readonly string[];
  readonly health?: HealthTicks;
  /** Of the programs it starts or becomes: `NAME=value`. */
  readonly environment?: readonly string[];
  /** A descriptor that stays open, as 3, in the program it becomes: the lock on the container's record. */
  readonly lock?: Result;
  /** Files `cgroup.procs` or `tasks` of control groups, at most two: there the keeper goes when it has no caller any more. */
  readonly groupsOutside?: readonly Result[];
  /** What has to be typed at the caller's terminal to leave the container alone; at most 16 bytes. */
  readonly detachKeys?: Uint8Array;
}

/** The framed log of a container (docs/state.md). */
export interface KeptLog {
  /** The container's folder: older logs are renamed in there. */
  readonly directory: Result;
  /** The file `log` in it, opened for appending. */
  readonly file: Result;
  /** A log that would grow beyond this becomes `log.1`; 0: never. */
  readonly maxBytes: number;
  /** How many there are at most, the present one included: 1 to 1000. */
  readonly maxFiles: number;
}

/** Whether and how the container is started again when it has ended by itself. */
export interface Restart {
  readonly applies: "always" | "on-failure" | "never";
  /** How long to wait; 100 instead once it has run for ten seconds. */
  readonly delayMilliseconds: number;
  /** The program the keeper becomes after that, path first. */
  readonly command: readonly string[];
}

/** A program the keeper starts again and again, one at a time, path first. Its first exit status 0 ends the start. */
export interface HealthTicks {
  readonly command: readonly string[];
  /** From the end of one to the beginning of the next. */
  readonly intervalMilliseconds: number;
  /** For so long after the launch the start lasts at most. */
  readonly startPeriodMilliseconds: number;
  /** The interval during the start. */
  readonly startIntervalMilliseconds: number;
}

/** Bytes read from one descriptor are written to another. */
export interface Relay {
  readonly from: Result;
  /** Absent: nobody wants them. */
  readonly to?: Result;
  /** The stream they are in the log: standard output (a terminal's output too) or error; absent: not logged. */
  readonly stream?: 1 | 2;
  /** After the container's end, pass on what is still there: for output. */
  readonly drains: boolean;
}
