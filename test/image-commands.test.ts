// Commands for images at the command line: archives that lie, import, inspect, filters, pruning, searching.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { commitImage, hostPlatform, openImageStore, parseReference } from "../src/image/index.ts";
import { findHere } from "../src/image/images.ts";
import {
  type Engine,
  engine,
  findCommand,
  needs,
  openTerminal,
  huskPath,
  temporaryFile,
  temporaryFolder,
  waitFor,
} from "./harness/index.ts";
import { archive, type EntryChanges, tools } from "./image-archive.ts";
import { type DoubleRegistry, makeImage, startDouble } from "./image-registry.ts";

const sha = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");
/** What belongs to an ordinary user's root is that user's own here, and can be removed. */
const roots = { uid: 0, gid: 0 };
const busybox: EntryChanges[] = [
  { name: "bin/", ...roots },
  { name: "bin/busybox", ...roots, mode: 0o755, content: readFileSync(findCommand("busybox")!) },
  { name: "bin/sh", ...roots, type: "symlink", linkName: "busybox", mode: 0o777 },
];

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

function isEmpty({ root }: Engine): boolean {
  const blobs = readdirSync(join(root, "images/blobs/sha256")).length;
  return blobs + readdirSync(join(root, "layers")).length + readdirSync(join(root, "downloads")).length === 0;
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
    expect([status, stdout]).toEqual([125, ""]);
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
    expect(await terminal.exit()).toBe(125);
    expect(terminal.output()).toContain("stdin is a terminal");
    const other = openTerminal([huskPath, ...folders, "save", "x"]);
    expect(await other.exit()).toBe(125);
    expect(other.output()).toContain("nothing for a terminal");
  });
});

describe("husk import", () => {
  test("an archive by file, pipe and address becomes an image that runs", async () => {
    const tar = archive(
      ...busybox,
      { name: "etc/", ...roots },
      { name: "etc/issue", content: "imported\n", ...roots },
    );
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) =>
        request.url.endsWith("/moved") ? Response.redirect("/root.tar") : new Response(gzipSync(tar)),
    });
    const file = temporaryFile("root.tar");
    writeFileSync(file, tar);
    const own = engine();
    const changes = [
      "-c",
      'ENTRYPOINT ["/bin/sh", "-c"]',
      "-c",
      "CMD read x < /etc/issue; echo $x $A",
      "-c",
      "ENV A=1",
    ];
    for (const [source, options] of [
      [file, {}],
      ["-", { stdin: tar }],
      [`http://127.0.0.1:${server.port}/moved`, {}],
    ] as const) {
      const { stdout, stderr } = await own.husk(["import", ...changes, source, "mine:1"], options);
      expect([stdout.trim(), stderr]).toEqual([expect.stringMatching(/^sha256:[0-9a-f]{64}$/), ""]);
      expect((await own.husk(["history", "--format", "{{.Comment}}", "mine:1"])).stdout).toBe(
        `Imported from ${source}\n`,
      );
    }
    await server.stop(true);
    expect((await own.husk(["inspect", "-f", "{{json .Config.Cmd}}", "mine:1"])).stdout).toBe(
      '["/bin/sh","-c","read x \\u003c /etc/issue; echo $x $A"]\n'.replace("\\u003c", "<"),
    );
    expect((await own.husk(["run", "mine:1", "read x < /etc/issue; echo $x $A"])).stdout).toBe(
      "imported 1\n",
    );
  });

  test("what is wrong is said, and nothing is kept", async () => {
    const own = engine();
    for (const [words, why] of [
      [["-c", "RUN x", "-"], "is no instruction"],
      [["/nonexistent.tar"], "there is no file /nonexistent.tar"],
      [["-", "Name"], "has capital letters"],
      [["http://127.0.0.1:1/x"], "cannot get http://127.0.0.1:1/x"],
    ] as const)
      expect((await own.husk(["import", ...words], { stdin: archive({ name: "x" }) })).stderr).toContain(why);
    expect((await own.husk(["images", "-q"])).stdout).toBe("");
  });
});

needs({ root: true })("a container's changes become an image on top of its own", async () => {
  const own = engine();
  await own.husk(["import", "-", "base:1"], { stdin: archive(...busybox, { name: "gone", content: "" }) });
  const upper = temporaryFolder("upper", 0o755);
  writeFileSync(join(upper, "new"), "new\n");
  Bun.spawnSync(["mknod", join(upper, "gone"), "c", "0", "0"]);
  const store = openImageStore(own.root);
  const base = findHere(store, "base:1", hostPlatform());
  const unpack = { whiteouts: "overlay", owners: "now", overlayXattrs: "trusted", warn: () => {} } as const;
  const { id } = await commitImage(
    { store, unpack, tools },
    {
      base: base!,
      platform: hostPlatform(),
      upper,
      config: { Cmd: ["/bin/sh"] },
      changes: ["LABEL by=test"],
      author: "me",
      message: "said",
      createdBy: "sh -c 'echo new >new'",
      reference: parseReference("made:1"),
    },
  );
  const { stdout } = await own.husk([
    "run",
    "made:1",
    "/bin/sh",
    "-c",
    "read x < /new; echo $x; test ! -e /gone",
  ]);
  expect(stdout).toBe("new\n");
  expect((await own.husk(["history", "--format", "{{.CreatedBy}}|{{.Comment}}", "made:1"])).stdout).toBe(
    "sh -c 'echo new >new'|said\n|Imported from -\n",
  );
  const seen = await own.husk([
    "image",
    "inspect",
    "-f",
    "{{.Id}} {{.Author}} {{.Config.Labels.by}} {{len .RootFS.Layers}}",
    "made:1",
  ]);
  expect(seen.stdout).toBe(`${id} me test 2\n`);
});

describe("lists", () => {
  let own: Engine;
  beforeAll(async () => {
    own = engine();
    const put = (name: string[], file: string, ...flags: string[]) =>
      own.husk(["import", ...flags, "-", ...name], {
        stdin: archive({ name: file, content: "x".repeat(1000) }),
      });
    await put(["one:1"], "a", "-c", "LABEL kind=test");
    await put(["two/app:2"], "b");
    await put([], "c");
    await own.husk(["tag", "one:1", "localhost:5000/one:3"]);
  });
  const images = async (...flags: string[]): Promise<string[]> => {
    const { stdout, stderr } = await own.husk(["images", "--format", "{{.Repository}}:{{.Tag}}", ...flags]);
    expect(stderr).toBe("");
    return stdout.trim().split("\n").toSorted();
  };
  const all = ["<none>:<none>", "localhost:5000/one:3", "one:1", "two/app:2"];

  test.each([
    [[], all],
    [["-a"], all],
    [["one"], ["one:1"]],
    [["-f", "dangling=true"], ["<none>:<none>"]],
    [["-f", "dangling=false", "-f", "reference=*/app"], ["two/app:2"]],
    [
      ["-f", "label=kind"],
      ["localhost:5000/one:3", "one:1"],
    ],
    [["-f", "label=kind=other"], [""]],
    [
      ["-f", "since=one:1"],
      ["<none>:<none>", "two/app:2"],
    ],
    [
      ["-f", "before=two/app:2"],
      ["localhost:5000/one:3", "one:1"],
    ],
    [["-f", "until=1h"], [""]],
  ])("images %j", async (flags, expected) => {
    expect(await images(...flags)).toEqual(expected);
  });

  test("a mistake names what there is", async () => {
    expect((await own.husk(["images", "-f", "color=red"])).stderr).toContain(
      "there are before, dangling, label",
    );
    expect((await own.husk(["images", "--format", "{{.Name}}"])).stderr).toContain(
      "there are .ID, .Repository, .Tag",
    );
    expect((await own.husk(["images", "--format", "{{.ID"])).stderr).toContain(
      "template: :1: unclosed action",
    );
  });

  test("inspect shows docker's fields, what is there also if something is not", async () => {
    const { status, stdout, stderr } = await own.husk(["inspect", "one:1", "nothing"]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("there is no object nothing")]);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        RepoTags: ["one:1", "localhost:5000/one:3"],
        RepoDigests: [
          expect.stringMatching(/^one@sha256:/),
          expect.stringMatching(/^localhost:5000\/one@sha256:/),
        ],
        Config: { Labels: { kind: "test" }, Cmd: null },
        Os: "linux",
        Size: 1000,
        RootFS: { Type: "layers", Layers: [expect.stringMatching(/^sha256:/)] },
      },
    ]);
    expect((await own.husk(["inspect", "--type", "image", "-f", "{{.Config.Labels}}", "one:1"])).stdout).toBe(
      "map[kind:test]\n",
    );
    expect((await own.husk(["inspect", "--type", "fruit", "one:1"])).stderr).toContain("invalid value");
  });

  test("system df counts what is shared once", async () => {
    const rows = (
      await own.husk([
        "system",
        "df",
        "--format",
        "{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}} {{.Reclaimable}}",
      ])
    ).stdout;
    expect(rows).toContain("Images 3 0 3kB 3kB (100%)\n");
    const { stdout } = await own.husk(["system", "df", "-v"]);
    expect(stdout).toMatch(
      /^Images space usage:\n\nREPOSITORY +TAG +IMAGE ID +CREATED +SIZE +SHARED SIZE +UNIQUE SIZE +CONTAINERS\n/,
    );
    expect(stdout).toMatch(/^two\/app +2 .* 1kB +0B +1kB +0$/m);
  });
});

describe("pruning", () => {
  test("takes what has no name, then what is unused, and asks first", async () => {
    const own = engine();
    for (const [name, flags] of [
      ["kept:1", ["-c", "LABEL keep="]],
      ["other:1", []],
      ["", []],
    ] as const)
      await own.husk(["import", ...flags, "-", ...(name === "" ? [] : [name])], {
        stdin: archive({ name: `f${name}` }),
      });
    const ids = async (): Promise<number> =>
      (await own.husk(["images", "-q"])).stdout.trim().split("\n").length;
    const asked = await own.husk(["image", "prune"], { stdin: "n\n" });
    expect(asked.stdout).toContain("This will remove all dangling images.");
    expect([asked.status, await ids()]).toEqual([0, 3]);
    const first = await own.husk(["image", "prune"], { stdin: "y\n" });
    expect(first.stdout).toMatch(/Deleted Images:\nDeleted: sha256:[^]*\nTotal reclaimed space: [0-9]/);
    expect(await ids()).toBe(2);
    expect((await own.husk(["image", "prune", "-af", "--filter", "until=1h"])).stdout).toBe(
      "Total reclaimed space: 0B\n",
    );
    const last = await own.husk(["image", "prune", "-a", "-f", "--filter", "label!=keep"]);
    expect(last.stdout).toContain("Untagged: other:1\n");
    expect((await own.husk(["images", "--format", "{{.Repository}}"])).stdout).toBe("kept\n");
  });

  test("an image without a name is removed by its id, and one of several names by force", async () => {
    const own = engine();
    const { stdout } = await own.husk(["import", "-"], { stdin: archive({ name: "x" }) });
    const id = stdout.trim();
    expect((await own.husk(["rmi", id.slice(7, 15)])).stdout).toContain(`Deleted: ${id}\n`);
    const named = (await own.husk(["import", "-", "a:1"], { stdin: archive({ name: "x" }) })).stdout.trim();
    await own.husk(["tag", "a:1", "b:1"]);
    expect((await own.husk(["rmi", named])).stderr).toContain("has several names");
    const forced = await own.husk(["rmi", "-f", named]);
    expect(forced.stdout).toStartWith(`Untagged: a:1\nUntagged: b:1\nDeleted: ${named}\n`);
    expect(isEmpty(own)).toBe(true);
  });
});

describe("husk search", () => {
  let double: DoubleRegistry;
  beforeAll(() => {
    double = startDouble();
  });
  afterAll(() => double.stop());

  test("a registry with a search: a table, filters, a limit", async () => {
    double.mischief = (_request, url) =>
      url.pathname === "/v1/search"
        ? Response.json({
            results: [
              {
                name: "app",
                description: `about ${url.searchParams.get("q")} \u001b[31m${"x".repeat(60)}`,
                star_count: 5,
                is_official: true,
              },
              { name: "team/app", description: null, star_count: 1 },
            ],
          })
        : undefined;
    const search = async (...words: string[]): Promise<string> => {
      const { stdout, stderr } = await engine().husk(["search", ...words]);
      expect(stderr).toBe("");
      return stdout;
    };
    const table = await search(`${double.host}/app`);
    expect(table).toMatch(/^NAME +DESCRIPTION +STARS +OFFICIAL\n/);
    expect(table).toMatch(/\/app +about app \?\[31mx+… +5 +\[OK\]\n/);
    expect(await search("--filter", "stars=3", "--format", "{{.Name}}", `${double.host}/app`)).toBe(
      `${double.host}/app\n`,
    );
    expect(await search("--limit", "1", "--format", "{{.StarCount}}", `${double.host}/app`)).toBe("5\n");
    expect(await search("--filter", "is-official=false", "--format", "{{.Name}}", `${double.host}/a`)).toBe(
      `${double.host}/team/app\n`,
    );
  });

  test("another one is asked for its catalog, and for tags", async () => {
    double.mischief = (_request, url) => {
      if (url.pathname === "/v2/_catalog") return Response.json({ repositories: ["team/app", "team/web"] });
      return url.pathname === "/v2/team/app/tags/list"
        ? Response.json({ name: "team/app", tags: ["1", "2"] })
        : undefined;
    };
    const own = engine();
    expect((await own.husk(["search", "--format", "{{.Name}}", `${double.host}/app`])).stdout).toBe(
      `${double.host}/team/app\n`,
    );
    expect((await own.husk(["search", "--list-tags", `${double.host}/team/app`])).stdout).toBe(
      `NAME${" ".repeat(`${double.host}/team/app`.length - 1)}TAG\n${double.host}/team/app   1\n${double.host}/team/app   2\n`,
    );
    double.mischief = () => undefined;
    expect((await own.husk(["search", `${double.host}/app`])).stderr).toContain(
      "neither a search nor a catalog",
    );
    expect((await own.husk(["search", "--limit", "1000", `${double.host}/app`])).stderr).toContain(
      "1 to 100",
    );
  });
});
