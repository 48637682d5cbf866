import { HuskError } from "../../platform/error.ts";
import { lockContainer } from "../container/lock.ts";
import type { Folders } from "../folders.ts";
import type { Home } from "../home.ts";
import { isAlive, readState } from "../container/state.ts";
import { readTarget } from "../life/target.ts";
import { detailsOf } from "./details.ts";
import { type LogChunk, logChunks, type LogSource } from "./read-log.ts";

/** The log of one container, and what stands before its lines when details are asked for. */
export interface ContainerLog extends LogSource {
  readonly details: string;
}

/**
 * A container's log.
 *
 * @param warn is told of what readers have to know: output that is lost to them
 * @throws HuskError "not-found" for no such container, "unsupported" where no log is kept
 */
export function containerLog(home: Home, id: string, warn: (message: string) => void): ContainerLog {
  const { record, paths } = readTarget(home, id);
  if (record.options.log?.driver === "none") {
    throw new HuskError("unsupported", `container ${record.name} keeps no log (--log-driver none)`, {
      hint: "husk attach shows what it writes from now on",
    });
  }
  return {
    folder: paths.folder,
    details: detailsOf(record),
    hasEnded: () => hasEnded(home.folders, id),
    warn,
  };
}

/** Between two runs of a restart policy it does not run either: then somebody has its lock. */
function hasEnded(folders: Folders, id: string): boolean {
  if (isAlive(readState(folders, id))) return false;
  const release = lockContainer(folders, id);
  if (release === undefined) return false;
  try {
    return !isAlive(readState(folders, id));
  } finally {
    release();
  }
}

/** What of a container's log is wanted. Times are nanoseconds since 1970. */
export interface ContainerLogOptions {
  /** Lines that began at or after this moment. */
  readonly since?: bigint | undefined;
  /** Lines that began at or before this moment. */
  readonly until?: bigint | undefined;
  /** Only the last lines of what is there at the beginning. */
  readonly tail?: number | undefined;
  /** Go on with what is written from now on, until the container has ended. */
  readonly follow?: boolean | undefined;
  /** Each line begins with its time (RFC 3339, nanoseconds, UTC). */
  readonly timestamps?: boolean | undefined;
  /** Lines begin with the labels and variables that the log's options chose. */
  readonly details?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a container wrote, as it is read.
 *
 * @throws HuskError as {@link containerLog}; "failed" for a damaged log
 */
export async function* containerLogs(
  home: Home,
  id: string,
  { details, ...options }: ContainerLogOptions = {},
): AsyncGenerator<LogChunk, void> {
  const log = containerLog(home, id, () => {});
  yield* logChunks(log, details === true ? { ...options, prefix: log.details } : options);
}
