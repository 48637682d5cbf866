import { createReadStream } from "node:fs";
import { HuskError } from "./error.ts";
import { fetchRaw } from "./fetch-raw.ts";

/** The pieces of a file, or of stdin for `-`. */
export async function* readInput(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = path === "-" ? createReadStream("", { fd: 0, autoClose: false }) : createReadStream(path);
  try {
    for await (const piece of stream) yield piece as Uint8Array;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (typeof code !== "string") throw cause;
    const name = path === "-" ? "stdin" : path;
    if (code === "ENOENT") throw new HuskError("not-found", `there is no file ${name}`, { cause });
    throw new HuskError("failed", `cannot read ${name}: ${message}`, { cause });
  }
}

const MOST_REDIRECTS = 10;

/** What is at an address, following redirects; HTTPS never becomes HTTP. */
export async function* readAddress(address: string): AsyncGenerator<Uint8Array, void, undefined> {
  let url = address;
  for (let count = 0; count < MOST_REDIRECTS; count++) {
    const response = await getFrom(url);
    const location = response.headers.get("location");
    if (response.ok && response.body !== null) {
      yield* response.body as unknown as AsyncIterable<Uint8Array>;
      return;
    }
    await response.body?.cancel();
    if (location === null || response.status < 300 || response.status > 399)
      throw new HuskError(
        response.status === 404 ? "not-found" : "failed",
        `cannot get ${url}: status ${response.status}`,
      );
    const next = new URL(location, url).href;
    if (url.startsWith("https:") && !next.startsWith("https:"))
      throw new HuskError("denied", `${url} leads to ${next}, which is not encrypted`);
    url = next;
  }
  throw new HuskError("failed", `cannot get ${address}: more than ${MOST_REDIRECTS} redirects`);
}

async function getFrom(url: string): Promise<Response> {
  try {
    return await fetchRaw(url, {});
  } catch (cause) {
    if (cause instanceof HuskError) throw cause;
    throw new HuskError("failed", `cannot get ${url}: ${(cause as Error).message}`, { cause });
  }
}
