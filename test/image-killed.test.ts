// Whatever is killed, and whenever: the store stays whole, what was got stays usable, and nothing half-made stays.
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { sha, makeImage, startDouble, startRegistry } from "./image-registry.ts";
import {
  type Engine,
  engine,
  huskPath,
  isSoak,
  needs,
  run,
  temporaryFile,
  temporaryFolder,
} from "./harness/index.ts";

const double = startDouble();
afterAll(() => double.stop());
beforeEach(() => {
  double.mischief = () => undefined;
  double.requests.length = 0;
});

const file = (name: string, bytes = 300_000) => ({ name, content: randomBytes(bytes).toString("base64") });
const files = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ name: `d/${i}`, content: `${i}` }));
const image = makeImage([
  // Large enough for a thread of its own.
  [file("a", 2_500_000), { name: "d/" }, ...files(300)],
  [file("b"), { name: "d/.wh.1" }],
  [file("c"), { name: "fifo", type: "fifo" as const }],
]);
double.add("app", "1", image);
const name = `${double.host}/app:1`;
const rounds = isSoak ? 60 : 8;

/** Everything the store says it has, it has, and whole. */
function expectSound({ root }: Engine): void {
  const index = join(root, "images/index.json");
  if (existsSync(index)) {
    const { manifests } = JSON.parse(readFileSync(index, "utf8"));
    for (const { digest } of manifests) {
      const manifest = JSON.parse(readFileSync(join(root, "images/blobs/sha256", digest.slice(7)), "utf8"));
      for (const { digest: blob, size } of [manifest.config, ...manifest.layers])
        expect(statSync(join(root, "images/blobs/sha256", blob.slice(7))).size).toBe(size);
    }
  }
  const blobs = join(root, "images/blobs/sha256");
  if (existsSync(blobs))
    for (const hex of readdirSync(blobs)) expect(sha(readFileSync(join(blobs, hex)))).toBe(`sha256:${hex}`);
  if (existsSync(join(root, "layers")))
    for (const layer of readdirSync(join(root, "layers")))
      if (layer.startsWith("sha256-"))
        expect(existsSync(join(root, "layers", layer, "layer.json"))).toBe(true);
}

function expectNoLitter({ root }: Engine, downloads = false): void {
  expect(readdirSync(join(root, "layers")).filter((entry) => !entry.startsWith("sha256-"))).toEqual([]);
  if (!downloads) expect(readdirSync(join(root, "downloads"))).toEqual([]);
  expect(readdirSync(join(root, "claims"))).toEqual([]);
  expect(readdirSync(join(root, "images")).filter((entry) => entry.includes(".json."))).toEqual([]);
}

/** How long a command takes here. */
async function duration(own: Engine, args: readonly string[]): Promise<number> {
  const began = performance.now();
  expect((await own.husk(args)).status).toBe(0);
  return performance.now() - began;
}

async function killAt(own: Engine, args: readonly string[], milliseconds: number): Promise<void> {
  const running = own.start(args);
  await Bun.sleep(milliseconds);
  running.kill("SIGKILL");
  await running.result;
}

describe("kill -9 at any moment", () => {
  test("of a pull", async () => {
    const whole = await duration(engine(), ["pull", "-q", name]);
    for (let round = 0; round < rounds; round++) {
      const own = engine();
      await killAt(own, ["pull", "-q", name], (whole * 1.1 * (round + 0.5)) / rounds);
      expectSound(own);
      const { status, stderr } = await own.husk(["pull", "-q", name]);
      expect([status, stderr]).toEqual([0, ""]);
      expectSound(own);
      expectNoLitter(own);
      expect(readdirSync(join(own.root, "layers")).length).toBe(3);
    }
  }, 120_000);

  needs({ command: "docker-registry" })(
    "of a push",
    async () => {
      const registry = await startRegistry();
      try {
        const own = engine();
        await own.husk(["pull", "-q", name]);
        const target = (round: number | string): string => `${registry.host}/pushed-${round}:1`;
        await own.husk(["tag", name, target("whole")]);
        const whole = await duration(own, ["push", "-q", target("whole")]);
        for (let round = 0; round < rounds; round++) {
          // Another repository each time, or nothing would travel; that blobs are mounted from others is refused.
          const there = target(round);
          await own.husk(["tag", name, there]);
          await own.husk(["rmi", target(round === 0 ? "whole" : round - 1)]);
          await killAt(own, ["push", "-q", there], (whole * 1.1 * (round + 0.5)) / rounds);
          expectSound(own);
          const { status, stderr } = await own.husk(["push", "-q", there]);
          expect([status, stderr]).toEqual([0, ""]);
          expectNoLitter(own);
          const other = engine();
          expect((await other.husk(["pull", "-q", there])).status).toBe(0);
          expectSound(other);
        }
      } finally {
        await registry.stop();
      }
    },
    120_000,
  );

  test("of making and removing images", async () => {
    const own = engine();
    const make = ["image", "make", "box", "cat"];
    const whole = await duration(own, make);
    for (let round = 0; round < rounds; round++) {
      await killAt(own, make, (whole * 1.1 * (round + 0.5)) / rounds);
      await own.husk(["pull", "-q", name]);
      expectSound(own);
      expectNoLitter(own);
      await killAt(own, ["rmi", "-f", name, "box"], (whole * (round + 0.5)) / rounds);
      expectSound(own);
    }
    expect((await own.husk(make)).status).toBe(0);
    await own.husk(["pull", "-q", name]);
    await own.husk(["rmi", "-f", name, "box"]);
    expectNoLitter(own);
    expect(readdirSync(join(own.root, "layers"))).toEqual([]);
    expect(readdirSync(join(own.root, "images/blobs/sha256"))).toEqual([]);
  }, 180_000);
});

needs({ root: true })(
  "a full disk is told, what was got stays usable, and nothing else stays",
  async () => {
    const folder = temporaryFolder("small");
    const script = `mount -t tmpfs -o size=14m none "$1"; mkdir -m 700 "$1/root"
      head -c 9000000 /dev/zero >"$1/ballast"
      "$2" --root "$1/root" pull -q "$3" && exit 1
      ls "$1/root/layers" | grep -v '^sha256-' && exit 2
      du -sk "$1/root/downloads" | cut -f 1
      rm "$1/ballast"
      exec "$2" --root "$1/root" pull -q "$3"`;
    const words = ["unshare", "-m", "sh", "-uc", script, "sh", folder, huskPath, name];
    const { status, stdout, stderr } = await run(words, { timeout: 60_000 });
    expect(stderr).toMatch(/the disk is full|no space left/);
    expect(stderr.trim().split("\n").length).toBe(1);
    expect([status, stdout.trim().split("\n").at(-1)]).toEqual([0, name]);
    // Layers that were whole are not asked for again, and of others at most the rest.
    const anew = image.layers.map(
      (digest) => double.requests.filter((request) => request.endsWith(`/blobs/${digest}`)).length,
    );
    expect(anew.filter((count) => count > 1)).toEqual([]);
  },
  120_000,
);

needs({ command: "strace", root: true })(
  "layers are on the disk before they get their names",
  async () => {
    const own = engine();
    const log = temporaryFile("trace");
    const words = ["strace", "-f", "-o", log, "-e", "trace=syncfs,rename,renameat,renameat2", huskPath];
    const { status } = await run([...words, "pull", "-q", name], {
      env: { HUSK_ROOT: own.root, HUSK_RUN: own.run },
      timeout: 60_000,
    });
    expect(status).toBe(0);
    let synced = 0;
    let named = 0;
    for (const line of readFileSync(log, "utf8").split("\n")) {
      if (/ (syncfs\(.*|<\.\.\. syncfs resumed>\)? *)= 0$/.test(line)) synced++;
      if (/ rename(at2?)?\(.*\/layers\/sha256-[0-9a-f]+"/.test(line))
        expect(++named).toBeLessThanOrEqual(synced);
    }
    expect(named).toBe(3);
  },
  120_000,
);

test("wrong data is refused by the thread that unpacks, and nothing of it is kept", async () => {
  const own = engine();
  const digest = image.layers[0]!;
  const wrong = Buffer.from(image.blobs.get(digest)!);
  wrong.fill(0, 1_500_000, 1_500_100);
  double.mischief = (_, url) => (url.pathname.endsWith(digest) ? new Response(wrong) : undefined);
  const { status, stderr } = await own.husk(["pull", "-q", name]);
  expect([status, stderr]).toEqual([1, expect.stringMatching(/cannot be read|is not what it should be/)]);
  expect(readdirSync(join(own.root, "downloads")).filter((entry) => entry.includes(digest.slice(7)))).toEqual(
    [],
  );
  double.mischief = () => undefined;
  expect((await own.husk(["pull", "-q", name])).status).toBe(0);
  expectSound(own);
  expectNoLitter(own);
});

test("too many requests: the registry's pause is kept", async () => {
  const own = engine();
  let refused = 0;
  const times: number[] = [];
  double.mischief = (_, url) => {
    if (!url.pathname.endsWith(image.layers[0]!)) return undefined;
    times.push(performance.now());
    return refused++ < 2 ? new Response("", { status: 429, headers: { "retry-after": "1" } }) : undefined;
  };
  expect((await own.husk(["pull", "-q", name])).status).toBe(0);
  expect(times.length).toBe(3);
  expect(times[1]! - times[0]!).toBeGreaterThan(900);
  expect(times[2]! - times[1]!).toBeGreaterThan(900);
});

describe("proxies", () => {
  const seen: string[] = [];
  const proxy = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const url = new URL(request.url);
      seen.push(url.host);
      return fetch(`http://${double.host}${url.pathname}`, {
        headers: request.headers,
        redirect: "manual",
        decompress: false,
      });
    },
  });
  afterAll(() => proxy.stop(true));
  const http_proxy = `http://127.0.0.1:${proxy.port}`;

  test("are used, and not for what NO_PROXY names", async () => {
    const { host } = double;
    const conf = temporaryFolder("config");
    await Bun.write(
      join(conf, "containers/registries.conf"),
      '[[registry]]\nlocation = "registry.invalid:5000"\ninsecure = true\n',
    );
    const env = {
      XDG_CONFIG_HOME: conf,
      HOME: conf,
      HTTP_PROXY: http_proxy,
      http_proxy,
      HTTPS_PROXY: "",
      NO_PROXY: "127.0.0.1",
      no_proxy: "127.0.0.1",
    };
    await Bun.write(
      join(conf, ".config/containers/registries.conf"),
      '[[registry]]\nlocation = "registry.invalid:5000"\ninsecure = true\n',
    );
    const own = engine();
    const { status, stderr } = await own.husk(["pull", "-q", "registry.invalid:5000/app:1"], { env });
    expect([status, stderr]).toEqual([0, ""]);
    expect(new Set(seen)).toEqual(new Set(["registry.invalid:5000"]));
    seen.length = 0;
    // This machine's own loopback is nothing for a proxy, also where nobody says so.
    for (const none of ["127.0.0.1", "", "elsewhere.example"]) {
      const without = { ...env, NO_PROXY: none, no_proxy: none };
      expect((await engine().husk(["pull", "-q", `${host}/app:1`], { env: without })).status).toBe(0);
    }
    expect(seen).toEqual([]);
  });
});

needs({ command: "openssl", root: true })(
  "certificates of a registry's own, on both sides",
  async () => {
    const folder = temporaryFolder("certificates");
    const script = `cd "$1"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.crt
    for who in server client; do
      openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$who -keyout $who.key -out $who.csr
      printf 'subjectAltName=IP:127.0.0.1\\n' >ext
      openssl x509 -req -in $who.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out $who.cert
    done`;
    expect((await run(["sh", "-euc", script, "sh", folder])).status).toBe(0);
    const read = (path: string) => readFileSync(join(folder, path), "utf8");
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: {
        cert: read("server.cert"),
        key: read("server.key"),
        ca: read("ca.crt"),
        requestCert: true,
        rejectUnauthorized: true,
      },
      fetch: (request) =>
        fetch(`http://${double.host}${new URL(request.url).pathname}`, { decompress: false }),
    });
    try {
      const host = `127.0.0.1:${server.port}`;
      const pull = (own: Engine, copies: string) =>
        run(
          [
            "unshare",
            "-m",
            "sh",
            "-euc",
            `mkdir -p /etc/docker; mount -t tmpfs none /etc/docker; mkdir -p "/etc/docker/certs.d/$2"; cd "$1"; ${copies}; shift 2; exec "$@"`,
            "sh",
            folder,
            host,
            huskPath,
            "--root",
            own.root,
            "pull",
            "-q",
            `${host}/app:1`,
          ],
          { timeout: 30_000 },
        );
      const here = `"/etc/docker/certs.d/$2/`;
      const both = await pull(
        engine(),
        `cp ca.crt ${here}ca.crt"; cp client.cert ${here}client.cert"; cp client.key ${here}client.key"`,
      );
      expect([both.status, both.stderr]).toEqual([0, ""]);
      const none = await pull(engine(), ":");
      expect([none.status, none.stderr]).toEqual([
        1,
        expect.stringContaining("its certificate or TLS is not accepted"),
      ]);
      const half = await pull(engine(), `cp ca.crt ${here}ca.crt"`);
      expect(half.status).toBe(1);
    } finally {
      await server.stop(true);
    }
  },
  120_000,
);
