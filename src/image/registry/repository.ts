import { HuskError } from "../../platform/error.ts";
import { pause } from "../../platform/pause.ts";
import { type Descriptor, MEDIA } from "../oci.ts";
import { LARGEST_MANIFEST, parseManifest, parseObject } from "../parse-oci.ts";
import { isDigest } from "../reference.ts";
import { digestOf } from "../store/index.ts";
import { responseError } from "./response-error.ts";
import type { Session } from "./session.ts";
import {
  follow,
  type HttpRequest,
  isPassing,
  pauseBefore,
  readSmall,
  type RetryPolicy,
  send,
} from "./transport.ts";

/** A manifest or index as it travelled. */
export interface FetchedManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly digest: string;
}

const ACCEPT = [MEDIA.index, MEDIA.manifest, MEDIA.dockerIndex, MEDIA.dockerManifest].join(", ");

/** One repository of a registry: the calls of the distribution-spec (v1.1). */
export class Repository {
  readonly session: Session;
  readonly name: string;

  constructor(session: Session, name: string) {
    this.session = session;
    this.name = name;
  }

  /** For people: `HOST/NAME`. */
  get title(): string {
    return `${this.session.registry}/${this.name}`;
  }

  /**
   * Gets a manifest by tag or digest, and verifies it where the digest is known.
   *
   * @throws HuskError "not-found", "denied", "invalid"
   */
  async fetchManifest(tagOrDigest: string): Promise<FetchedManifest> {
    const what = `get ${this.#titleOf(tagOrDigest)}`;
    const response = await this.#read(`manifests/${tagOrDigest}`, "GET", { Accept: ACCEPT });
    if (!response.ok) throw await responseError(response, what, this.session.options.retries);
    const bytes = await readSmall(response, LARGEST_MANIFEST, this.session.options.retries);
    const wanted = isDigest(tagOrDigest) ? tagOrDigest : response.headers.get("docker-content-digest");
    const algorithm = wanted !== null && isDigest(wanted) ? wanted.slice(0, wanted.indexOf(":")) : "sha256";
    const digest = digestOf(bytes, algorithm);
    if (wanted !== null && isDigest(wanted) && wanted !== digest)
      throw new HuskError(
        "invalid",
        `${this.#titleOf(tagOrDigest)}: the registry gave a manifest with the digest ${digest}, not ${wanted}`,
        {
          hint: "the registry, or something on the way to it, gave wrong data: nothing of it was kept",
        },
      );
    const mediaType = (response.headers.get("content-type") ?? "").split(";")[0]?.trim() ?? "";
    const { kind } = parseManifest(bytes, mediaType, `the manifest of ${this.#titleOf(tagOrDigest)}`);
    const known = mediaType === "" || mediaType === "application/json" || mediaType === "text/plain";
    return {
      bytes,
      mediaType: known ? (kind === "index" ? MEDIA.index : MEDIA.manifest) : mediaType,
      digest,
    };
  }

  /** What a tag stands for, without getting it; undefined: nothing. */
  async headManifest(tagOrDigest: string): Promise<string | undefined> {
    const response = await this.#read(`manifests/${tagOrDigest}`, "HEAD", { Accept: ACCEPT });
    if (response.status === 404) return undefined;
    if (!response.ok)
      throw await responseError(
        response,
        `look up ${this.#titleOf(tagOrDigest)}`,
        this.session.options.retries,
      );
    return response.headers.get("docker-content-digest") ?? undefined;
  }

  /**
   * Begins to get a blob from byte `from` on; the answer's status is 206 when the registry does so, else 200.
   *
   * @throws HuskError "not-found", "denied"
   */
  async openBlob(digest: string, from: number): Promise<Response> {
    const response = await this.#read(`blobs/${digest}`, "GET", from === 0 ? {} : range(from));
    if (response.status !== 200 && response.status !== 206 && response.status !== 416)
      throw await responseError(
        response,
        `get blob ${digest} of ${this.title}`,
        this.session.options.retries,
      );
    return response;
  }

  async hasBlob(digest: string): Promise<boolean> {
    // Registries that keep blobs elsewhere redirect this, too.
    const response = await this.#write("HEAD", `blobs/${digest}`, { redirects: true });
    if (response.status === 404) return false;
    if (!response.ok)
      throw await responseError(
        response,
        `look up blob ${digest} of ${this.title}`,
        this.session.options.retries,
      );
    return true;
  }

  /**
   * Puts a blob there, in one piece. With `mountFrom`, another repository of the same registry that has it, nothing
   * has to travel if the registry agrees.
   *
   * @returns whether it was mounted
   */
  async pushBlob(digest: string, content: () => Promise<Blob>, mountFrom?: string): Promise<boolean> {
    const what = `push blob ${digest} to ${this.title}`;
    const { retries } = this.session.options;
    const mount = mountFrom === undefined ? "" : `?mount=${digest}&from=${encodeURIComponent(mountFrom)}`;
    const also = mountFrom === undefined ? "" : ` repository:${mountFrom}:pull`;
    for (let attempt = 1; ; attempt++) {
      const begun = await this.#write("POST", `blobs/uploads/${mount}`, { body: "" }, also);
      if (begun.status === 201) {
        await begun.body?.cancel();
        return true;
      }
      if (begun.status !== 202) throw await responseError(begun, what, retries);
      await begun.body?.cancel();
      const location = begun.headers.get("location");
      if (location === null)
        throw new HuskError("failed", `cannot ${what}: the registry does not say where to`, {
          hint: "is it a registry (distribution-spec)?",
        });
      const address = new URL(location, begun.url);
      address.searchParams.set("digest", digest);
      const isLast = attempt >= retries.tries;
      const done = await this.#write("PUT", address.href, {
        once: true,
        body: await content(),
        headers: { "Content-Type": "application/octet-stream" },
      }).catch((error: unknown) => {
        if (isLast || !(error instanceof HuskError && error.code === "failed")) throw error;
        return undefined;
      });
      if (done?.status === 201) {
        await done.body?.cancel();
        return false;
      }
      // The upload broke off, or another process of the registry, which does not know it, answers: from the start.
      if (done !== undefined && (isLast || !(done.status === 404 || isPassing(done.status))))
        throw await responseError(done, what, retries);
      await done?.body?.cancel();
      await pause(pauseBefore(attempt + 1, retries, done), retries.signal);
    }
  }

  /** Puts a manifest there, under a tag or its digest. */
  async pushManifest(tagOrDigest: string, bytes: Uint8Array, mediaType: string): Promise<void> {
    const response = await this.#write("PUT", `manifests/${tagOrDigest}`, {
      body: bytes,
      headers: { "Content-Type": mediaType },
    });
    if (response.status !== 201 && response.status !== 202)
      throw await responseError(response, `push ${this.#titleOf(tagOrDigest)}`, this.session.options.retries);
    await response.body?.cancel();
  }

  /** All tags, in the registry's order. */
  async tags(): Promise<string[]> {
    return listPages(
      this.session,
      `/v2/${this.name}/tags/list`,
      `repository:${this.name}:pull`,
      "tags",
      `list the tags of ${this.title}`,
    );
  }

  /**
   * Manifests whose subject is `digest` (signatures, bills of materials): the referrers API, or where a registry has
   * none the tag that stands in for it.
   */
  async referrers(digest: string, artifactType?: string): Promise<readonly Descriptor[]> {
    const query = artifactType === undefined ? "" : `?artifactType=${encodeURIComponent(artifactType)}`;
    let response = await this.#read(`referrers/${digest}${query}`, "GET", { Accept: MEDIA.index });
    if (response.status === 404) {
      await response.body?.cancel();
      response = await this.#read(`manifests/${digest.replace(":", "-")}`, "GET", { Accept: MEDIA.index });
      if (response.status === 404) return [];
    }
    const what = `list what refers to ${this.#titleOf(digest)}`;
    if (!response.ok) throw await responseError(response, what, this.session.options.retries);
    const bytes = await readSmall(response, LARGEST_MANIFEST, this.session.options.retries);
    const parsed = parseManifest(bytes, MEDIA.index, `the list of what refers to ${digest}`);
    const all: readonly Descriptor[] = parsed.kind === "index" ? parsed.index.manifests : [];
    return artifactType === undefined
      ? all
      : all.filter((descriptor) => descriptor.artifactType === artifactType);
  }

  #read(path: string, method: "GET" | "HEAD", headers: Record<string, string>): Promise<Response> {
    return this.session.request(`/v2/${this.name}/${path}`, `repository:${this.name}:pull`, {
      method,
      headers,
    });
  }

  #write(
    method: "HEAD" | "POST" | "PUT",
    path: string,
    request: Omit<Parameters<Session["request"]>[2], "method">,
    also = "",
  ): Promise<Response> {
    const whole = path.includes("://") ? path : `/v2/${this.name}/${path}`;
    return this.session.request(whole, `repository:${this.name}:pull,push${also}`, {
      method,
      redirects: false,
      ...request,
    });
  }

  #titleOf(tagOrDigest: string): string {
    return `${this.title}${isDigest(tagOrDigest) ? "@" : ":"}${tagOrDigest}`;
  }
}

function range(from: number): Record<string, string> {
  return { Range: `bytes=${from}-` };
}

/** All repositories that a registry tells of (an extension that many have switched off). */
export function listRepositories(session: Session): Promise<string[]> {
  return listPages(
    session,
    "/v2/_catalog",
    "registry:catalog:*",
    "repositories",
    `list the repositories of ${session.registry}`,
  );
}

async function listPages(
  session: Session,
  path: string,
  scope: string,
  field: string,
  what: string,
): Promise<string[]> {
  const found: string[] = [];
  let next: string | undefined = `${path}?n=500`;
  for (let page = 0; next !== undefined && page < 1000; page++) {
    const response: Response = await session.request(next, scope, { method: "GET" });
    if (!response.ok) throw await responseError(response, what, session.options.retries);
    const json = parseObject(await readSmall(response, LARGEST_MANIFEST, session.options.retries), what);
    const list = json[field];
    if (Array.isArray(list)) for (const item of list) if (typeof item === "string") found.push(item);
    const link: RegExpExecArray | null = /<([^>]+)>\s*;\s*rel="?next"?/.exec(
      response.headers.get("link") ?? "",
    );
    const following: URL | undefined =
      link?.[1] === undefined ? undefined : new URL(link[1], `http://registry${next}`);
    next = following && following.pathname + following.search;
  }
  return found;
}

/** A layer that registries do not hold, from where its descriptor says; nobody there is told who asks. */
export async function openForeign(
  descriptor: Descriptor,
  from: number,
  policy: RetryPolicy,
): Promise<Response> {
  const failures: string[] = [];
  for (const url of descriptor.urls ?? []) {
    if (!/^https?:\/\//.test(url)) continue;
    const request: HttpRequest = { method: "GET", url, ...(from > 0 && { headers: range(from) }) };
    try {
      const response = await follow(await send(request, policy, {}), request, policy, {});
      if (response.status === 200 || response.status === 206) return response;
      await response.body?.cancel();
      failures.push(`${new URL(url).host}: status ${response.status}`);
    } catch (cause) {
      policy.signal?.throwIfAborted();
      failures.push((cause as Error).message);
    }
  }
  throw new HuskError(
    "not-found",
    `cannot get the foreign layer ${descriptor.digest}: ${failures.join("; ") || "no address is told"}`,
    {
      hint: "its maker offers it elsewhere, and that place does not answer",
    },
  );
}
