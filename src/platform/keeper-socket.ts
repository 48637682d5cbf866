import { HuskError } from "./error.ts";
import { connectUnix, type UnixConnection } from "./unix-connection.ts";

/*
 * The keeper's socket (docs/state.md): a request and an answer of 16 bytes each, little endian. What stands here and
 * in native/socket.c only ever grows: a keeper is as old as its container.
 */
const MAGIC = 0x42525648;
const PROTOCOL = 1;
const VERB = { status: 1, signal: 2, stop: 3, attach: 4, resize: 5, wait: 6, policy: 7 } as const;
const MESSAGE_BYTES = 16;
const WANTS_INPUT = 1;
const PIECE = { input: 1, resize: 2, end: 3 } as const;
const PIECE_HEAD_BYTES = 8;
const [EPERM, ESRCH, EBUSY, EINVAL, ENOTTY, EPROTONOSUPPORT] = [1, 3, 16, 22, 25, 93];

/** What a keeper says of its container. */
export interface KeeperStatus {
  /** The container's first process, as the keeper counts; 0: none runs, and it waits to start it again. */
  readonly pid: number;
  readonly state: "running" | "restarting";
}

/** A client of a container's output and input. */
export interface KeeperAttachment {
  /** The container takes this client's input. */
  readonly takesInput: boolean;
  /** Resolves when the kernel has taken it, so that nobody sends without end. */
  write(bytes: Uint8Array): Promise<void>;
  resize(rows: number, columns: number): Promise<void>;
  /** No more input comes from this client. */
  end(): Promise<void>;
  close(): void;
  /** Resolves when the container has ended, or the connection is closed. */
  readonly ended: Promise<void>;
}

/**
 * Asks how a container fares.
 *
 * This and the others below throw HuskError "not-found" when no keeper listens at `path`, "conflict" when it waits
 * to start the container again and nothing runs, "denied" for another user, "unsupported" when the keeper is too old.
 */
export async function keeperStatus(path: string): Promise<KeeperStatus> {
  const { c, d } = await ask(path, VERB.status);
  return { pid: c, state: d === 2 ? "restarting" : "running" };
}

/** Sends a signal to a container's first process. */
export async function signalContainer(path: string, signal: number): Promise<void> {
  await ask(path, VERB.signal, signal);
}

/** The container is never started again by its keeper; `signal` is sent to it, 0: none. */
export async function stopContainer(path: string, signal: number): Promise<void> {
  await ask(path, VERB.stop, signal);
}

/** After which ends the container's keeper starts it again from now on. "unsupported": an old one does not learn that. */
export async function setRestartPolicy(
  path: string,
  applies: "never" | "always" | "on-failure",
): Promise<void> {
  await ask(path, VERB.policy, { never: 0, always: 2, "on-failure": 4 }[applies]);
}

/** Sets the size of a container's terminal, in characters. */
export async function resizeContainer(path: string, rows: number, columns: number): Promise<void> {
  await ask(path, VERB.resize, rows, columns);
}

/**
 * Resolves when a container has ended and its exit record is written. The connection is given up without an answer
 * when `signal` is aborted.
 */
export async function waitForContainer(path: string, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const { connection, closed } = await open(path, VERB.wait, 0, 0, () => {});
  const abort = (): void => connection.close();
  signal?.addEventListener("abort", abort);
  // It may have been meanwhile, which nobody tells again.
  if (signal?.aborted) abort();
  await closed;
  signal?.removeEventListener("abort", abort);
  signal?.throwIfAborted();
}

/**
 * Attaches to a container. Its output is read from its log, from where that ended before this call or from its start;
 * `grown` is called when something has been appended, and may be called for nothing.
 */
export async function attachToContainer(
  path: string,
  { input, grown }: { readonly input: boolean; readonly grown: () => void },
): Promise<KeeperAttachment> {
  const { connection, closed, answer } = await open(path, VERB.attach, input ? WANTS_INPUT : 0, 0, grown);
  const send = (type: number, payload: Uint8Array): Promise<void> => {
    const bytes = new Uint8Array(PIECE_HEAD_BYTES + payload.length);
    bytes[0] = type;
    new DataView(bytes.buffer).setUint32(4, payload.length, true);
    bytes.set(payload, PIECE_HEAD_BYTES);
    return connection.write(bytes);
  };
  return {
    takesInput: answer.c === 1,
    write: (bytes) => (bytes.length === 0 ? Promise.resolve() : send(PIECE.input, bytes)),
    resize: (rows, columns) => send(PIECE.resize, new Uint8Array(Uint16Array.of(rows, columns).buffer)),
    end: () => send(PIECE.end, new Uint8Array(0)),
    close: () => connection.close(),
    ended: closed,
  };
}

interface Answer {
  readonly result: number;
  readonly c: number;
  readonly d: number;
}

/** A keeper answers at once, unless it was stopped (SIGSTOP). */
const ANSWER_MS = 10_000;

async function ask(path: string, verb: number, a = 0, b = 0): Promise<Answer> {
  const { connection, answer } = await open(path, verb, a, b, () => {}, ANSWER_MS);
  connection.close();
  return answer;
}

/** Whether an error says that a keeper is there and does not answer. */
export function isSilence(error: unknown): boolean {
  return error instanceof HuskError && error.message.endsWith(SILENCE);
}

const SILENCE = "does not answer";

/** Sends a request and waits for its answer, so many milliseconds if `patience` says so; the connection stays. */
async function open(
  path: string,
  verb: number,
  a: number,
  b: number,
  more: () => void,
  patience?: number,
): Promise<{ connection: UnixConnection; closed: Promise<void>; answer: Answer }> {
  const request = Uint32Array.of(MAGIC, PROTOCOL | (verb << 16), a, b);
  const received = new Uint8Array(MESSAGE_BYTES);
  let used = 0;
  const answered = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const connection = await connectUnix(path, {
    received(bytes) {
      if (used === MESSAGE_BYTES) return more();
      const part = bytes.subarray(0, MESSAGE_BYTES - used);
      received.set(part, used);
      used += part.length;
      if (used === MESSAGE_BYTES) answered.resolve();
      if (bytes.length > part.length) more();
    },
    closed() {
      answered.reject(new HuskError("not-found", `the keeper at ${path} ended before it answered`));
      closed.resolve();
    },
  });
  // Refused before it was asked: the answer tells why.
  connection.write(new Uint8Array(request.buffer)).catch(() => {});
  const impatience =
    patience === undefined
      ? undefined
      : setTimeout(() => {
          answered.reject(
            new HuskError("failed", `the keeper at ${path} ${SILENCE}`, {
              hint: "it may be stopped: ps -eo pid,stat,args shows it as husk-keeper; kill -CONT it",
            }),
          );
          connection.close();
        }, patience);
  try {
    await answered.promise;
  } finally {
    clearTimeout(impatience);
  }
  const [magic, result, c, d] = new Int32Array(received.buffer) as unknown as [
    number,
    number,
    number,
    number,
  ];
  if (magic === MAGIC && result === 0)
    return { connection, closed: closed.promise, answer: { result, c, d } };
  connection.close();
  throw refusal(path, magic === MAGIC ? -result : 0, c);
}

function refusal(path: string, errno: number, detail: number): HuskError {
  if (errno === ESRCH)
    return new HuskError("conflict", "the container has ended, or waits to be started again");
  if (errno === ENOTTY) return new HuskError("invalid", "the container has no terminal");
  if (errno === EINVAL) return new HuskError("invalid", "the container's keeper does not take this value");
  if (errno === EPERM) {
    return new HuskError("denied", `the keeper at ${path} belongs to another user`, {
      hint: "ask as that user, or as root",
    });
  }
  if (errno === EBUSY) {
    return new HuskError("failed", `too many clients are connected to ${path}`, {
      hint: "end some of those that are attached or wait",
    });
  }
  const speaks = errno === EPROTONOSUPPORT ? `, which speaks version ${detail} of the protocol` : "";
  return new HuskError("unsupported", `the keeper at ${path}${speaks} does not know this request`, {
    hint: "start the container again with this husk",
  });
}
