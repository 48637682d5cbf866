// Pulling from a registry that keeps to nothing: connections break, digests are wrong, tokens expire.
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MEDIA } from "../src/image/oci.ts";
import { pullImage } from "../src/image/pull/index.ts";
import { parseReference } from "../src/image/reference.ts";
import { findImage, findLayer, hasBlob, layerFolder, openImageStore } from "../src/image/store/index.ts";
import { needs, repository, run, start, temporaryFile, temporaryFolder, waitFor } from "./harness/index.ts";
import { big, doubleWithImage, expectWhole, image, isBlob, newStore, refusal } from "./image-double.ts";
import { cutAfter, makeImage, pullOptions, quickRetries, sha } from "./image-registry.ts";

const { double, pull } = doubleWithImage();

test("an image is there with its layers unpacked, and a second time no blob is asked for", async () => {
  const store = newStore();
  const { digest, config } = await pull(store);
  expect([digest, config.config?.Cmd]).toEqual([image.digest, ["/bin/sh"]]);
  expectWhole(store);
  expect(readFileSync(join(layerFolder(store, image.diffIds[1]!), "top"), "utf8")).toBe("two");
  expect(findLayer(store, image.diffIds[0]!)?.size).toBe(big.length + 5);
  double.requests.length = 0;
  await pull(store);
  expect(double.requests.filter((request) => request.includes("/blobs/"))).toEqual([]);
});

test("the largest layers are begun first", async () => {
  const made = makeImage(
    [1_000, 30_000, 200, 9_000].map((size) => [{ name: `${size}`, content: big.slice(0, size) }]),
  );
  double.add("team/sizes", "1", made);
  const store = newStore();
  await pull(store, { parallel: 1 }, "team/sizes:1");
  expectWhole(store, made);
  const asked = double.requests.map((request) => request.slice(request.lastIndexOf("/") + 1));
  const sizes = asked
    .filter((name) => made.layers.includes(name))
    .map((name) => made.blobs.get(name)!.length);
  expect(sizes).toEqual(sizes.toSorted((one, other) => other - one));
  expect(sizes.length).toBe(4);
});

needs({ command: ["chattr", "lsattr"], fileSystem: "ext4" })(
  "ext4 is told that layers have nothing to do with each other; their folder's other attributes stay",
  async () => {
    const store = newStore();
    const attributes = async () =>
      (await run(["lsattr", "-d", store.layers])).stdout.split(" ")[0]!.replaceAll("-", "");
    expect((await run(["chattr", "+d", store.layers])).status).toBe(0);
    const before = await attributes();
    expect(before).toContain("d");
    await pull(store);
    expect([...(await attributes())].toSorted()).toEqual([...before, "T"].toSorted());
    expectWhole(store);
  },
);

describe("compressions and media types", () => {
  for (const options of [{ compression: "zstd" }, { compression: "none" }, { docker: true }] as const)
    test(JSON.stringify(options), async () => {
      const store = newStore();
      const made = makeImage([[{ name: "x", content: JSON.stringify(options) }]], options);
      double.add("team/kinds", "1", made);
      await pull(store, {}, "team/kinds:1");
      expectWhole(store, made);
    });
});

describe("connections", () => {
  test("that break are taken up where they broke", async () => {
    const store = newStore();
    const blob = image.blobs.get(image.layers[0]!)!;
    let cuts = 0;
    double.mischief = (request, url) => {
      if (!url.pathname.endsWith(image.layers[0]!) || cuts === 6) return undefined;
      cuts++;
      const from = Number(/=([0-9]+)/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
      const headers = { "content-range": `bytes ${from}-${blob.length - 1}/${blob.length}` };
      return cutAfter(blob.subarray(from), 20_000, { status: from === 0 ? 200 : 206, headers });
    };
    await pull(store);
    expectWhole(store);
    expect(double.requests.filter((request) => request.includes("bytes=20000-")).length).toBe(1);
  });

  test("are begun anew where the registry knows no ranges", async () => {
    const store = newStore();
    const blob = image.blobs.get(image.layers[0]!)!;
    let cuts = 0;
    double.mischief = (_, url) =>
      !url.pathname.endsWith(image.layers[0]!)
        ? undefined
        : ++cuts === 1
          ? cutAfter(blob, 100_000)
          : new Response(blob);
    await pull(store);
    expectWhole(store);
  });

  test("that fail for good leave what was got for the next pull", async () => {
    const store = newStore();
    const blob = image.blobs.get(image.layers[0]!)!;
    double.mischief = (request, url) =>
      !url.pathname.endsWith(image.layers[0]!)
        ? undefined
        : request.headers.has("range")
          ? cutAfter(blob, 0, { status: 206, headers: { "content-range": "bytes 150000-" } })
          : cutAfter(blob, 150_000);
    await expect(pull(store)).rejects.toThrow("cannot get blob");
    await pull(store).catch(() => {});
    expect(findImage(store, parseReference(`${double.host}/team/app:1`))).toBeUndefined();
    double.mischief = () => undefined;
    double.requests.length = 0;
    await pull(store);
    expectWhole(store);
    expect(double.requests.some((request) => request.endsWith(`${image.layers[0]}bytes=150000-`))).toBe(true);
  });

  test("and servers that are not well are tried again", async () => {
    const store = newStore();
    let count = 0;
    double.mischief = () => (count++ % 3 === 0 ? refusal("UNAVAILABLE", 503) : undefined);
    await pull(store);
    expectWhole(store);
  });

  test("that go silent are given up and taken up", async () => {
    const store = newStore();
    let first = true;
    double.mischief = (_, url) => {
      if (!isBlob(url) || !first) return undefined;
      first = false;
      return new Promise<Response>((resolve) => setTimeout(() => resolve(new Response("late")), 5000));
    };
    const retries = { ...quickRetries, idle: 1000 };
    await pull(store, { session: { retries, credentials: async () => undefined } });
    expectWhole(store);
  });
});

describe("what is wrong is refused, and nothing of it kept", () => {
  test("a blob with another content", async () => {
    const store = newStore();
    const blob = Buffer.from(image.blobs.get(image.layers[0]!)!);
    blob[blob.length - 4]! ^= 1;
    double.mischief = (_, url) => (url.pathname.endsWith(image.layers[0]!) ? new Response(blob) : undefined);
    await expect(pull(store)).rejects.toThrow(/is not what it should be: its digest is|cannot be read/);
    await pull(store).catch(() => {});
    expect(readdirSync(store.downloads)).toEqual([]);
    expect(hasBlob(store, image.layers[0]!)).toBe(false);
    expect(findLayer(store, image.diffIds[0]!)).toBeUndefined();
  });

  test("a leftover with another content", async () => {
    const store = newStore();
    writeFileSync(
      join(store.downloads, `${image.layers[0]!.replace(":", "-")}.kept-1.1.1.1`),
      "not the beginning of it",
    );
    await pull(store);
    expectWhole(store);
  });

  test("a blob that is longer", async () => {
    const store = newStore();
    const blob = image.blobs.get(image.layers[1]!)!;
    double.mischief = (_, url) =>
      url.pathname.endsWith(image.layers[1]!) ? new Response(Buffer.concat([blob, blob])) : undefined;
    await expect(pull(store)).rejects.toThrow("longer than the");
  });

  test("a manifest with another digest than asked for", async () => {
    const store = newStore();
    double.mischief = (_, url) =>
      url.pathname.includes("/manifests/")
        ? new Response(image.manifest, { headers: { "content-type": MEDIA.manifest } })
        : undefined;
    await expect(pull(store, {}, `team/app@sha256:${"0".repeat(64)}`)).rejects.toThrow(
      "gave a manifest with the digest",
    );
  });

  test("a layer with another diff id than the image says", async () => {
    const store = newStore();
    const made = makeImage([[{ name: "x", content: "x" }]]);
    const config = [...made.blobs.values()].find((bytes) => bytes.includes("rootfs"))!;
    const lie = Buffer.from(config.toString().replace(made.diffIds[0]!, sha(Buffer.from("other"))));
    const manifest = Buffer.from(
      made.manifest
        .toString()
        .replace(sha(config), sha(lie))
        .replace(`"size":${config.length}`, `"size":${lie.length}`),
    );
    double.manifests.set("team/lie 1", { bytes: manifest, mediaType: MEDIA.manifest });
    for (const [digest, bytes] of [...made.blobs, [sha(lie), lie] as const]) double.blobs.set(digest, bytes);
    await expect(pull(store, {}, "team/lie:1")).rejects.toThrow("its diff id is");
  });

  test("a hostile layer", async () => {
    const store = newStore();
    const made = makeImage([[{ name: "../../../evil", content: "x" }]]);
    double.add("team/evil", "1", made);
    await expect(pull(store, {}, "team/evil:1")).rejects.toThrow("leads out of the layer");
  });

  test("a configuration larger than any is", async () => {
    const large = Buffer.from(image.manifest.toString().replace(/"size":[0-9]+/, '"size":99999999999'));
    double.manifests.set("team/large 1", { bytes: large, mediaType: MEDIA.manifest });
    await expect(pull(newStore(), {}, "team/large:1")).rejects.toThrow("a configuration of more than 4 MiB");
  });

  test("a document that is manifest and index at once", async () => {
    const both = Buffer.from(JSON.stringify({ ...JSON.parse(image.manifest.toString()), manifests: [] }));
    double.manifests.set("team/both 1", { bytes: both, mediaType: MEDIA.manifest });
    await expect(pull(newStore(), {}, "team/both:1")).rejects.toThrow("both a manifest and an index");
  });
});

describe("errors say what to do", () => {
  test("not found, denied, too many requests", async () => {
    const store = newStore();
    await expect(pull(store, {}, "team/none:1")).rejects.toThrow(
      `cannot get ${double.host}/team/none:1: the registry has no such thing: manifest_unknown, manifest unknown`,
    );
    double.mischief = () => refusal("DENIED", 403);
    await expect(pull(store)).rejects.toThrow("the registry does not allow it: denied, so it is?[31m");
    double.mischief = () => refusal("TOOMANYREQUESTS", 429, { "retry-after": "0" });
    await expect(pull(store)).rejects.toThrow("the registry's limit of requests is reached");
    const nobody = pullImage(store, parseReference("127.0.0.1:1/x"), pullOptions());
    await expect(nobody).rejects.toThrow("cannot reach 127.0.0.1:1: nothing listens there");
  });
});

describe("platforms", () => {
  const variants = [
    { os: "linux", architecture: "arm", variant: "v6" },
    { os: "linux", architecture: "arm", variant: "v7" },
    { os: "linux", architecture: "amd64" },
    { os: "windows", architecture: "amd64" },
  ];
  const images = variants.map((platform, i) =>
    makeImage([[{ name: "which", content: `${i}` }]], { platform }),
  );
  const index = double.addIndex("team/many", "1", images);

  for (const [wanted, expected] of [
    [{ os: "linux", architecture: "amd64" }, 2],
    [{ os: "linux", architecture: "arm" }, 1],
    [{ os: "linux", architecture: "arm", variant: "v6" }, 0],
    [{ os: "linux", architecture: "arm", variant: "v8" }, 1],
    [{ os: "windows", architecture: "amd64" }, 3],
  ] as const)
    test(JSON.stringify(wanted), async () => {
      const store = newStore();
      const { manifestDigest, digest } = await pull(store, { platform: wanted }, "team/many:1");
      expect(manifestDigest).toBe(images[expected]!.digest);
      expect(digest).toBe(index);
    });

  test("another one is not there", async () => {
    const wanted = { os: "linux", architecture: "riscv64" };
    await expect(pull(newStore(), { platform: wanted }, "team/many:1")).rejects.toThrow(
      "is not there for linux/riscv64",
    );
  });
});

test("pulls that are killed leave a store that the next one completes; many at once do not disturb each other", async () => {
  const root = temporaryFolder("store", 0o700);
  const store = openImageStore(root);
  const file = temporaryFile("pull.ts");
  writeFileSync(
    file,
    `import { pullImage } from "${repository}/src/image/pull/index.ts";
    import { parseReference } from "${repository}/src/image/reference.ts";
    import { collectGarbage, openImageStore } from "${repository}/src/image/store/index.ts";
    import { pullOptions } from "${repository}/test/image-registry.ts";
    const store = openImageStore(process.argv[2]);
    if (process.argv[3] === "gc") for (let i = 0; i < 20; i++) { await collectGarbage(store); await Bun.sleep(5); }
    else await pullImage(store, parseReference("${double.host}/team/app:1"), pullOptions());`,
  );
  const bun = join(repository, "node_modules/.bin/bun");
  const blob = image.blobs.get(image.layers[0]!)!;
  double.mischief = (request, url) =>
    url.pathname.endsWith(image.layers[0]!) && !request.headers.has("range")
      ? new Response(
          new ReadableStream({
            async start(controller) {
              controller.enqueue(blob.subarray(0, 200_000));
              await Bun.sleep(3000);
              controller.close();
            },
          }),
        )
      : undefined;
  const victim = start([bun, file, root]);
  const isUnderWay = (): boolean =>
    readdirSync(store.downloads).some(
      (name) => (statSync(join(store.downloads, name), { throwIfNoEntry: false })?.size ?? 0) >= 200_000,
    );
  await waitFor("half of a layer", isUnderWay);
  victim.kill("SIGKILL");
  await victim.result;
  double.mischief = () => undefined;
  const results = await Promise.all(["", "", "gc", ""].map((what) => run([bun, file, root, what])));
  expect(results.map(({ stderr }) => stderr).join("")).toBe("");
  await run([bun, file, root, "gc"]);
  expectWhole(store);
  expect(readdirSync(store.claims)).toEqual([]);
}, 120_000);
