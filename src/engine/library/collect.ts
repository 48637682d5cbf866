import { HuskError } from "../../platform/error.ts";

/** What a program reads from its standard input. */
export type Input = string | Uint8Array | ReadableStream<Uint8Array>;

/** How a program is fed and how long it is listened to. */
export interface CollectSettings {
  /** What the program reads from its standard input; absent: nothing. */
  readonly stdin?: Input;
  /** Bytes on standard output and standard error together, after which it is killed; absent: no limit. */
  readonly maxOutput?: number;
  /** Kills it. */
  readonly signal?: AbortSignal;
}

/** A program whose streams are pipes. */
interface Program<End> {
  readonly stdin: WritableStream<Uint8Array> | undefined;
  readonly stdout: ReadableStream<Uint8Array> | undefined;
  readonly stderr: ReadableStream<Uint8Array> | undefined;
  kill(signal: number): void;
  readonly ended: Promise<End>;
}

const SIGKILL = 9;

/**
 * Waits for a program's end, and keeps what it writes.
 *
 * @throws HuskError "failed" when it wrote more than it may; what `signal` gives as reason. It has ended then
 */
export async function collect<End>(
  program: Program<End>,
  { stdin, maxOutput = Number.POSITIVE_INFINITY, signal }: CollectSettings,
): Promise<{ readonly end: End; readonly stdout: Uint8Array; readonly stderr: Uint8Array }> {
  const kill = (): void => program.kill(SIGKILL);
  const over = new AbortController();
  let left = maxOutput;
  const bytesOf = async (stream: ReadableStream<Uint8Array> | undefined): Promise<Uint8Array> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of (stream ?? []) as AsyncIterable<Uint8Array>) {
      if (left >= 0 && left < piece.length) kill();
      left -= piece.length;
      // What comes after the end is sealed is taken from the pipe, and not kept.
      if (left >= 0) pieces.push(piece);
    }
    return new Uint8Array(Buffer.concat(pieces));
  };
  if (signal?.aborted === true) kill();
  signal?.addEventListener("abort", kill, { once: true });
  try {
    const [stdout, stderr, end] = await Promise.all([
      bytesOf(program.stdout),
      bytesOf(program.stderr),
      program.ended.finally(() => over.abort()),
      stdin === undefined ? undefined : feed(stdin, program.stdin, over.signal),
    ]);
    signal?.throwIfAborted();
    if (left < 0)
      throw new HuskError("failed", `the program wrote more than ${maxOutput} bytes, and was killed`, {
        hint: "allow more with maxOutput, or read its output as it comes",
      });
    return { end, stdout, stderr };
  } finally {
    signal?.removeEventListener("abort", kill);
  }
}

/** A program that does not read to the end is no error. */
async function feed(
  input: Input,
  to: WritableStream<Uint8Array> | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (to === undefined) throw new HuskError("failed", "the container has no standard input");
  const from =
    input instanceof ReadableStream
      ? input
      : new Blob([typeof input === "string" ? input : input.slice()]).stream();
  try {
    await from.pipeTo(to, { signal });
  } catch {
    // It ended before.
  }
}
