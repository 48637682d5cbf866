// Registries on loopback: Debian's docker-registry, and a double that misbehaves on request.
import { createHash } from "node:crypto";
import { openSync, closeSync } from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Index, MEDIA, type Platform } from "../src/image/oci.ts";
import { hostPlatform } from "../src/image/platform.ts";
import { type PullOptions } from "../src/image/pull/index.ts";
import { type PushOptions } from "../src/image/push/index.ts";
import { DEFAULT_RETRIES, type RetryPolicy } from "../src/image/registry/index.ts";
import { findCommand, isRoot, temporaryFile, temporaryFolder, waitFor } from "./harness/index.ts";
import { archive, type EntryChanges, tools } from "./image-archive.ts";

export const sha = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

export interface RealRegistry {
  readonly host: string;
  stop(): Promise<void>;
}

/** Starts docker-registry on a free port of loopback; on another one, if somebody else was quicker to take that. */
export async function startRegistry(env: Record<string, string> = {}, tries = 5): Promise<RealRegistry> {
  const probe = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const host = `127.0.0.1:${probe.port}`;
  await probe.stop(true);
  const config = temporaryFile("registry.yml");
  await Bun.write(
    config,
    `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: ${temporaryFolder("registry", 0o700)}}, delete: {enabled: true}}\nhttp: {addr: "${host}"}\n`,
  );
  const log = openSync(temporaryFile("registry.log"), "w");
  const child = Bun.spawn([findCommand("docker-registry")!, "serve", config], {
    stdio: ["ignore", log, log],
    env: { ...process.env, OTEL_TRACES_EXPORTER: "none", ...env } as Record<string, string>,
  });
  closeSync(log);
  await waitFor("the registry", () =>
    fetch(`http://${host}/v2/`).then(
      () => true,
      () => child.exitCode !== null,
    ),
  );
  if (child.exitCode !== null) {
    if (tries === 0) throw new Error(`docker-registry ended with status ${child.exitCode}`);
    return startRegistry(env, tries - 1);
  }
  return {
    host,
    stop: async () => {
      child.kill();
      await child.exited;
    },
  };
}

export interface MadeImage {
  readonly manifest: Buffer;
  readonly digest: string;
  readonly mediaType: string;
  readonly platform: Platform;
  /** All blobs by digest: configuration and layers. */
  readonly blobs: ReadonlyMap<string, Buffer>;
  readonly layers: readonly string[];
  readonly diffIds: readonly string[];
}

/** An image of layers, each a list of entries. */
export function makeImage(
  layers: readonly (readonly EntryChanges[])[],
  options: {
    compression?: "gzip" | "zstd" | "none";
    docker?: boolean;
    platform?: Platform;
    config?: object;
  } = {},
): MadeImage {
  const { compression = "gzip", docker = false, platform = hostPlatform() } = options;
  const blobs = new Map<string, Buffer>();
  const diffIds: string[] = [];
  const put = (bytes: Buffer, mediaType: string) => {
    blobs.set(sha(bytes), bytes);
    return { mediaType, digest: sha(bytes), size: bytes.length };
  };
  const layerType = docker
    ? `${MEDIA.dockerLayer}.gzip`
    : `${MEDIA.layer}${compression === "none" ? "" : `+${compression}`}`;
  const descriptors = layers.map((entries) => {
    const tar = archive(...entries);
    diffIds.push(sha(tar));
    const bytes =
      compression === "gzip" ? gzipSync(tar) : compression === "zstd" ? zstdCompressSync(tar) : tar;
    return put(Buffer.from(bytes), layerType);
  });
  const config = Buffer.from(
    JSON.stringify({
      ...platform,
      config: { Cmd: ["/bin/sh"], ...options.config },
      rootfs: { type: "layers", diff_ids: diffIds },
      history: layers.map((_, i) => ({ created: "2020-01-01T00:00:00Z", created_by: `step ${i}` })),
    }),
  );
  const mediaType = docker ? MEDIA.dockerManifest : MEDIA.manifest;
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: put(config, docker ? MEDIA.dockerConfig : MEDIA.config),
      layers: descriptors,
    }),
  );
  return {
    manifest,
    digest: sha(manifest),
    mediaType,
    platform,
    blobs,
    layers: descriptors.map(({ digest }) => digest),
    diffIds,
  };
}

/** What a request to the double is answered with instead; undefined: as a registry should. */
export type Mischief = (request: Request, url: URL) => Response | undefined | Promise<Response | undefined>;

export interface DoubleRegistry {
  readonly host: string;
  readonly requests: string[];
  readonly manifests: Map<string, { bytes: Buffer; mediaType: string }>;
  readonly blobs: Map<string, Buffer>;
  mischief: Mischief;
  add(repository: string, tag: string, image: MadeImage): void;
  /** Images of several platforms by one name; the index's digest. */
  addIndex(repository: string, tag: string, images: readonly MadeImage[]): string;
  stop(): Promise<void>;
}

/** A registry for reading, in memory, that does whatever mischief a test wants. */
export function startDouble(): DoubleRegistry {
  const manifests = new Map<string, { bytes: Buffer; mediaType: string }>();
  const blobs = new Map<string, Buffer>();
  const requests: string[] = [];
  const double: { mischief: Mischief } = { mischief: () => undefined };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 60,
    async fetch(request) {
      const url = new URL(request.url);
      requests.push(`${request.method} ${url.pathname}${request.headers.get("range") ?? ""}`);
      const own = await double.mischief(request, url);
      if (own !== undefined) return own;
      if (url.pathname === "/v2/") return new Response("{}");
      const [, kind, name = ""] = /\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? [];
      const missing = Response.json(
        { errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] },
        { status: 404 },
      );
      if (kind === "manifests") {
        const found = manifests.get(`${url.pathname.replace(/^\/v2\/(.*)\/manifests\/.*$/, "$1")} ${name}`);
        if (found === undefined) return missing;
        return new Response(found.bytes, {
          headers: { "content-type": found.mediaType, "docker-content-digest": sha(found.bytes) },
        });
      }
      const blob = blobs.get(name);
      if (blob === undefined) return missing;
      const from = Number(/^bytes=([0-9]+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
      const headers = { "content-range": `bytes ${from}-${blob.length - 1}/${blob.length}` };
      return from === 0 ? new Response(blob) : new Response(blob.subarray(from), { status: 206, headers });
    },
  });
  const add = (repository: string, tag: string, image: MadeImage): void => {
    for (const name of [tag, image.digest])
      manifests.set(`${repository} ${name}`, { bytes: image.manifest, mediaType: image.mediaType });
    for (const [digest, bytes] of image.blobs) blobs.set(digest, bytes);
  };
  return Object.assign(double, {
    host: `127.0.0.1:${server.port}`,
    requests,
    manifests,
    blobs,
    add,
    addIndex: (repository: string, tag: string, images: readonly MadeImage[]) => {
      for (const image of images) add(repository, image.digest, image);
      const index: Index = {
        schemaVersion: 2,
        mediaType: MEDIA.index,
        manifests: images.map(({ mediaType, digest, manifest, platform }) => ({
          mediaType,
          digest,
          size: manifest.length,
          platform,
        })),
      };
      const bytes = Buffer.from(JSON.stringify(index));
      manifests.set(`${repository} ${tag}`, { bytes, mediaType: MEDIA.index });
      return sha(bytes);
    },
    stop: () => server.stop(true),
  });
}

/** The first `count` bytes of a body of `bytes`, and then the connection breaks. */
export function cutAfter(bytes: Uint8Array, count: number, init: ResponseInit = {}): Response {
  const body = new ReadableStream({
    type: "direct",
    async pull(controller: {
      write(part: Uint8Array): void;
      flush(): Promise<void>;
      close(error?: Error): void;
    }) {
      controller.write(bytes.subarray(0, count));
      await controller.flush();
      controller.close();
    },
  } as never);
  return new Response(body, init);
}

export const quickRetries: RetryPolicy = {
  ...DEFAULT_RETRIES,
  pause: 5,
  longestPause: 50,
  tries: 4,
  idle: 10_000,
};

export function pullOptions(changes: Partial<PullOptions> = {}): PullOptions {
  return {
    platform: hostPlatform(),
    rules: [],
    session: { retries: quickRetries, credentials: async () => undefined },
    unpack: {
      owners: isRoot ? "now" : "never",
      whiteouts: "overlay",
      overlayXattrs: isRoot ? "trusted" : "user",
      warn: () => {},
    },
    tools,
    parallel: 3,
    progress: () => {},
    ...changes,
  };
}

export function pushOptions(changes: Partial<PushOptions> = {}): PushOptions {
  return {
    platform: hostPlatform(),
    rules: [],
    session: { retries: quickRetries, credentials: async () => undefined },
    parallel: 3,
    progress: () => {},
    warn: () => {},
    ...changes,
  };
}
