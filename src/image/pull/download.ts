import { HuskError } from "../../platform/error.ts";
import { pause } from "../../platform/pause.ts";
import { type Descriptor, isForeign } from "../oci.ts";
import { openForeign, pauseBefore, readBody, type Repository, type RetryPolicy } from "../registry/index.ts";
import type { BlobWriter } from "../store/index.ts";

/** Where the bytes of a blob go besides the store. */
export type Sink = (bytes: Uint8Array) => void | Promise<void>;

/**
 * Gets what is missing of a blob. A connection that breaks is taken up where it broke, as often as it brings anything
 * at all; only tries in vain are counted. Sources are tried in turn.
 *
 * @throws HuskError when no source has it, or the tries are used up: what was got can be kept
 */
export async function download(
  blob: Descriptor,
  writer: BlobWriter,
  sources: readonly Repository[],
  policy: RetryPolicy,
  sink: Sink,
): Promise<void> {
  let inVain = 0;
  let source = 0;
  while (writer.size < blob.size) {
    const before = writer.size;
    let problem: unknown;
    try {
      const response = await open(blob, writer.size, sources[source] as Repository, policy);
      await receive(response, blob, writer, policy, sink);
      if (writer.size >= blob.size) return;
      problem = new Error("the connection ended too early");
    } catch (error) {
      policy.signal?.throwIfAborted();
      if (error instanceof SinkFailure) throw error.cause;
      if (error instanceof HuskError) {
        const isLast = source + 1 >= sources.length;
        if (isLast || error.code === "invalid") throw error;
        source++;
        continue;
      }
      problem = error;
    }
    inVain = writer.size > before ? 0 : inVain + 1;
    if (inVain >= policy.tries)
      throw new HuskError("failed", `cannot get blob ${blob.digest}: ${(problem as Error).message}`, {
        cause: problem,
        hint: `${writer.size} of ${blob.size} bytes are kept: the next try goes on from there`,
      });
    await pause(pauseBefore(inVain + 2, policy), policy.signal);
  }
}

/** What the sink complains of is no matter of the network. */
class SinkFailure extends Error {}

function open(blob: Descriptor, from: number, source: Repository, policy: RetryPolicy): Promise<Response> {
  return isForeign(blob.mediaType) && (blob.urls?.length ?? 0) > 0
    ? openForeign(blob, from, policy)
    : source.openBlob(blob.digest, from);
}

async function receive(
  response: Response,
  blob: Descriptor,
  writer: BlobWriter,
  policy: RetryPolicy,
  sink: Sink,
): Promise<void> {
  let skip = 0;
  if (response.status === 206) {
    const start = /^bytes ([0-9]+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
    if (Number(start) !== writer.size) {
      await response.body?.cancel();
      throw new HuskError(
        "invalid",
        `the registry gives another part of blob ${blob.digest} than was asked for`,
        {
          hint: "the registry, or a proxy on the way, is set up wrongly",
        },
      );
    }
  } else if (response.status === 200) skip = writer.size;
  else {
    await response.body?.cancel();
    throw new HuskError("invalid", `blob ${blob.digest} is shorter than its ${blob.size} bytes`, {
      hint: "the registry or the image is damaged",
    });
  }
  for await (const piece of readBody(response, policy)) {
    const rest = piece.length <= skip ? undefined : piece.subarray(skip);
    skip = Math.max(skip - piece.length, 0);
    if (rest === undefined) continue;
    try {
      writer.write(rest);
      await sink(rest);
    } catch (cause) {
      throw new SinkFailure("the sink failed", { cause });
    }
  }
}
