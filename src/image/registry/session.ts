import { existsSync, readdirSync, readFileSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { isLoopback, type TlsOptions } from "../../platform/fetch-raw.ts";
import { parseObject } from "../parse-oci.ts";
import { DEFAULT_REGISTRY } from "../reference.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import type { Credentials } from "./credentials.ts";
import { responseError } from "./response-error.ts";
import {
  checkStaysEncrypted,
  follow,
  type HttpRequest,
  isTlsError,
  readSmall,
  type RetryPolicy,
  send,
} from "./transport.ts";

/** How a registry is spoken to. */
export interface SessionOptions {
  /** Plain HTTP, and certificates that cannot be verified, are accepted. Registries on loopback always may. */
  readonly insecure?: boolean;
  readonly retries: RetryPolicy;
  /** Who asks; looked up once, when the registry wants to know. */
  readonly credentials: (registry: string) => Promise<Credentials | undefined>;
  /** Folders with certificates by registry (docker's certs.d). */
  readonly certificates?: readonly string[];
}

const HUB_ADDRESS = "registry-1.docker.io";
const TOKEN_SECONDS = 60;

/** Conversations with one registry: its address, and tokens by scope. */
export class Session {
  readonly registry: string;
  readonly options: SessionOptions;
  readonly #tls: TlsOptions;
  readonly #mayBePlain: boolean;
  #base: Promise<string> | undefined;
  #challenge: Challenge | undefined;
  #credentials: Promise<Credentials | undefined> | undefined;
  readonly #tokens = new Map<string, { value: string; until: number }>();

  constructor(registry: string, options: SessionOptions) {
    this.registry = registry;
    this.options = options;
    this.#mayBePlain = options.insecure === true || isLoopback(registry.replace(/:[0-9]+$/, ""));
    this.#tls = {
      ...readCertificates(registry, options.certificates ?? []),
      ...(options.insecure ? { insecure: true } : {}),
    };
  }

  /**
   * Sends a request to `/v2/…`, proving who asks when the registry wants that.
   *
   * @param scope what is going to be done, as in the token's scope: `repository:library/debian:pull`
   */
  async request(
    path: string,
    scope: string,
    request: Omit<HttpRequest, "url"> & { readonly redirects?: boolean },
  ): Promise<Response> {
    this.#base ??= this.#findBase();
    const base = await this.#base;
    const address = new URL(path, base);
    const url = address.href;
    // An upload goes on where the registry says, which must not get tokens if it is another host.
    if (this.#tls.insecure !== true) checkStaysEncrypted(base, address);
    const own = address.origin === new URL(base).origin;
    const tls = own ? this.#tls : { insecure: this.#tls.insecure === true };
    for (let attempt = 1; ; attempt++) {
      const authorization =
        own && this.#challenge !== undefined ? await this.#authorization(scope) : undefined;
      const headers = {
        ...request.headers,
        ...(authorization === undefined ? {} : { Authorization: authorization }),
      };
      const full: HttpRequest = { ...request, url, headers };
      const response = await send(full, this.options.retries, tls);
      if (response.status !== 401 || !own || attempt === 3) {
        if (request.redirects === false) return response;
        return follow(response, full, this.options.retries, tls);
      }
      const challenge = chooseChallenge(response.headers.get("www-authenticate"));
      await response.body?.cancel();
      // A token that was refused has run out; fresh credentials that are refused are wrong.
      const hadToken = this.#tokens.delete(scope);
      if (challenge === undefined || (attempt > 1 && !hadToken)) return refused(response);
      this.#challenge = challenge;
      if (challenge.scheme === "basic" && attempt > 1) return refused(response);
    }
  }

  /** Asks who this user is taken for; for `login`. */
  async check(): Promise<void> {
    const response = await this.request("/v2/", "", { method: "GET" });
    if (!response.ok) throw await responseError(response, `log in to ${this.registry}`, this.options.retries);
    await response.body?.cancel();
  }

  async #findBase(): Promise<string> {
    const host = this.registry === DEFAULT_REGISTRY ? HUB_ADDRESS : this.registry;
    if (!this.#mayBePlain) return `https://${host}`;
    const probe = { method: "GET", url: `https://${host}/v2/` } as const;
    try {
      const response = await send(probe, { ...this.options.retries, tries: 1 }, this.#tls);
      await response.body?.cancel();
      return `https://${host}`;
    } catch (error) {
      this.options.retries.signal?.throwIfAborted();
      const { cause } = error as HuskError;
      const { code = "" } = (cause ?? {}) as NodeJS.ErrnoException;
      // A certificate that is not accepted is no reason to send everything in the clear.
      if (isTlsError(cause) && /CERT|SELF_SIGNED|UNABLE_TO|DEPTH_ZERO/i.test(code)) throw error;
      return `http://${host}`;
    }
  }

  async #authorization(scope: string): Promise<string | undefined> {
    const challenge = this.#challenge as Challenge;
    this.#credentials ??= this.options.credentials(this.registry);
    const credentials = await this.#credentials;
    if (challenge.scheme === "basic")
      return credentials?.kind === "password" ? basic(credentials) : undefined;
    const cached = this.#tokens.get(scope);
    if (cached !== undefined && cached.until > Date.now()) return `Bearer ${cached.value}`;
    const token = await this.#fetchToken(challenge, scope, credentials);
    this.#tokens.set(scope, token);
    return `Bearer ${token.value}`;
  }

  /** distribution's docs/spec/auth/token.md, and oauth.md for refresh tokens. */
  async #fetchToken(
    challenge: Challenge,
    scope: string,
    credentials: Credentials | undefined,
  ): Promise<{ value: string; until: number }> {
    const realm = this.#realm(challenge);
    const service = challenge.parameters.get("service");
    const scopes = scope === "" ? [] : scope.split(" ");
    const fields = new URLSearchParams();
    if (service !== undefined) fields.set("service", service);
    let request: HttpRequest;
    if (credentials?.kind === "token") {
      if (scope !== "") fields.set("scope", scope);
      fields.set("grant_type", "refresh_token");
      fields.set("client_id", "husk");
      fields.set("refresh_token", credentials.token);
      const headers = { "Content-Type": "application/x-www-form-urlencoded" };
      request = { method: "POST", url: realm.href, headers, body: fields.toString() };
    } else {
      for (const one of scopes) fields.append("scope", one);
      if (credentials !== undefined) fields.set("account", credentials.user);
      for (const [name, value] of fields) realm.searchParams.append(name, value);
      const headers: Record<string, string> =
        credentials === undefined ? {} : { Authorization: basic(credentials) };
      request = { method: "GET", url: realm.href, headers };
    }
    const response = await send(request, this.options.retries, this.#tls);
    if (!response.ok) throw await responseError(response, `log in to ${this.registry}`, this.options.retries);
    const bytes = await readSmall(response, 1 << 20, this.options.retries);
    const { token, access_token, expires_in } = parseObject(bytes, `the token of ${realm.host}`);
    const value = token ?? access_token;
    if (typeof value !== "string" || value === "")
      throw new HuskError("failed", `${realm.host} gives no token for ${this.registry}`, {
        hint: "the registry is set up wrongly",
      });
    const seconds = typeof expires_in === "number" ? expires_in : TOKEN_SECONDS;
    return { value, until: Date.now() + Math.max(seconds * 0.9 - 1, 0) * 1000 };
  }

  #realm(challenge: Challenge): URL {
    let realm: URL;
    try {
      realm = new URL(challenge.parameters.get("realm") ?? "");
    } catch (cause) {
      throw new HuskError("failed", `${this.registry} does not say where tokens are to be had`, {
        cause,
        hint: "the registry is set up wrongly",
      });
    }
    if (realm.protocol !== "https:" && !this.#mayBePlain)
      throw new HuskError("denied", `${this.registry} wants passwords sent in the clear, to ${realm.host}`, {
        hint: "the registry is set up wrongly, or somebody stands in between",
      });
    return realm;
  }
}

function chooseChallenge(header: string | null): Challenge | undefined {
  const challenges = parseChallenges(header ?? "");
  return (
    challenges.find(({ scheme }) => scheme === "bearer") ??
    challenges.find(({ scheme }) => scheme === "basic")
  );
}

/** The answer without its body, which was given up. */
function refused(response: Response): Response {
  return new Response(null, { status: response.status, headers: response.headers });
}

function basic(credentials: Extract<Credentials, { kind: "password" }>): string {
  return `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString("base64")}`;
}

/** docker's certs.d: `HOST/*.crt` are authorities, `HOST/NAME.cert` and `NAME.key` prove who asks. */
function readCertificates(registry: string, folders: readonly string[]): TlsOptions {
  for (const folder of folders) {
    const own = `${folder}/${registry}`;
    if (!existsSync(own)) continue;
    try {
      return readFolder(own);
    } catch (cause) {
      // What is another user's is nothing for this one, as podman has it.
      if ((cause as NodeJS.ErrnoException).syscall === "scandir") continue;
      throw new HuskError("denied", `cannot read the certificates in ${own}: ${(cause as Error).message}`, {
        cause,
        hint: "make them readable for who runs husk",
      });
    }
  }
  return {};
}

function readFolder(folder: string): TlsOptions {
  const names = readdirSync(folder).toSorted();
  const read = (name: string): string => readFileSync(`${folder}/${name}`, "utf8");
  const ca = names.filter((name) => name.endsWith(".crt")).map(read);
  const pair = names.find((name) => name.endsWith(".cert"));
  const key = pair?.replace(/\.cert$/, ".key");
  return {
    ...(ca.length > 0 ? { ca: ca.join("\n") } : {}),
    ...(pair !== undefined && key !== undefined && names.includes(key)
      ? { certificate: read(pair), key: read(key) }
      : {}),
  };
}
