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
 * @throws HuskError "unavailable" for certificates of one's own on Node
 */
export function fetchRaw(url: string, init: RequestInit, tls: TlsOptions = {}): Promise<Response> {
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
    return fetch(url, plain);
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
