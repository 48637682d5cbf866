import { Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { HuskError } from "../../platform/error.ts";
import { compressionOfBytes, MAGIC_BYTES } from "./compression.ts";

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * The pieces of something that may be compressed (gzip, zstd), decompressed.
 *
 * @param about what it is, for errors
 * @throws HuskError "invalid" when it is damaged, "unsupported" for other compressions
 */
export async function* decompressed(
  source: Pieces,
  about: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = iterate(source);
  let start: Uint8Array = new Uint8Array();
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value]);
    if (start.length >= MAGIC_BYTES) break;
  }
  const kind = compressionOfBytes(start, about);
  if (kind === "none") {
    if (start.length > 0) yield start;
    yield* pieces;
    return;
  }
  const decompressor = kind === "gzip" ? createGunzip() : createZstdDecompress();
  const whole = (async function* () {
    yield start;
    yield* pieces;
  })();
  let failure: unknown;
  const input = Readable.from(whole);
  input.once("error", (error: unknown) => {
    failure = error;
    decompressor.destroy(error as Error);
  });
  try {
    for await (const piece of input.pipe(decompressor)) yield piece as Uint8Array;
  } catch (cause) {
    if (failure !== undefined) throw failure;
    throw new HuskError("invalid", `${about} cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: "it is damaged or cut off: get it again",
    });
  } finally {
    input.destroy();
  }
}

async function* iterate(source: Pieces): AsyncGenerator<Uint8Array, void, undefined> {
  yield* source;
}
