// Who asks a registry, and which registry is asked.
import { describe, expect, test } from "bun:test";
import { chmodSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MEDIA } from "../src/image/oci.ts";
import { pullImage } from "../src/image/pull/index.ts";
import { parseReference } from "../src/image/reference.ts";
import {
  findCredentials,
  listRepositories,
  readRegistryRules,
  Repository,
  Session,
  storeCredentials,
} from "../src/image/registry/index.ts";
import { parseRules } from "../src/image/registry/registries-conf.ts";
import { findImage, findLayer } from "../src/image/store/index.ts";
import { temporaryFolder } from "./harness/index.ts";
import { doubleWithImage, expectWhole, image, isBlob, newStore, refusal } from "./image-double.ts";
import { cutAfter, pullOptions, quickRetries, startDouble } from "./image-registry.ts";

const { double, pull } = doubleWithImage();

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
        if (authorization !== basic) return refusal("UNAUTHORIZED", 401);
        expect(url.searchParams.get("scope")).toBe("repository:team/app:pull");
        left = uses;
        return Response.json({ token: `token-${++count.tokens}`, expires_in: 300 });
      }
      if (url.pathname === "/v2/") return undefined;
      if (authorization === `Bearer token-${count.tokens}` && left-- > 0) return undefined;
      const challenge = `Bearer realm="http://${double.host}/token",service="double",scope="repository:team/app:pull"`;
      return refusal("UNAUTHORIZED", 401, { "www-authenticate": challenge });
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
      if (answer !== undefined || !url.pathname.endsWith(image.layers[0]!) || cuts.length === 2)
        return answer;
      const from = Number(/[0-9]+/.exec(request.headers.get("range") ?? "0")?.[0]);
      cuts.push(request.headers.get("authorization") ?? "");
      count.tokens++; // Whoever has a token has an old one now.
      const headers = { "content-range": `bytes ${from}-` };
      return cutAfter(blob.subarray(from), 50_000, from === 0 ? {} : { status: 206, headers });
    };
    await pull(store, { ...session(password), parallel: 3 });
    expectWhole(store);
    expect(new Set(cuts).size).toBe(2);
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
        : refusal("UNAUTHORIZED", 401, { "www-authenticate": 'Basic realm="double"' });
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
        return refusal("UNAUTHORIZED", 401, { "www-authenticate": 'Basic realm="double"' });
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
        : refusal("UNAUTHORIZED", 401, { "www-authenticate": 'Basic realm="double"' });
    await pull(store, session(password), "team/foreign:1");
    await other.stop(true);
    expect(seen).toEqual([null]);
    expect(findLayer(store, image.diffIds[1]!)).toBeDefined();
  });

  test("a foreign layer whose place is silent does not hold up the pull for good", async () => {
    const other = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 60,
      fetch: () => Bun.sleep(60_000) as never,
    });
    const manifest = JSON.parse(image.manifest.toString());
    manifest.layers[1] = {
      ...manifest.layers[1],
      mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
      urls: [`http://127.0.0.1:${other.port}/layer`],
    };
    double.manifests.set("team/silent 1", {
      bytes: Buffer.from(JSON.stringify(manifest)),
      mediaType: MEDIA.manifest,
    });
    const retries = { ...quickRetries, idle: 1000, tries: 3 };
    const quick = { session: { retries, credentials: async () => undefined } };
    await expect(pull(newStore(), quick, "team/silent:1")).rejects.toThrow("cannot get the foreign layer");
    await other.stop(true);
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
    writeFileSync(helper, "#!/bin/sh\necho Enter PIN:");
    await expect(find("helped.example")).rejects.toThrow("what docker-credential-test says is no JSON");
    process.env.PATH = old;
  });

  test("a helper for docker's hub, and podman's keys for a part of a registry", async () => {
    const folder = temporaryFolder("docker");
    const file = join(folder, "config.json");
    const auth = (user: string) => ({ auth: btoa(`${user}:x`) });
    const hub = "https://index.docker.io/v1/";
    writeFileSync(
      file,
      JSON.stringify({
        auths: {
          "quay.example/team": auth("team"),
          "quay.example": auth("all"),
          "part.example/a": auth("a"),
        },
        credHelpers: { [hub]: "none-such" },
      }),
    );
    expect(await findCredentials("quay.example", [file])).toMatchObject({ user: "all" });
    expect(await findCredentials("part.example", [file])).toMatchObject({ user: "a" });
    await expect(findCredentials("docker.io", [file])).rejects.toThrow("docker-credential-none-such");
  });

  test("a configuration that is a link stays one", async () => {
    const folder = temporaryFolder("docker");
    const [link, file] = [join(folder, "config.json"), join(folder, "mine.json")];
    writeFileSync(file, '{"psFormat":"x"}');
    symlinkSync("mine.json", link);
    await storeCredentials("a.example", { kind: "password", user: "u", password: "p" }, link);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      psFormat: "x",
      auths: { "a.example": {} },
    });
  });

  test("an answer that is no token, and a redirect to a file of this machine", async () => {
    wantTokens(1);
    const asked = double.mischief;
    double.mischief = (request, url) =>
      url.pathname === "/token" ? new Response("<html>Sign in to the guests' network") : asked(request, url);
    await expect(pull(newStore(), session(password))).rejects.toThrow(
      `the token of ${double.host} is no JSON`,
    );
    const secret = join(temporaryFolder("secret"), "manifest");
    writeFileSync(secret, image.manifest);
    double.mischief = (_, url) =>
      url.pathname.includes("/manifests/")
        ? new Response(null, { status: 307, headers: { location: `file://${secret}` } })
        : undefined;
    await expect(pull(newStore())).rejects.toThrow("is no address of HTTP");
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

  test("rules that cannot be read are not passed over", () => {
    const folder = temporaryFolder("rules");
    for (const path of [folder, join(folder, "none.conf")])
      expect(() => readRegistryRules([], { CONTAINERS_REGISTRIES_CONF: path })).toThrow(
        `cannot read the rules for registries in ${path}`,
      );
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
