import { HuskError } from "../../platform/error.ts";
import { fetchRaw, type TlsOptions } from "../../platform/fetch-raw.ts";
import { pause } from "../../platform/pause.ts";

/** How often and how patiently a request is tried. */
export interface RetryPolicy {
  /** At most this many tries in all. */
  readonly tries: number;
  /** Wait before the second try, in milliseconds; doubled each time, with a random part. */
  readonly pause: number;
  /** Longest wait, in milliseconds, also if the server asks for more. */
  readonly longestPause: number;
  /** A connection that gives nothing for this long, in milliseconds, is broken. */
  readonly idle: number;
  /** Gives everything up: what is going on rejects with its reason. */
  readonly signal?: AbortSignal;
}

export const DEFAULT_RETRIES: RetryPolicy = { tries: 5, pause: 300, longestPause: 30_000, idle: 60_000 };

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Blob | Uint8Array | string;
  /** It is sent once: a server that took a part of it is not where it was. */
  readonly once?: boolean;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Whether a server that answers so may answer otherwise later. */
export function isPassing(status: number): boolean {
  return PASSING.has(status);
}

/** How long to wait before try number `next` (2, 3, …), in milliseconds. */
export function pauseBefore(next: number, policy: RetryPolicy, response?: Response): number {
  const asked = Number(response?.headers.get("retry-after") ?? Number.NaN) * 1000;
  const own = policy.pause * 2 ** (next - 2) * (0.5 + Math.random() / 2);
  return Math.min(policy.longestPause, Number.isFinite(asked) ? Math.max(asked, own) : own);
}

/**
 * Sends a request, again while what fails is passing: a broken connection, too many requests, a server that is not
 * well. The last answer is returned whatever it is.
 *
 * @throws HuskError "failed" when no connection can be had
 */
export async function send(request: HttpRequest, policy: RetryPolicy, tls: TlsOptions): Promise<Response> {
  const tries = request.once === true ? 1 : policy.tries;
  for (let attempt = 1; ; attempt++) {
    policy.signal?.throwIfAborted();
    let response: Response | undefined;
    try {
      response = await sendOnce(request, policy, tls);
      if (!isPassing(response.status) || attempt >= tries) return response;
      await response.body?.cancel();
    } catch (cause) {
      policy.signal?.throwIfAborted();
      if (cause instanceof HuskError) throw cause;
      const { code } = cause as NodeJS.ErrnoException;
      if (attempt >= tries || code === "ENOTFOUND" || code === "ECONNREFUSED" || isTlsError(cause))
        throw connectionError(request.url, cause);
    }
    await pause(pauseBefore(attempt + 1, policy, response), policy.signal);
  }
}

async function sendOnce(request: HttpRequest, policy: RetryPolicy, tls: TlsOptions): Promise<Response> {
  const { method, url, headers, body } = request;
  const abort = new AbortController();
  // An upload takes as long as it takes; its answer begins after it.
  const timer =
    body instanceof Blob
      ? undefined
      : setTimeout(() => abort.abort(new Error("no answer in time")), policy.idle);
  try {
    return await fetchRaw(
      url,
      {
        method,
        ...(headers === undefined ? {} : { headers }),
        ...(body === undefined ? {} : { body: body as NonNullable<RequestInit["body"]> }),
        signal: policy.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, policy.signal]),
      },
      tls,
    );
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Follows redirects of an answer to a GET. What was said to the first server about who asks is not said to others.
 *
 * @throws HuskError "failed" for redirects without end, or from HTTPS to HTTP
 */
export async function follow(
  first: Response,
  request: HttpRequest,
  policy: RetryPolicy,
  tls: TlsOptions,
): Promise<Response> {
  let response = first;
  let url = request.url;
  for (let count = 0; REDIRECTS.has(response.status); count++) {
    const location = response.headers.get("location");
    await response.body?.cancel();
    if (location === null || count >= 10)
      throw new HuskError("failed", `${new URL(request.url).host} redirects without end`, {
        hint: "the registry, or a proxy on the way, is set up wrongly",
      });
    const next = new URL(location, url);
    if (tls.insecure !== true) checkStaysEncrypted(url, next);
    const sameHost =
      next.host === new URL(request.url).host && next.protocol === new URL(request.url).protocol;
    const { Authorization: _secret, ...others } = request.headers ?? {};
    url = next.href;
    const headers = sameHost ? (request.headers ?? {}) : others;
    response = await send(
      { method: request.method, url, headers },
      policy,
      sameHost ? tls : { insecure: tls.insecure === true },
    );
  }
  return response;
}

/** @throws HuskError "denied" where what was encrypted would go on in the clear */
export function checkStaysEncrypted(from: string, to: URL): void {
  if (from.startsWith("https:") && to.protocol !== "https:")
    throw new HuskError("denied", `${new URL(from).host} leads from HTTPS to ${to.protocol}//${to.host}`, {
      hint: "data would travel unprotected: the registry is set up wrongly, or somebody stands in between",
    });
}

/** Reads a body; fails when nothing comes for `policy.idle` milliseconds. */
export async function* readBody(
  response: Response,
  policy: RetryPolicy,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      policy.signal?.throwIfAborted();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error("the connection has gone silent")), policy.idle);
      });
      const { done, value } = await Promise.race([reader.read(), silence]).finally(() => clearTimeout(timer));
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Reads a small body whole; at most `limit` bytes. */
export async function readSmall(response: Response, limit: number, policy: RetryPolicy): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of readBody(response, policy)) {
    size += part.length;
    if (size > limit)
      throw new HuskError(
        "invalid",
        `${new URL(response.url).host} sends more than ${limit} bytes where little is expected`,
        {
          hint: "is it a registry?",
        },
      );
    parts.push(part);
  }
  return Buffer.concat(parts);
}

export function isTlsError(error: unknown): boolean {
  const { code = "", message = "" } = error as NodeJS.ErrnoException;
  return (
    /CERT|SSL|TLS|EPROTO|SELF_SIGNED|UNABLE_TO|DEPTH_ZERO/i.test(code) || /certificate|TLS|SSL/i.test(message)
  );
}

function connectionError(url: string, cause: unknown): HuskError {
  const { host } = new URL(url);
  const { code, message } = cause as NodeJS.ErrnoException;
  const [why, hint] =
    code === "ENOTFOUND"
      ? ["no such host", "is the name right, and is there a network? a proxy is taken from HTTPS_PROXY"]
      : code === "ECONNREFUSED" || message.startsWith("ECONNREFUSED")
        ? ["nothing listens there", "is the registry running, and the port right?"]
        : isTlsError(cause)
          ? [
              `its certificate or TLS is not accepted (${code ?? message})`,
              `put its certificate into /etc/docker/certs.d/${host}/ca.crt, or mark it as insecure in registries.conf`,
            ]
          : [message, "try again later: what was downloaded is kept"];
  return new HuskError("failed", `cannot reach ${host}: ${why}`, { hint, cause });
}
