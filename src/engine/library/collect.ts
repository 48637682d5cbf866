import { HuskError } from "../../platform/error.ts";

/** What a program reads from its standard input. */
export type Input = string | Uint8Array | ReadableStream<Uint8Array>;

/** Everything a stream gives. */
export async function bytesOf(stream: ReadableStream<Uint8Array> | undefined): Promise<Uint8Array> {
  return stream === undefined ? new Uint8Array() : new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A program that does not read to the end is no error. */
export async function feed(input: Input, to: WritableStream<Uint8Array> | undefined): Promise<void> {
  if (to === undefined) throw new HuskError("failed", "the container has no standard input");
  const from =
    input instanceof ReadableStream
      ? input
      : new Blob([typeof input === "string" ? input : input.slice()]).stream();
  try {
    await from.pipeTo(to);
  } catch {
    // It ended before.
  }
}
