/** Bytes from outside: a stream, anything `for await` takes, or all of them. */
export type ByteSource = Uint8Array | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** The pieces of a source, until `signal` gives up. */
export async function* piecesOf(
  source: ByteSource,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  if (source instanceof Uint8Array) {
    yield source;
    return;
  }
  const given = Promise.withResolvers<never>();
  given.promise.catch(() => {});
  const giveUp = (): void => given.reject(signal?.reason);
  signal?.addEventListener("abort", giveUp, { once: true });
  const pieces = (source as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  let isOver = false;
  try {
    for (;;) {
      const { done, value } = await Promise.race([pieces.next(), given.promise]);
      isOver = done === true;
      if (isOver) return;
      yield value;
    }
  } finally {
    signal?.removeEventListener("abort", giveUp);
    // A source that is silent does not come back from `return` either.
    if (!isOver) pieces.return?.().catch(() => {});
  }
}

/**
 * A stream of what `produce` hands out. It begins when somebody reads, and goes on as fast as that; who cancels it, or
 * `signal`, ends `produce`.
 */
export function streamOf(
  produce: (take: (pieces: AsyncIterable<Uint8Array>) => Promise<void>) => Promise<unknown>,
  signal?: AbortSignal,
): ReadableStream<Uint8Array> {
  let wanted = Promise.withResolvers<void>();
  let hasBegun = false;
  let isCancelled = false;
  let ended: Promise<void> = Promise.resolve();
  // Who reads no more learns of it, and what the pieces come from is let go.
  const wake = (): void => wanted.resolve();
  const begin = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    signal?.addEventListener("abort", wake, { once: true });
    try {
      await produce(async (pieces) => {
        for await (const piece of piecesOf(pieces, signal)) {
          if (isCancelled) return;
          if (piece.length === 0) continue;
          wanted = Promise.withResolvers<void>();
          controller.enqueue(piece);
          if ((controller.desiredSize ?? 0) <= 0) await wanted.promise;
        }
      });
      if (!isCancelled) controller.close();
    } catch (error) {
      if (!isCancelled) controller.error(error);
    } finally {
      signal?.removeEventListener("abort", wake);
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (!hasBegun) {
          hasBegun = true;
          ended = begin(controller);
        }
        wanted.resolve();
      },
      async cancel() {
        isCancelled = true;
        wanted.resolve();
        await ended;
      },
    },
    { highWaterMark: 0 },
  );
}
