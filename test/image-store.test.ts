// The image store: one layout on disk, used by many processes at once, some of which are killed.
import { describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { MEDIA, type Descriptor } from "../src/image/oci.ts";
import { parseReference } from "../src/image/reference.ts";
import { claimAlone, liveClaims } from "../src/image/store/claims.ts";
import {
  BlobWriter,
  blobPath,
  collectGarbage,
  findImage,
  findLayer,
  forgetImages,
  hasBlob,
  type ImageStore,
  layerFolder,
  nameImage,
  newLayer,
  openImageStore,
  putBlob,
  readBlob,
  readIndex,
  removeNames,
  useStore,
} from "../src/image/store/index.ts";
import { needs, repository, run, start, temporaryFile, temporaryFolder, waitFor } from "./harness/index.ts";
import { archive } from "./image-archive.ts";

const bun = join(repository, "node_modules/.bin/bun");
const sha = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

function newStore(): ImageStore {
  return openImageStore(temporaryFolder("store", 0o700));
}

/** An image of one layer in the store; returns its descriptor and all its digests. */
function addImage(
  store: ImageStore,
  content: string,
): { image: Descriptor; digests: string[]; diffId: string } {
  const tar = archive({ name: "hello", content });
  const layer = gzipSync(tar);
  const config = json({
    architecture: "amd64",
    os: "linux",
    config: { Cmd: ["/bin/true"] },
    rootfs: { type: "layers", diff_ids: [sha(tar)] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config: { mediaType: MEDIA.config, digest: sha(config), size: config.length },
    layers: [{ mediaType: `${MEDIA.layer}+gzip`, digest: sha(layer), size: layer.length }],
  });
  for (const blob of [layer, config, manifest]) putBlob(store, blob);
  const image = { mediaType: MEDIA.manifest, digest: sha(manifest), size: manifest.length };
  return { image, digests: [sha(manifest), sha(config), sha(layer)], diffId: sha(tar) };
}

describe("blobs", () => {
  test("are there whole and verified, or not at all", async () => {
    const store = newStore();
    const bytes = randomBytes(100_000);
    const digest = sha(bytes);
    const half = new BlobWriter(store, { digest, size: bytes.length });
    half.write(bytes.subarray(0, 40_000));
    expect(hasBlob(store, digest)).toBe(false);
    half.keep();

    const rest = new BlobWriter(store, { digest, size: bytes.length });
    const seen: Buffer[] = [];
    expect(await rest.readLeftover((piece) => void seen.push(Buffer.from(piece)))).toBe(40_000);
    expect(Buffer.concat(seen).equals(bytes.subarray(0, 40_000))).toBe(true);
    rest.write(bytes.subarray(40_000));
    rest.commit();
    expect(Buffer.from(readBlob(store, digest)).equals(bytes)).toBe(true);
    expect(readdirSync(store.downloads)).toEqual([]);
  });

  test("with another digest or size are refused and not kept", () => {
    const store = newStore();
    const digest = sha(Buffer.from("right"));
    const wrong = new BlobWriter(store, { digest, size: 5 });
    wrong.write(Buffer.from("wrong"));
    expect(() => wrong.commit()).toThrow("not what it should be: its digest is");
    const short = new BlobWriter(store, { digest, size: 5 });
    short.write(Buffer.from("rig"));
    expect(() => short.commit()).toThrow("3 bytes instead of 5");
    const long = new BlobWriter(store, { digest, size: 5 });
    expect(() => long.write(Buffer.from("right and more"))).toThrow("longer than the 5 bytes");
    long.discard();
    expect(hasBlob(store, digest)).toBe(false);
    expect(readdirSync(store.downloads)).toEqual([]);
  });

  test("damaged later are noticed", () => {
    const store = newStore();
    const digest = putBlob(store, Buffer.from("content"));
    writeFileSync(blobPath(store, digest), "c0ntent");
    expect(() => readBlob(store, digest)).toThrow("is damaged");
    expect(() => readBlob(store, sha(Buffer.from("none")))).toThrow("has no blob");
    expect(() => blobPath(store, "sha256:../../../etc/passwd")).toThrow("no digest");
  });

  test("a full disk is told, and what was got stays usable", async () => {
    const script = `
      import { openImageStore, BlobWriter } from "${repository}/src/image/store/index.ts";
      import { createHash } from "node:crypto";
      const store = openImageStore(process.argv[2]);
      const bytes = Buffer.alloc(3 << 20, 7);
      const digest = "sha256:" + createHash("sha256").update(bytes).digest("hex");
      const writer = new BlobWriter(store, { digest, size: bytes.length });
      try { for (let i = 0; i < bytes.length; i += 65536) writer.write(bytes.subarray(i, i + 65536)); writer.commit(); }
      catch (error) { console.log(error.message, "|", error.hint); writer.keep(); }
      { const { rmSync } = await import("node:fs");
        rmSync(process.argv[2] + "/ballast");
        const again = new BlobWriter(store, { digest, size: bytes.length });
        const had = await again.readLeftover(() => {}); again.write(bytes.subarray(had)); again.commit(); console.log(had > 1e6, "done"); }`;
    const file = temporaryFile("full.ts");
    writeFileSync(file, script);
    const folder = temporaryFolder("small");
    const mounts = [
      "unshare",
      "-rm",
      "sh",
      "-euc",
      `mount -t tmpfs -o size=5m none "$1"; head -c 3000000 /dev/zero >"$1/ballast"; exec "$2" "$3" "$1"`,
    ];
    const result = await run([...mounts, "sh", folder, bun, file]);
    expect(result.stdout).toContain("the disk is full | make room");
    expect(result.stdout, result.stderr).toContain("true done");
  });
});

describe("names", () => {
  test("move from image to image", async () => {
    const store = newStore();
    const [one, two] = [addImage(store, "one").image, addImage(store, "two").image];
    const name = parseReference("app:1");
    await nameImage(store, name, one);
    await nameImage(store, parseReference("app:2"), one);
    await nameImage(store, name, two);
    expect(findImage(store, name)?.digest).toBe(two.digest);
    expect(findImage(store, parseReference("app:2"))?.digest).toBe(one.digest);
    expect(findImage(store, parseReference(`app@${one.digest}`))?.digest).toBe(one.digest);
    expect(findImage(store, parseReference(`apple@${one.digest}`))).toBeUndefined();
    expect(findImage(store, parseReference("app:3"))).toBeUndefined();
    expect(await removeNames(store, ["docker.io/library/app:1", "docker.io/library/none:1"])).toEqual([
      "docker.io/library/app:1",
    ]);
    expect(readIndex(store).manifests.length).toBe(1);
  });

  test("an image whose last name moves on stays without one, until it is pruned", async () => {
    const store = newStore();
    const [one, two] = [addImage(store, "one"), addImage(store, "two")];
    await nameImage(store, parseReference("app"), one.image);
    await nameImage(store, parseReference("app"), two.image);
    expect(readIndex(store).manifests.length).toBe(2);
    await collectGarbage(store);
    expect(hasBlob(store, one.image.digest)).toBe(true);
    await forgetImages(store, new Set([one.image.digest]));
    const { blobs } = await collectGarbage(store);
    expect(blobs.toSorted()).toEqual(one.digests.toSorted());
    expect(two.digests.every((digest) => hasBlob(store, digest))).toBe(true);
  });

  test("many processes name images at once, and none is lost", async () => {
    const root = temporaryFolder("store", 0o700);
    const store = openImageStore(root);
    const { image } = addImage(store, "x");
    const file = temporaryFile("name.ts");
    writeFileSync(
      file,
      `import { openImageStore, nameImage } from "${repository}/src/image/store/index.ts";
      import { parseReference } from "${repository}/src/image/reference.ts";
      const store = openImageStore(process.argv[2]);
      for (let i = 0; i < 15; i++) await nameImage(store, parseReference(\`app:\${process.argv[3]}-\${i}\`), ${JSON.stringify(image)});`,
    );
    const results = await Promise.all([1, 2, 3, 4, 5].map((n) => run([bun, file, root, `${n}`])));
    expect(results.map(({ stderr }) => stderr).join("")).toBe("");
    expect(readIndex(store).manifests.length).toBe(75);
    expect(readdirSync(store.claims)).toEqual([]);
  }, 120_000);

  test("a process that is killed holds up nobody", async () => {
    const root = temporaryFolder("store", 0o700);
    const store = openImageStore(root);
    const { image } = addImage(store, "x");
    const file = temporaryFile("hold.ts");
    writeFileSync(
      file,
      `import { openImageStore, useStore } from "${repository}/src/image/store/index.ts";
      import { claimAlone } from "${repository}/src/image/store/claims.ts";
      const store = openImageStore(process.argv[2]);
      await useStore(store); await claimAlone(store.claims, "index"); await claimAlone(store.claims, "gc");
      console.log("held"); setInterval(() => {}, 1000);`,
    );
    const holder = start([bun, file, root]);
    await waitFor("the claims", () => holder.stdout().includes("held"));
    expect(readdirSync(store.claims).length).toBe(3);
    holder.kill("SIGKILL");
    await holder.result;
    await nameImage(store, parseReference("app"), image);
    await collectGarbage(store);
    expect(readdirSync(store.claims)).toEqual([]);
  });
});

describe("garbage", () => {
  const old = (path: string) => utimesSync(path, 1000, 1000);

  test("what an earlier try left whole, or too long, is as good as new", async () => {
    const store = newStore();
    const bytes = randomBytes(1000);
    for (const left of [bytes, Buffer.concat([bytes, bytes])]) {
      const leftover = join(store.downloads, `${sha(bytes).replace(":", "-")}.kept-1.1.1.1`);
      writeFileSync(leftover, left);
      old(leftover);
      const use = await useStore(store);
      const writer = new BlobWriter(store, { digest: sha(bytes), size: bytes.length });
      const had = await writer.readLeftover(() => {});
      writer.write(bytes.subarray(had));
      writer.commit();
      expect((await collectGarbage(store)).blobs).toEqual([]);
      expect(Buffer.from(readBlob(store, sha(bytes))).equals(bytes)).toBe(true);
      use.release();
      await collectGarbage(store);
    }
  });

  test("a container that is made while a collection waits for its turn keeps its layers", async () => {
    const store = newStore();
    const diffId = sha(Buffer.from("layer"));
    newLayer(store, diffId).commit({ diffId, size: 0 });
    const other = await claimAlone(store.claims, "gc");
    const containers = new Set<string>();
    const collecting = collectGarbage(store, () => new Set(containers));
    containers.add(diffId);
    other.release();
    expect((await collecting).layers).toEqual([]);
  });

  test("what a process in another pid namespace unpacks stays as long as it renews its claim", async () => {
    const store = newStore();
    const folder = join(store.layers, "new-made.1.7.7.0");
    mkdirSync(folder);
    old(folder);
    const claim = join(store.claims, "use.1.7.7.1");
    writeFileSync(claim, "");
    (await useStore(store)).release();
    expect(existsSync(folder)).toBe(true);
    old(claim);
    (await useStore(store)).release();
    expect(existsSync(folder)).toBe(false);
    expect(readdirSync(store.claims)).toEqual([]);
  });

  test("a claim tells since when it holds, however often it was renewed", async () => {
    const store = newStore();
    const use = await useStore(store);
    const began = liveClaims(store.claims, "use")[0]!.since;
    const claim = join(store.claims, readdirSync(store.claims)[0]!);
    utimesSync(claim, began / 1000, Date.now() / 1000 + 100);
    expect(Math.abs(liveClaims(store.claims, "use")[0]!.since - began)).toBeLessThan(2);
    use.release();
  });

  test("what somebody is using stays", async () => {
    const store = newStore();
    const stale = addImage(store, "stale");
    for (const digest of stale.digests) old(blobPath(store, digest));
    const use = await useStore(store);
    const fresh = addImage(store, "fresh");
    expect(hasBlob(store, stale.digests[0]!)).toBe(true); // it is going to be part of a new image
    const first = await collectGarbage(store);
    expect(first.blobs.toSorted()).toEqual(stale.digests.slice(1).toSorted());
    expect(fresh.digests.every((digest) => hasBlob(store, digest))).toBe(true);
    use.release();
    await collectGarbage(store);
    expect(fresh.digests.some((digest) => hasBlob(store, digest))).toBe(false);
  });

  test("layers stay as long as an image or a container stands on them", async () => {
    const store = newStore();
    const { image, diffId } = addImage(store, "x");
    await nameImage(store, parseReference("app"), image);
    const unpacked = (id: string) => {
      const layer = newLayer(store, id);
      writeFileSync(join(layer.folder, "file"), id);
      layer.commit({ diffId: id, size: 71 });
    };
    const other = sha(Buffer.from("other"));
    for (const id of [diffId, other, diffId]) unpacked(id);
    expect(findLayer(store, diffId)).toEqual({ diffId, size: 71 });
    expect(readFileSync(join(layerFolder(store, diffId), "file"), "utf8")).toBe(diffId);
    const abandoned = newLayer(store, other);
    expect((await collectGarbage(store, () => new Set([other]))).layers).toEqual([]);
    expect((await collectGarbage(store)).layers).toEqual([other]);
    expect(existsSync(abandoned.folder)).toBe(true); // by a process that still runs
    abandoned.discard();
    expect(readdirSync(store.layers)).toEqual([diffId.replace(":", "-")]);
  });
});

needs({ command: ["skopeo", "umoci"] })(
  "skopeo and umoci read the store, and husk what they write",
  async () => {
    const store = newStore();
    const { image } = addImage(store, "for others");
    await nameImage(store, parseReference("app:1"), image);
    const seen = await run(["skopeo", "inspect", `oci:${store.layout}:docker.io/library/app:1`]);
    expect(seen.stderr).toBe("");
    expect(JSON.parse(seen.stdout).Digest).toBe(image.digest);
    const listed = await run(["umoci", "list", "--layout", store.layout]);
    expect(listed.stdout.trim()).toBe("docker.io/library/app:1");
    const copied = await run([
      "skopeo",
      "copy",
      "--insecure-policy",
      `oci:${store.layout}:docker.io/library/app:1`,
      `oci:${store.layout}:docker.io/library/copy:2`,
    ]);
    expect(copied.status).toBe(0);
    expect(findImage(store, parseReference("copy:2"))?.digest).toBe(image.digest);
  },
);
