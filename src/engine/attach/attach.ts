import { HuskError } from "../../platform/error.ts";
import { attachToContainer, resizeContainer, signalContainer } from "../../platform/keeper-socket.ts";
import { holdExit } from "../container/exit.ts";
import { type ContainerStatus, readState } from "../container/state.ts";
import type { Home } from "../home.ts";
import { readTarget } from "../life/target.ts";
import {
  endOfLog,
  type LogPlace,
  type LogChunk,
  logChunks,
  readLog,
  type Take,
  toldWatch,
} from "../log/index.ts";

export interface AttachOptions {
  /** Give it input; it gets none unless it was created with `interactive`. */
  readonly input?: boolean;
  /** Which of its output: what it writes from now on or from some place on, or everything in its log. Absent: "now". */
  readonly from?: "now" | "start" | LogPlace;
  /** Attach to what has been started just now: an end that came sooner is no error. */
  readonly justStarted?: boolean;
}

/** A client of a running container's input and output; there may be several. */
export interface Attachment {
  readonly id: string;
  /** It has a terminal: everything it writes is "stdout". */
  readonly tty: boolean;
  readonly takesInput: boolean;
  /** Resolves when the container's keeper has taken it. */
  write(bytes: Uint8Array): Promise<void>;
  /** Nothing more comes from this client. */
  endInput(): Promise<void>;
  /** Characters. */
  resize(rows: number, columns: number): Promise<void>;
  kill(signal: number): Promise<void>;
  /** Hands out what it writes until it ends or the attachment is closed; {@link readLog} tells the rest. */
  copyOutput(take: Take, caughtUp: () => void | Promise<void>): Promise<void>;
  /** The same for `for await`. */
  output(): AsyncGenerator<LogChunk, void>;
  /** Exit status when the container has ended; undefined when the attachment was closed before. */
  readonly ended: Promise<number | undefined>;
  close(): void;
}

/**
 * Attaches to a running container. Its output comes from its log, so that a slow client holds up nobody.
 *
 * @throws HuskError "not-found", "conflict" for one that does not run, in docker's words
 */
export async function attach(home: Home, id: string, options: AttachOptions = {}): Promise<Attachment> {
  const { record, paths, state } = readTarget(home, id);
  const { justStarted = false, from = "now" } = options;
  if (!(justStarted && state.status === "exited")) refuseUnlessRunning(state.status);
  const place = from === "now" ? endOfLog(paths.folder) : from === "start" ? undefined : from;
  const exit = holdExit(paths.exit);
  const abort = new AbortController();
  const pokes = toldWatch(abort.signal);
  const wanted = { input: options.input === true, grown: () => pokes.tell("log") };
  const connection = await attachToContainer(paths.socket, wanted).catch((error: unknown) => {
    const gone = error instanceof HuskError && (error.code === "not-found" || error.code === "conflict");
    if (gone && justStarted) return undefined;
    exit?.close();
    throw gone ? notRunning() : error;
  });
  let isClosed = false;
  let hasEnded = connection === undefined;
  const ended = (connection?.ended ?? Promise.resolve()).then(() => {
    hasEnded = true;
    pokes.tell("exit");
    try {
      return isClosed ? undefined : (exit?.read() ?? readState(home.folders, id)).exitCode;
    } finally {
      exit?.close();
    }
  });
  const source = { folder: paths.folder, hasEnded: () => hasEnded, warn: () => {}, watch: () => pokes };
  const reading = { follow: true, from: place ?? "start", signal: abort.signal } as const;
  return {
    id,
    tty: record.options.tty === true,
    takesInput: connection?.takesInput === true,
    write: async (bytes) => connection?.write(bytes),
    endInput: async () => connection?.end(),
    resize: (rows, columns) => resizeContainer(paths.socket, rows, columns),
    kill: (signal) => signalContainer(paths.socket, signal),
    copyOutput: (take, caughtUp) => readLog(source, reading, take, caughtUp),
    output: () => logChunks(source, reading),
    ended,
    close() {
      isClosed = true;
      abort.abort();
      connection?.close();
    },
  };
}

function refuseUnlessRunning(status: ContainerStatus): void {
  if (status === "running") return;
  if (status === "paused")
    throw new HuskError("conflict", "You cannot attach to a paused container, unpause it first");
  if (status === "restarting")
    throw new HuskError("conflict", "You cannot attach to a restarting container, wait until it is running");
  throw notRunning();
}

function notRunning(): HuskError {
  return new HuskError("conflict", "You cannot attach to a stopped container, start it first");
}
