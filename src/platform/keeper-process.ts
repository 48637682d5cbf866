import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { HuskError } from "./error.ts";
import { writeError } from "./whole-file.ts";

const O_TMPFILE_RDWR = 0o20200002;
const O_RDONLY = 0;

/** A stream of the container: a descriptor of this process, nothing, or a pipe whose other end we get. */
export type ContainerStream = number | "ignore" | "pipe";

export interface KeeperOptions {
  /** The keeper's executable. */
  readonly program: string;
  /** Shown in process lists. */
  readonly name: string;
  /** A folder for the report: the file has no name and is gone with its descriptor. */
  readonly reportDirectory: string;
  /** Folders for it where that one's disk is full. */
  readonly otherDirectories?: readonly string[] | undefined;
  readonly plan: Uint8Array;
  readonly stdin: ContainerStream;
  readonly stdout: ContainerStream;
  readonly stderr: ContainerStream;
  /** Descriptors of this process that the container gets as 3, 4, …. */
  readonly preserve?: readonly number[];
  /**
   * Stay in the caller's session and process group: the terminal and its keys belong to the program, as with any
   * program a shell starts. Otherwise the keeper begins a session of its own.
   */
  readonly foreground?: boolean;
}

/** A keeper at work. */
export interface KeeperProcess {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array> | undefined;
  readonly stdout: ReadableStream<Uint8Array> | undefined;
  readonly stderr: ReadableStream<Uint8Array> | undefined;
  /** Sends a signal to the container's first process; SIGKILL too. */
  kill(signal: number): void;
  /** Ends with the keeper; `signal` is set if the keeper itself was killed. */
  readonly ended: Promise<KeeperEnd>;
}

export interface KeeperEnd {
  readonly status: number;
  readonly signal: string | undefined;
  /** The signal for the container that ended the keeper: it came before the keeper could take it. 0: none did. */
  readonly sent: number;
  /** What stands in the report file; empty if the keeper did not get that far. */
  readonly report: Uint8Array;
}

/**
 * Starts the keeper with a plan on its standard input, the container's streams, and a file for its report.
 *
 * @throws HuskError "failed" when the keeper cannot be started
 */
export async function startKeeper(options: KeeperOptions): Promise<KeeperProcess> {
  const report = findReport(options.reportDirectory, options.otherDirectories);
  try {
    if (typeof Bun !== "undefined") return startOnBun(options, report);
    const { startOnNode } = await import("./keeper-process-node.ts");
    return startOnNode(options, report, readReport);
  } catch (cause) {
    closeSync(report);
    if (cause instanceof HuskError) throw cause;
    throw new HuskError("failed", `cannot start the keeper ${options.program}: ${(cause as Error).message}`, {
      cause,
      hint: "the folder of --root must allow programs to be executed (not mounted noexec)",
    });
  }
}

function findReport(directory: string, others: readonly string[] = []): number {
  try {
    return openReport(directory);
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
    const [next, ...rest] = others;
    if (next === undefined || (code !== "ENOSPC" && code !== "EDQUOT")) throw error;
    try {
      return findReport(next, rest);
    } catch {
      throw error;
    }
  }
}

function openReport(directory: string): number {
  let fd: number | undefined;
  try {
    fd = openSync(directory, O_TMPFILE_RDWR, 0o600);
    // Without space for it, better no container than one whose end nobody learns of.
    writeSync(fd, new Uint8Array(1), 0, 1, 0);
    return fd;
  } catch (cause) {
    if (fd !== undefined) closeSync(fd);
    throw writeError(`a report file in ${directory}`, cause);
  }
}

/** Reads the whole report and closes it. */
function readReport(fd: number): Uint8Array {
  let bytes = new Uint8Array(256);
  let used = 0;
  for (;;) {
    const n = readSync(fd, bytes, used, bytes.length - used, used);
    if (n === 0) break;
    used += n;
    if (used === bytes.length) {
      const more = new Uint8Array(used * 4);
      more.set(bytes);
      bytes = more;
    }
  }
  closeSync(fd);
  return bytes.subarray(0, used);
}

function startOnBun(options: KeeperOptions, report: number): KeeperProcess {
  // Descriptor 0 is the plan, so the container's input travels as 3. Bun takes a number there for "inherit".
  const ownInput = options.stdin === "ignore" ? openSync("/dev/null", O_RDONLY) : undefined;
  const input = ownInput ?? (options.stdin as number | "pipe");
  const child = Bun.spawn([options.program, options.name], {
    argv0: "husk-keeper",
    env: {},
    // A session of its own: keys of the terminal reach husk, which passes signals on, and not the keeper as well.
    detached: options.foreground !== true,
    stdio: [
      options.plan,
      options.stdout === "pipe" ? "pipe" : toBun(options.stdout),
      options.stderr === "pipe" ? "pipe" : toBun(options.stderr),
      input === "pipe" ? "pipe" : toBun(input),
      toBun(report),
      ...(options.preserve === undefined ? [] : options.preserve.map(toBun)),
    ],
  } as unknown as Bun.Spawn.SpawnOptions<"ignore", "pipe", "pipe">);
  if (ownInput !== undefined) closeSync(ownInput);
  let sent = 0;
  return {
    pid: child.pid,
    stdin: options.stdin === "pipe" ? writableOf((child.stdio as unknown[])[3] as number) : undefined,
    stdout: options.stdout === "pipe" ? (child.stdout as ReadableStream<Uint8Array>) : undefined,
    stderr: options.stderr === "pipe" ? (child.stderr as ReadableStream<Uint8Array>) : undefined,
    kill: (signal) => {
      sent = signal;
      child.kill(toKeeper(signal));
    },
    ended: child.exited.then((status) => ({
      status,
      signal: (child.signalCode as string | null) ?? undefined,
      sent,
      report: readReport(report),
    })),
  };
}

const SIGKILL = 9;
const SIGSTKFLT = 16;

/** What makes the keeper send `signal` to its container: it cannot catch SIGKILL, so SIGSTKFLT, which nothing uses, stands for that. */
export function toKeeper(signal: number): number {
  return signal === SIGKILL ? SIGSTKFLT : signal;
}

/** Bun gives a descriptor for a further pipe: its own end, which has to be closed by hand. */
function writableOf(fd: number): WritableStream<Uint8Array> {
  const sink = Bun.file(fd).writer();
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    try {
      await sink.end();
    } finally {
      closeSync(fd);
    }
  };
  return new WritableStream({
    async write(chunk) {
      try {
        // Both may tell of a broken pipe, and nobody else would listen.
        await Promise.all([sink.write(chunk), sink.flush()]);
      } catch (error) {
        await close().catch(() => {});
        throw error;
      }
    },
    close,
    abort: () => close().catch(() => {}),
  });
}

function toBun(stream: number | "ignore"): unknown {
  return stream === "ignore" ? "ignore" : stream <= 2 ? Bun.file(stream) : stream;
}
