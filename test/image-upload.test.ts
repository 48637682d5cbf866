// Pushing to registries that keep blobs elsewhere, break off, or would have everything sent in the clear.
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pullImage } from "../src/image/pull/index.ts";
import { pushImage } from "../src/image/push/index.ts";
import { parseReference } from "../src/image/reference.ts";
import { type ImageStore, nameImage } from "../src/image/store/index.ts";
import { needs, run, temporaryFolder } from "./harness/index.ts";
import { image, newStore } from "./image-double.ts";
import { pullOptions, pushOptions, quickRetries, startDouble } from "./image-registry.ts";

const double = startDouble();
double.add("source", "1", image);
afterAll(() => double.stop());
beforeEach(() => {
  double.mischief = () => undefined;
});

/** A store with the image under the name `app:1` of a registry. */
async function storeFor(host: string): Promise<ImageStore> {
  const store = newStore();
  await pullImage(store, parseReference(`${double.host}/source:1`), pullOptions());
  const { digest, mediaType, manifest } = image;
  await nameImage(store, parseReference(`${host}/app:1`), { digest, mediaType, size: manifest.length });
  return store;
}

const push = (store: ImageStore, host: string) =>
  pushImage(store, parseReference(`${host}/app:1`), pushOptions());

const accepted = (location: string) => new Response(null, { status: 202, headers: { location } });

describe("a push", () => {
  test("finds blobs that the registry keeps elsewhere", async () => {
    const elsewhere: string[] = [];
    const other = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        elsewhere.push(`${request.method} ${request.headers.get("authorization")}`);
        return new Response("");
      },
    });
    const store = await storeFor(double.host);
    double.mischief = (request, url) =>
      request.method === "PUT"
        ? new Response(null, { status: 201 })
        : request.method === "HEAD"
          ? Response.redirect(`http://127.0.0.1:${other.port}${url.pathname}`, 307)
          : undefined;
    expect((await push(store, double.host)).digest).toBe(image.digest);
    await other.stop(true);
    expect(elsewhere).toEqual(["HEAD null", "HEAD null", "HEAD null"]);
  });

  test("begins an upload that broke off anew, and never goes on with what the registry has half of", async () => {
    const store = await storeFor(double.host);
    const puts: string[] = [];
    let uploads = 0;
    double.mischief = async (request, url) => {
      if (request.method === "HEAD") return new Response(null, { status: 404 });
      if (request.method === "POST") return accepted(`/v2/app/blobs/uploads/${++uploads}?state=x`);
      if (request.method !== "PUT") return undefined;
      if (url.pathname.includes("/manifests/")) return new Response(null, { status: 201 });
      const count = puts.push(url.pathname);
      await request.arrayBuffer();
      return new Response(null, { status: count <= 2 ? 503 : 201 });
    };
    await push(store, double.host);
    expect(puts.length).toBe(5);
    expect(new Set(puts).size).toBe(5);
  });

  test("does not wait for good on a registry that is silent", async () => {
    const store = await storeFor(double.host);
    double.mischief = (request) =>
      request.method === "HEAD"
        ? new Response(null, { status: 404 })
        : request.method === "POST"
          ? (Bun.sleep(30_000) as never)
          : undefined;
    const retries = { ...quickRetries, idle: 1000, tries: 3 };
    const session = { retries, credentials: async () => undefined };
    await expect(
      pushImage(store, parseReference(`${double.host}/app:1`), pushOptions({ session })),
    ).rejects.toThrow("no answer in time");
  });

  needs({ command: "openssl" })(
    "never goes on in the clear, neither with data nor with a secret",
    async () => {
      const folder = temporaryFolder("certificates");
      const script = `cd "$1"; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
      -subj /CN=x -addext subjectAltName=IP:127.0.0.1 -keyout key -out certificate`;
      expect((await run(["sh", "-euc", script, "sh", folder])).status).toBe(0);
      const read = (name: string) => readFileSync(join(folder, name), "utf8");
      const basic = `Basic ${btoa("me:secret")}`;
      const clear: string[] = [];
      const plain = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch(request) {
          clear.push(`${request.method} ${request.headers.get("authorization")}`);
          return new Response(null, { status: 201 });
        },
      });
      const server = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        tls: { cert: read("certificate"), key: read("key") },
        fetch(request) {
          if (request.headers.get("authorization") !== basic)
            return new Response(null, { status: 401, headers: { "www-authenticate": 'Basic realm="x"' } });
          if (request.method === "POST")
            return accepted(`http://127.0.0.1:${plain.port}/v2/app/blobs/uploads/1`);
          return new Response(null, { status: 404 });
        },
      });
      const host = `127.0.0.1:${server.port}`;
      mkdirSync(join(folder, "certs.d", host), { recursive: true });
      writeFileSync(join(folder, "certs.d", host, "ca.crt"), read("certificate"));
      const session = {
        retries: quickRetries,
        credentials: async () => ({ kind: "password", user: "me", password: "secret" }) as const,
        certificates: [join(folder, "certs.d")],
      };
      const store = await storeFor(host);
      await expect(
        pushImage(store, parseReference(`${host}/app:1`), pushOptions({ session })),
      ).rejects.toThrow(`leads from HTTPS to http://127.0.0.1:${plain.port}`);
      await server.stop(true);
      await plain.stop(true);
      expect(clear).toEqual([]);
    },
  );
});
