// Who asks a registry, and which registry is asked.
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MEDIA } from "../src/image/oci.ts";
import { pullImage, type PullOptions } from "../src/image/pull/index.ts";
import { parseReference } from "../src/image/reference.ts";
import { findCredentials, listRepositories, Repository, Session } from "../src/image/registry/index.ts";
import { parseRules } from "../src/image/registry/registries-conf.ts";
import { findImage, findLayer, hasBlob, type ImageStore, openImageStore } from "../src/image/store/index.ts";
import { temporaryFolder } from "./harness/index.ts";
import {
  cutAfter,
  type DoubleRegistry,
  type MadeImage,
  makeImage,
  pullOptions,
  quickRetries,
  startDouble,
} from "./image-registry.ts";

const double: DoubleRegistry = startDouble();
afterAll(() => double.stop());
beforeEach(() => {
  double.mischief = () => undefined;
  double.requests.length = 0;
});

const big = randomBytes(400_000).toString("base64");
const image = makeImage([
  [{ name: "base", content: big }, { name: "d/" }, { name: "d/x", content: "lower" }],
  [{ name: "d/.wh.x" }, { name: "top", content: "two" }],
]);
double.add("team/app", "1", image);

const newStore = (): ImageStore => openImageStore(temporaryFolder("store", 0o700));
const pull = (store: ImageStore, changes: Partial<PullOptions> = {}, name = "team/app:1") =>
  pullImage(store, parseReference(`${double.host}/${name}`), pullOptions(changes));

function expectWhole(store: ImageStore, made: MadeImage = image): void {
  for (const digest of [made.digest, ...made.blobs.keys()]) expect(hasBlob(store, digest), digest).toBe(true);
  for (const diffId of made.diffIds) expect(findLayer(store, diffId)).toBeDefined();
  expect(readdirSync(store.downloads)).toEqual([]);
  expect(readdirSync(store.layers).length).toBe(made.diffIds.length);
}

const isBlob = (url: URL) => url.pathname.includes("/blobs/");
const error = (code: string, status: number, headers = {}) =>
  Response.json({ errors: [{ code, message: "so it is\x1b[31m" }] }, { status, headers });

describe("who asks", () => {
  const password = { kind: "password", user: "me", password: "secret" } as const;
  const basic = `Basic ${btoa("me:secret")}`;

  /** Tokens are good for `uses` requests. */
  function wantTokens(uses: number): { tokens: number } {
    const count = { tokens: 0 };
    let left = 0;
    double.mischief = (request, url) => {
      const authorization = request.headers.get("authorization");
      if (url.pathname === "/token") {
        if (authorization !== basic) return error("UNAUTHORIZED", 401);
        expect(url.searchParams.get("scope")).toBe("repository:team/app:pull");
        left = uses;
        return Response.json({ token: `token-${++count.tokens}`, expires_in: 300 });
      }
      if (url.pathname === "/v2/") return undefined;
      if (authorization === `Bearer token-${count.tokens}` && left-- > 0) return undefined;
      const challenge = `Bearer realm="http://${double.host}/token",service="double",scope="repository:team/app:pull"`;
      return error("UNAUTHORIZED", 401, { "www-authenticate": challenge });
    };
    return count;
  }
  const session = (credentials: typeof password | undefined) => ({
    session: { retries: quickRetries, credentials: async () => credentials },
  });

  test("tokens", async () => {
    const store = newStore();
    const count = wantTokens(1000);
    await pull(store, { ...session(password), parallel: 1 });
    expectWhole(store);
    expect(count.tokens).toBe(1);
  });

  test("tokens that expire early", async () => {
    const store = newStore();
    const count = wantTokens(1);
    await pull(store, { ...session(password), parallel: 1 });
    expectWhole(store);
    expect(count.tokens).toBeGreaterThan(1);
  });

  test("tokens that run out in the middle of layers that come in together, and break off", async () => {
    const store = newStore();
    const count = wantTokens(1000);
    const asked = double.mischief;
    const blob = image.blobs.get(image.layers[0]!)!;
    const cuts: string[] = [];
    double.mischief = async (request, url) => {
      const answer = await asked(request, url);
      if (answer !== undefined || !url.pathname.endsWith(image.layers[0]!) || cuts.length === 3)
        return answer;
      const from = Number(/[0-9]+/.exec(request.headers.get("range") ?? "0")?.[0]);
      cuts.push(request.headers.get("authorization") ?? "");
      count.tokens++; // Whoever has a token has an old one now.
      const headers = { "content-range": `bytes ${from}-` };
      return cutAfter(blob.subarray(from), 50_000, from === 0 ? {} : { status: 206, headers });
    };
    await pull(store, { ...session(password), parallel: 3 });
    expectWhole(store);
    expect(new Set(cuts).size).toBe(3);
  });

  test("a refresh token, which gives tokens again when they run out", async () => {
    const store = newStore();
    wantTokens(2);
    const asked = double.mischief;
    const bodies: URLSearchParams[] = [];
    double.mischief = async (request, url) => {
      if (url.pathname !== "/token") return asked(request, url);
      expect([request.method, request.headers.get("authorization")]).toEqual(["POST", null]);
      bodies.push(new URLSearchParams(await request.text()));
      const own = new URL(request.url);
      own.searchParams.set("scope", bodies.at(-1)!.get("scope") ?? "");
      return asked(new Request(own.href, { headers: { authorization: basic } }), own);
    };
    const credentials = { kind: "token", token: "refresh-me" } as const;
    const retries = { retries: quickRetries, credentials: async () => credentials };
    await pull(store, { session: retries, parallel: 1 });
    expectWhole(store);
    expect(bodies.length).toBeGreaterThan(1);
    for (const body of bodies)
      expect(Object.fromEntries(body)).toEqual({
        service: "double",
        scope: "repository:team/app:pull",
        grant_type: "refresh_token",
        client_id: "husk",
        refresh_token: "refresh-me",
      });
  });

  test("wrong credentials and none", async () => {
    wantTokens(10);
    await expect(pull(newStore(), session({ ...password, password: "wrong" } as never))).rejects.toThrow(
      "wants to know who asks",
    );
    await expect(pull(newStore(), session(undefined))).rejects.toThrow("wants to know who asks");
  });

  test("basic", async () => {
    const store = newStore();
    double.mischief = (request) =>
      request.headers.get("authorization") === basic
        ? undefined
        : error("UNAUTHORIZED", 401, { "www-authenticate": 'Basic realm="double"' });
    await pull(store, session(password));
    expectWhole(store);
    await expect(pull(newStore(), session(undefined))).rejects.toThrow("wants to know who asks");
  });

  test("another host that blobs are at gets no secret", async () => {
    const store = newStore();
    const seen: (string | null)[] = [];
    const other = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        seen.push(request.headers.get("authorization"));
        return new Response(image.blobs.get(new URL(request.url).pathname.slice(1)));
      },
    });
    double.mischief = (request, url) => {
      if (request.headers.get("authorization") !== basic)
        return error("UNAUTHORIZED", 401, { "www-authenticate": 'Basic realm="double"' });
      const digest = url.pathname.split("/").at(-1)!;
      return isBlob(url) ? Response.redirect(`http://127.0.0.1:${other.port}/${digest}`, 307) : undefined;
    };
    await pull(store, session(password));
    await other.stop(true);
    expectWhole(store);
    expect(seen).toEqual([null, null, null]);
  });

  test("foreign layers come from elsewhere, and nobody there learns who asks", async () => {
    const store = newStore();
    const seen: (string | null)[] = [];
    const other = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        seen.push(request.headers.get("authorization"));
        return new Response(image.blobs.get(image.layers[1]!));
      },
    });
    const manifest = JSON.parse(image.manifest.toString());
    manifest.layers[1] = {
      ...manifest.layers[1],
      mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
      urls: ["ftp://nowhere/x", `http://127.0.0.1:${other.port}/layer`],
    };
    double.manifests.set("team/foreign 1", {
      bytes: Buffer.from(JSON.stringify(manifest)),
      mediaType: MEDIA.manifest,
    });
    double.mischief = (request) =>
      request.headers.get("authorization") === basic
        ? undefined
        : error("UNAUTHORIZED", 401, { "www-authenticate": 'Basic realm="double"' });
    await pull(store, session(password), "team/foreign:1");
    await other.stop(true);
    expect(seen).toEqual([null]);
    expect(findLayer(store, image.diffIds[1]!)).toBeDefined();
  });

  test("docker's config.json and credential helpers", async () => {
    const folder = temporaryFolder("docker");
    const file = join(folder, "config.json");
    const auth = btoa("me:sec:ret");
    writeFileSync(
      file,
      JSON.stringify({
        auths: {
          "localhost:1": { auth },
          "https://index.docker.io/v1/": { identitytoken: "refresh" },
          "http://old.example/v1/": { auth },
        },
        credHelpers: { "helped.example": "test" },
      }),
    );
    mkdirSync(join(folder, "bin"));
    const helper = join(folder, "bin/docker-credential-test");
    writeFileSync(
      helper,
      `#!/bin/sh\nread host; [ "$1 $host" = "get helped.example" ] && echo '{"Username":"<token>","Secret":"x"}'`,
    );
    chmodSync(helper, 0o755);
    const old = process.env.PATH;
    process.env.PATH = `${folder}/bin:${old}`;
    const find = (host: string) => findCredentials(host, [file]);
    expect(await find("localhost:1")).toEqual({ kind: "password", user: "me", password: "sec:ret" });
    expect(await find("old.example")).toEqual({ kind: "password", user: "me", password: "sec:ret" });
    expect(await find("docker.io")).toEqual({ kind: "token", token: "refresh" });
    expect(await find("helped.example")).toEqual({ kind: "token", token: "x" });
    expect(await find("other.example")).toBeUndefined();
    process.env.PATH = old;
  });
});

describe("registries.conf", () => {
  const rules = (text: string) => parseRules(text, "registries.conf");

  test("mirrors are asked first, and the registry helps out", async () => {
    const store = newStore();
    const mirror = startDouble();
    mirror.add("hub/team/app", "1", image);
    mirror.blobs.delete(image.layers[1]!);
    const text = `[[registry]]\nprefix = "example.com/team"\nlocation = "${double.host}/team"\n[[registry.mirror]]\nlocation = "127.0.0.1:1/x"\n[[registry.mirror]]\nlocation = "${mirror.host}/hub/team"\n`;
    await pullImage(store, parseReference("example.com/team/app:1"), pullOptions({ rules: rules(text) }));
    expectWhole(store);
    expect(findImage(store, parseReference("example.com/team/app:1"))?.digest).toBe(image.digest);
    expect(mirror.requests.filter((request) => request.includes("manifests")).length).toBe(1);
    expect(double.requests.filter((request) => request.includes("/blobs/")).length).toBe(1);
    await mirror.stop();
  });

  test("blocked registries are not asked", async () => {
    const text = `[[registry]]\nlocation = "${double.host}"\nblocked = true\n`;
    await expect(pull(newStore(), { rules: rules(text) })).rejects.toThrow("is blocked on this machine");
    expect(double.requests).toEqual([]);
  });
});

test("tags, repositories and referrers are listed", async () => {
  const referrer = { mediaType: MEDIA.manifest, digest: image.digest, size: 3, artifactType: "text/sbom" };
  double.mischief = (_, url) => {
    if (url.pathname === "/v2/_catalog")
      return url.searchParams.has("last")
        ? Response.json({ repositories: ["b"] })
        : Response.json(
            { repositories: ["a"] },
            { headers: { link: '</v2/_catalog?last=a&n=1>; rel="next"' } },
          );
    if (url.pathname.endsWith("/tags/list")) return Response.json({ name: "team/app", tags: ["1", "2"] });
    if (url.pathname.includes("/manifests/sha256-"))
      return Response.json({ schemaVersion: 2, mediaType: MEDIA.index, manifests: [referrer] });
    return undefined;
  };
  const session = new Session(double.host, pullOptions().session);
  const app = new Repository(session, "team/app");
  expect(await listRepositories(session)).toEqual(["a", "b"]);
  expect(await app.tags()).toEqual(["1", "2"]);
  expect(await app.referrers(image.digest)).toEqual([referrer]);
  expect(await app.referrers(image.digest, "text/other")).toEqual([]);
});
