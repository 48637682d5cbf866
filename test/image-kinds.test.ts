// Images of other processors, of the same id, and what is no image at all, beside those that run here.
import { afterAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { MEDIA } from "../src/image/oci.ts";
import { type Engine, engine, temporaryFile, temporaryFolder } from "./harness/index.ts";
import { archive, isEmpty } from "./image-archive.ts";
import { type MadeImage, makeImage, sha, startDouble } from "./image-registry.ts";

const double = startDouble();
afterAll(() => double.stop());

const files = (name: string) => [[{ name, content: name }]];
const platforms = [
  { os: "linux", architecture: "s390x" },
  { os: "linux", architecture: "riscv64" },
];
const images = platforms.map((platform) => makeImage(files(platform.architecture), { platform }));
double.addIndex("team/many", "1", images);
const name = `${double.host}/team/many:1`;
const idOf = ({ manifest }: MadeImage): string => JSON.parse(manifest.toString()).config.digest;

const says = async (own: Engine, ...words: string[]): Promise<string> => (await own.must(words)).trim();

describe("an image of another processor", () => {
  test("is listed, looked at, named and removed like any other", async () => {
    const own = engine();
    await says(own, "pull", "-q", "--platform", "linux/s390x", name);
    expect(await says(own, "images", "--format", "{{.Repository}}:{{.Tag}}")).toBe(name);
    expect(await says(own, "inspect", "-f", "{{.Architecture}}", name)).toBe("s390x");
    expect(await says(own, "history", "--format", "{{.CreatedBy}}", name)).toBe("step 0");
    expect(await says(own, "system", "df", "--format", "{{.Type}} {{.TotalCount}}")).toContain("Images 1");
    await says(own, "tag", name, "again:1");
    await says(own, "pull", "-q", "--platform", "linux/riscv64", name);
    // Of two that are here, one is shown, and an id finds each.
    expect(await says(own, "images", "-q", name)).toHaveLength(12);
    for (const [i, image] of images.entries())
      expect(await says(own, "inspect", "-f", "{{.Architecture}}", idOf(image))).toBe(
        platforms[i]!.architecture,
      );
    const other = await own.husk(["inspect", "--platform", "linux/amd64", name]);
    expect([other.status, other.stderr]).toEqual([1, expect.stringContaining("No such object")]);
    const refused = await own.husk(["rmi", "--platform", "linux/amd64", name]);
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("there is no image")]);
    await says(own, "rmi", name);
    expect(await says(own, "image", "prune", "-a", "-f")).toContain("Untagged: again:1");
    expect(isEmpty(own)).toBe(true);
  });
});

test("an image that came from a registry and from an archive has one id", async () => {
  const image = makeImage(files("x"));
  double.add("twice", "1", image);
  const own = engine();
  await says(own, "pull", "-q", `${double.host}/twice:1`);
  const layer = archive({ name: "x", content: "x" });
  const config = image.blobs.get(idOf(image))!;
  const list = [{ Config: "config.json", RepoTags: ["loaded:1"], Layers: ["layer.tar"] }];
  const stdin = archive(
    { name: "config.json", content: config },
    { name: "layer.tar", content: layer },
    { name: "manifest.json", content: JSON.stringify(list) },
  );
  expect((await own.husk(["load", "-q"], { stdin })).stdout).toBe("Loaded image: loaded:1\n");
  expect(await says(own, "inspect", "-f", "{{.Id}}", idOf(image))).toBe(idOf(image));
  for (let count = 0; count < 2; count++)
    expect(await says(own, "rmi", idOf(image).slice(7))).toContain("Untagged: ");
  expect(isEmpty(own)).toBe(true);
});

/** An OCI image layout of blobs, whose list names the first one. */
function layout(mediaType: string, top: Buffer, blobs: readonly Buffer[]): string {
  const folder = temporaryFolder("layout", 0o700);
  mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
  for (const bytes of [top, ...blobs])
    writeFileSync(join(folder, "blobs/sha256", sha(bytes).slice(7)), bytes);
  const annotations = { "org.opencontainers.image.ref.name": "loaded:1" };
  const manifests = [{ mediaType, digest: sha(top), size: top.length, annotations }];
  writeFileSync(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  return folder;
}

test("what is no image does not hide those that are, and can be removed", async () => {
  const empty = Buffer.from("{}");
  const chart = Buffer.from("a chart");
  const describeBlob = (bytes: Buffer, mediaType: string) => ({
    mediaType,
    digest: sha(bytes),
    size: bytes.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      artifactType: "application/vnd.example.chart",
      config: describeBlob(empty, "application/vnd.oci.empty.v1+json"),
      layers: [describeBlob(chart, "text/plain")],
    }),
  );
  const own = engine();
  await says(own, "load", "-q", "-i", layout(MEDIA.manifest, manifest, [empty, chart]));
  const { stdin } = { stdin: archive({ name: "file" }) };
  expect((await own.husk(["import", "-", "image:1"], { stdin })).status).toBe(0);
  expect(await says(own, "images", "--format", "{{.Repository}}")).toBe("image");
  await says(own, "tag", "image:1", "image:2");
  const other = await own.husk(["save", "--platform", "linux/s390x", "-o", temporaryFile("x"), "image:1"]);
  expect([other.status, other.stderr]).toEqual([1, expect.stringContaining("is not here for linux/s390x")]);
  expect(await says(own, "rmi", "loaded:1")).toBe("Untagged: loaded:1");
  await says(own, "rmi", "image:1", "image:2");
  expect(isEmpty(own)).toBe(true);
  expect((await own.husk(["rmi", "loaded:1"])).stderr).toContain("there is no image loaded:1");
});

describe("layers that registries do not hold", () => {
  const tar = archive({ name: "big", content: randomBytes(5 << 20) });
  const layer = gzipSync(tar, { level: 1 });
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === "x64" ? "amd64" : "arm64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: [sha(tar)] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      config: { mediaType: MEDIA.config, digest: sha(config), size: config.length },
      layers: [
        {
          mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
          digest: sha(layer),
          size: layer.length,
          urls: ["https://127.0.0.1:1/layer"],
        },
      ],
    }),
  );

  test("are loaded and saved where the archive has them, and missed where nobody has", async () => {
    const own = engine();
    await says(own, "load", "-q", "-i", layout(MEDIA.manifest, manifest, [config, layer]));
    const saved = temporaryFile("saved.tar");
    await says(own, "save", "-o", saved, "loaded:1");
    const other = engine();
    expect(await says(other, "load", "-q", "-i", saved)).toBe("Loaded image: loaded:1");
    const poor = engine();
    const { status, stderr } = await poor.husk([
      "load",
      "-q",
      "-i",
      layout(MEDIA.manifest, manifest, [config]),
    ]);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining(`the archive lacks the blob ${sha(layer)}`),
    ]);
  });
});
