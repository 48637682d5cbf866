// Commands for images at the command line: import, inspect, filters, pruning, searching.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { commitImage, hostPlatform, openImageStore, parseReference } from "../src/image/index.ts";
import { findHere } from "../src/image/images.ts";
import { type Engine, engine, needs, temporaryFile, temporaryFolder } from "./harness/index.ts";
import { archive, tools, busybox, isEmpty, roots } from "./image-archive.ts";
import { type DoubleRegistry, startDouble } from "./image-registry.ts";

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
      uppers: [upper],
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
    expect([status, stderr]).toEqual([1, expect.stringContaining("No such object: nothing")]);
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
    await own.husk(["volume", "create", "vol"]);
    expect((await own.husk(["inspect", "-f", "{{.Mountpoint}} {{.Name}}", "vol"])).stdout).toMatch(
      /^\/.* vol\n$/,
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
