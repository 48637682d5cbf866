import { HuskError } from "./error.ts";

/** How a server is trusted besides the machine's own certificates. */
export interface TlsOptions {
  /** Certificates are not verified. */
  readonly insecure?: boolean;
  /** PEM texts. */
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/**
 * fetch(), answered with the bytes as they travel: redirects are the caller's to follow, and nothing is decompressed.
 * Proxies come from HTTP_PROXY, HTTPS_PROXY and NO_PROXY on Bun.
 *
 * @throws HuskError "unavailable" for certificates of one's own on Node, "denied" for other addresses than HTTP's
 */
export async function fetchRaw(url: string, init: RequestInit, tls: TlsOptions = {}): Promise<Response> {
  // fetch() knows file: and others, which no server may lead to.
  if (!/^https?:/i.test(url)) throw new HuskError("denied", `${url} is no address of HTTP`);
  const { hostname } = new URL(url);
  if (isLoopback(hostname)) withoutProxy(hostname);
  const headers = new Headers(init.headers);
  headers.set("Accept-Encoding", "identity");
  const plain: RequestInit = { ...init, headers, redirect: "manual" };
  const isPlain = tls.insecure !== true && tls.ca === undefined && tls.certificate === undefined;
  if (typeof Bun === "undefined") {
    if (!isPlain && url.startsWith("https:"))
      throw new HuskError(
        "unavailable",
        `on Node husk cannot use certificates of its own for ${new URL(url).host}`,
        {
          hint: "set NODE_EXTRA_CA_CERTS to a file with them, or run husk on Bun",
        },
      );
    return fetch(url, plain).catch((error: Error) => {
      // "fetch failed"; what failed stands behind it.
      throw error.cause instanceof Error ? error.cause : error;
    });
  }
  const own = isPlain
    ? {}
    : {
        tls: {
          rejectUnauthorized: tls.insecure !== true,
          ...(tls.ca === undefined ? {} : { ca: tls.ca }),
          ...(tls.certificate === undefined ? {} : { cert: tls.certificate, key: tls.key }),
        },
      };
  const bytesAsTheyAre = { decompress: false };
  return fetch(url, { ...plain, ...own, ...bytesAsTheyAre });
}

/** Whether a host is this machine itself: 127.0.0.0/8, ::1 and localhost. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.[0-9]+\.[0-9]+\.[0-9]+$/.test(host);
}

/** No proxy reaches this machine's own loopback: as in Go's net/http, none is asked. Bun takes it from the environment. */
function withoutProxy(host: string): void {
  const { env } = process;
  if ((env["http_proxy"] || env["HTTP_PROXY"] || env["https_proxy"] || env["HTTPS_PROXY"] || "") === "")
    return;
  const name = env["no_proxy"] ? "no_proxy" : "NO_PROXY";
  const names = (env[name] ?? "").split(",").filter((one) => one !== "");
  if (!names.includes(host)) env[name] = [...names, host].join(",");
}
