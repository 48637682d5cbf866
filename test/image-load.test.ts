// husk load: archives of old, archives that lie, and the end in the middle.
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readdirSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { hostPlatform } from "../src/image/index.ts";
import { engine, openTerminal, huskPath, temporaryFile, temporaryFolder, waitFor } from "./harness/index.ts";
import { archive, type EntryChanges, busybox, isEmpty, roots } from "./image-archive.ts";
import { makeImage } from "./image-registry.ts";

const sha = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** An archive as docker wrote it before version 25, whose image has layers at paths of its own, one by a link. */
function dockerArchive(
  change: (parts: { config: object; layers: string[]; files: EntryChanges[] }) => void = () => {},
): Buffer {
  const [lower, upper] = [
    archive(...busybox),
    archive({ name: "etc/", ...roots }, { name: "etc/issue", content: "old", ...roots }),
  ];
  const parts = {
    config: {
      architecture: hostPlatform().architecture,
      os: "linux",
      config: { Cmd: ["/bin/sh", "-c", "read x < /etc/issue; echo $x"] },
      rootfs: { type: "layers", diff_ids: [lower, upper, upper].map((bytes) => `sha256:${sha(bytes)}`) },
    },
    layers: ["aa/layer.tar", "bb/layer.tar", "cc/layer.tar"],
    files: [
      { name: "aa/" },
      { name: "aa/VERSION", content: "1.0" },
      { name: "aa/layer.tar", content: lower },
      { name: "bb/" },
      { name: "bb/layer.tar", content: upper },
      { name: "cc/" },
      { name: "cc/layer.tar", type: "symlink", linkName: "../bb/layer.tar" },
    ] as EntryChanges[],
  };
  change(parts);
  const config = JSON.stringify(parts.config);
  const list = [{ Config: `${sha(config)}.json`, RepoTags: ["old/form:1"], Layers: parts.layers }];
  return archive(
    { name: `${sha(config)}.json`, content: config },
    ...parts.files,
    { name: "manifest.json", content: JSON.stringify(list) },
    { name: "repositories", content: '{"old/form":{"1":"cc"}}' },
  );
}

describe("husk load", () => {
  test("docker's archive of old, with a layer that is a link", async () => {
    const own = engine();
    const { stdout, stderr } = await own.husk(["load", "-q"], { stdin: dockerArchive() });
    expect([stdout, stderr]).toEqual(["Loaded image: old/form:1\n", ""]);
    expect((await own.husk(["run", "old/form:1"])).stdout).toBe("old\n");
    const again = engine();
    await again.husk(["load", "-q"], { stdin: dockerArchive() });
    const digests = await Promise.all(
      [own, again].map((one) => one.husk(["images", "--digests", "--format", "{{.Digest}}"])),
    );
    expect(digests[0]?.stdout).toBe(digests[1]?.stdout as string);
  });

  const lies: [string, () => Buffer, string][] = [
    ["nothing", () => Buffer.alloc(0), "this is no archive of images"],
    ["no archive", () => Buffer.from("hello ".repeat(500)), "no header"],
    ["another archive", () => archive({ name: "etc/" }), "husk import makes an image of a root file system"],
    ["a cut one", () => dockerArchive().subarray(0, 5000), "it is cut off"],
    [
      "a layer that is missing",
      () => dockerArchive(({ layers }) => (layers[1] = "dd/layer.tar")),
      'the archive lacks "dd/layer.tar"',
    ],
    [
      "a layer that is another",
      () =>
        dockerArchive(
          ({ files }) => (files[4] = { name: "bb/layer.tar", content: archive({ name: "evil" }) }),
        ),
      "a layer is not what the image says",
    ],
    [
      "a layer too few",
      () => dockerArchive(({ layers }) => layers.pop()),
      "tells of 3 layers, and manifest.json of 2",
    ],
    [
      "a name that leads out",
      () => dockerArchive(({ files }) => files.push({ name: "../../etc/x", content: "" })),
      "its name leads out",
    ],
    [
      "a link that leads out",
      () =>
        dockerArchive(
          ({ files }) =>
            (files[4] = { name: "bb/layer.tar", type: "symlink", linkName: "../../../etc/passwd" }),
        ),
      "it is a link out of the archive",
    ],
    [
      "links in a circle",
      () =>
        dockerArchive(
          ({ files }) => (files[4] = { name: "bb/layer.tar", type: "symlink", linkName: "../cc/layer.tar" }),
        ),
      "the archive lacks",
    ],
    [
      "a list that is none",
      () => archive({ name: "manifest.json", content: '{"Config":1}' }),
      "is no list of images",
    ],
    [
      "a list that is long",
      () => archive({ name: "manifest.json", content: " ".repeat(5 << 20) }),
      "is larger than",
    ],
  ];
  test.each(lies)("refuses %s, and keeps nothing of it", async (_name, make, why) => {
    const own = engine();
    const { status, stdout, stderr } = await own.husk(["load", "-q"], { stdin: make() });
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(why);
    expect((await own.husk(["images", "-q"])).stdout).toBe("");
    await own.husk(["image", "prune", "-f"]);
    expect(isEmpty(own)).toBe(true);
  });

  test("a layout whose blob is another than its name says is refused", async () => {
    const made = makeImage([[{ name: "x", content: "1" }]]);
    const folder = temporaryFolder("layout", 0o700);
    mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
    const write = (path: string, content: string | Uint8Array): void =>
      writeFileSync(join(folder, path), content);
    for (const [digest, bytes] of [...made.blobs, [made.digest, made.manifest] as const])
      write(`blobs/${digest.replace(":", "/")}`, bytes);
    write("oci-layout", '{"imageLayoutVersion":"1.0.0"}');
    const entry = { mediaType: made.mediaType, digest: made.digest, size: made.manifest.length };
    const named = { ...entry, annotations: { "org.opencontainers.image.ref.name": "made:1" } };
    write("index.json", JSON.stringify({ schemaVersion: 2, manifests: [named] }));
    const own = engine();
    expect((await own.husk(["load", "-q", "-i", folder])).stdout).toBe("Loaded image: made:1\n");
    const layer = made.layers[0] as string;
    write(`blobs/${layer.replace(":", "/")}`, Buffer.from("evil".padEnd(made.blobs.get(layer)!.length)));
    const other = engine();
    expect((await other.husk(["load", "-q", "-i", folder])).stderr).toContain("is not what it should be");
    expect((await other.husk(["images", "-q"])).stdout).toBe("");
    // Nor does a list that names what is beside the folder.
    const beside = temporaryFolder("docker", 0o700);
    mkdirSync(join(beside, "inside"));
    writeFileSync(
      join(beside, "config.json"),
      made.blobs.get(JSON.parse(made.manifest.toString()).config.digest)!,
    );
    writeFileSync(join(beside, "inside/layer.tar"), archive({ name: "x", content: "1" }));
    const list = [{ Config: "../config.json", RepoTags: ["out:1"], Layers: ["layer.tar"] }];
    writeFileSync(join(beside, "inside/manifest.json"), JSON.stringify(list));
    expect((await other.husk(["load", "-q", "-i", join(beside, "inside")])).stderr).toContain(
      'the archive lacks "../config.json"',
    );
    // A link does not lead husk to take a stranger's file for a blob.
    symlinkSync("/etc/passwd", join(folder, "blobs/sha256", sha("x")));
    write(
      "index.json",
      JSON.stringify({ schemaVersion: 2, manifests: [{ ...entry, digest: `sha256:${sha("x")}` }] }),
    );
    expect((await other.husk(["load", "-q", "-i", folder])).stderr).toContain("is not what it should be");
  });

  test("killed in the middle it leaves nothing that stays", async () => {
    const own = engine();
    const pipe = temporaryFile("pipe");
    Bun.spawnSync(["mkfifo", pipe]);
    const loading = own.start(["load", "-q", "-i", pipe]);
    const writer = openSync(pipe, "w");
    writeSync(writer, dockerArchive().subarray(0, 300_000));
    await waitFor("some of it", () => readdirSync(join(own.root, "downloads")).length > 1);
    process.kill(loading.pid, "SIGKILL");
    await loading.result;
    closeSync(writer);
    expect(isEmpty(own)).toBe(false);
    await own.husk(["image", "prune", "-f"]);
    expect(isEmpty(own)).toBe(true);
    expect((await own.husk(["load", "-q"], { stdin: dockerArchive() })).stdout).toBe(
      "Loaded image: old/form:1\n",
    );
  });

  test("neither reads from nor writes to a terminal", async () => {
    const own = engine();
    const folders = ["--root", own.root, "--run", own.run];
    const terminal = openTerminal([huskPath, ...folders, "load"]);
    expect(await terminal.exit()).toBe(1);
    expect(terminal.output()).toContain("stdin is a terminal");
    const other = openTerminal([huskPath, ...folders, "save", "x"]);
    expect(await other.exit()).toBe(1);
    expect(other.output()).toContain("nothing for a terminal");
  });
});
