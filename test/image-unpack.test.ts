// Unpacking layers: what becomes of honest archives, and that hostile ones change nothing outside.
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { emptyFolder } from "../src/platform/remove-tree.ts";
import { needs, run, temporaryFolder } from "./harness/index.ts";
import { archive, type EntryChanges, newFolder, unpack } from "./image-archive.ts";

const symlink = (name: string, linkName: string): EntryChanges => ({
  name,
  type: "symlink",
  linkName,
  mode: 0o777,
});
const hardLink = (name: string, linkName: string): EntryChanges => ({ name, type: "hard-link", linkName });

describe("a hostile archive changes nothing outside", () => {
  const cases: readonly [name: string, outside: string, entries: (outside: string) => EntryChanges[]][] = [
    ["a name with ..", "refused", () => [{ name: "../victim", content: "evil" }]],
    ["a name with .. in the middle", "refused", () => [{ name: "a/../../victim", content: "evil" }]],
    ["a folder ..", "refused", () => [{ name: "../outside/" }]],
    ["an absolute name", "inside", (outside) => [{ name: `${outside}/victim`, content: "evil" }]],
    [
      "a parent that is an absolute link",
      "inside",
      (outside) => [symlink("out", outside), { name: "out/victim", content: "evil" }],
    ],
    [
      "a parent that is a relative link",
      "inside",
      () => [symlink("out", "../outside"), { name: "out/victim", content: "evil" }],
    ],
    [
      "a chain of links",
      "inside",
      (outside) => [
        symlink("a", "b/.."),
        symlink("b", `${outside}/..`),
        { name: "a/outside/victim", content: "evil" },
      ],
    ],
    [
      "a file that was a link",
      "inside",
      (outside) => [symlink("f", `${outside}/victim`), { name: "f", content: "evil" }],
    ],
    [
      "a folder that was a link",
      "inside",
      (outside) => [
        symlink("d", outside),
        { name: "d/", mode: 0o777 },
        { name: "d/victim", content: "evil" },
      ],
    ],
    [
      "a folder replaced by a link",
      "inside",
      (outside) => [
        { name: "d/" },
        { name: "d/x", content: "x" },
        symlink("d", outside),
        { name: "d/victim", content: "evil" },
      ],
    ],
    [
      "a hard link out",
      "refused",
      (outside) => [hardLink("f", `${outside}/victim`), { name: "f", content: "evil" }],
    ],
    ["a hard link with ..", "refused", () => [hardLink("f", "../outside/victim")]],
    [
      "a hard link through a link",
      "refused",
      (outside) => [symlink("d", outside), hardLink("f", "d/victim"), { name: "f", content: "evil" }],
    ],
    [
      "a hard link to a link out",
      "inside",
      (outside) => [symlink("s", `${outside}/victim`), hardLink("f", "s"), { name: "f", content: "evil" }],
    ],
    ["a whiteout out", "inside", () => [symlink("d", "../outside"), { name: "d/.wh.victim" }]],
    ["a whiteout of ..", "refused", () => [{ name: ".wh..." }]],
    ["a whiteout of .", "refused", () => [{ name: "d/.wh.." }]],
    ["an opaque folder out", "inside", (outside) => [symlink("d", outside), { name: "d/.wh..wh..opq" }]],
    [
      "links in a circle",
      "refused",
      () => [symlink("a", "b"), symlink("b", "a"), { name: "a/x", content: "x" }],
    ],
    [
      "a file below a file",
      "refused",
      () => [
        { name: "a", content: "x" },
        { name: "a/b", content: "x" },
      ],
    ],
    [
      "the root as a link",
      "refused",
      (outside) => [symlink("./", outside), { name: "victim", content: "evil" }],
    ],
    ["the root as a file", "refused", () => [{ name: "/", type: "file", content: "evil" }]],
    ["a mode through a link", "inside", (outside) => [symlink("d", outside), { name: "d/", mode: 0o777 }]],
    ["folders deeper than any program wants", "refused", () => [{ name: "a/".repeat(2100), content: "" }]],
    [
      "folders deeper by links",
      "refused",
      () => [
        { name: "b/".repeat(1500) },
        symlink("c", "b/".repeat(1500)),
        { name: `c/${"b/".repeat(9)}${"d/".repeat(600)}` },
      ],
    ],
    ["a hard link to itself", "refused", () => [{ name: "a", content: "x" }, hardLink("a", "./a")]],
  ];
  for (const whiteouts of ["overlay", "apply"] as const)
    for (const [name, result, entries] of cases)
      test(`${name} (${whiteouts})`, async () => {
        const base = temporaryFolder("base");
        const outside = join(base, "outside");
        const folder = join(base, "layer");
        for (const path of [outside, folder]) mkdirSync(path, { mode: 0o700 });
        writeFileSync(join(outside, "victim"), "good");
        const before = await portrait(outside);
        const done = unpack(folder, archive(...entries(outside)), { whiteouts });
        const message = await done.then(
          () => "inside",
          (error: Error) => `refused: ${error.message}`,
        );
        expect(message.startsWith(result), message).toBe(true);
        expect(await portrait(outside)).toBe(before);
        expect(readdirSync(base).toSorted()).toEqual(["layer", "outside"]);
        // Bun takes a minute for a tree of a thousand folders in each other.
        emptyFolder(folder);
      });

  /** Everything about a folder, times included. */
  async function portrait(folder: string): Promise<string> {
    const list = await run(["find", folder, "-printf", "%p %y %m %U %G %T@ %C@ %s %n %l\n"]);
    return `${list.stdout}${readFileSync(join(folder, "victim"), "utf8")}`;
  }
});

describe("unpacking", () => {
  test("files, links and folders are as the archive says", async () => {
    const folder = newFolder();
    await unpack(
      folder,
      archive(
        { name: "./", mode: 0o751 },
        { name: "d/", mode: 0o1777, mtime: { seconds: 5, nanoseconds: 0 } },
        { name: "d/file", mode: 0o4755, content: "content", mtime: { seconds: 7, nanoseconds: 123456789 } },
        { name: "d/old", content: "", mtime: { seconds: -7, nanoseconds: 1 } },
        hardLink("second", "d/file"),
        symlink("link", "d/file"),
        { name: "closed/", mode: 0o500 },
        { name: "closed/in/" },
        { name: "closed/in/file", content: "x" },
        { name: "implied/folder/file", content: "x" },
        { name: "caf\xe9", content: "latin" },
        { name: "group", mode: 0o666, content: "" },
      ),
    );
    const stat = (path: string) => lstatSync(join(folder, path), { bigint: true });
    expect(lstatSync(folder).mode & 0o7777).toBe(0o751);
    expect([stat("d").mode & 0o7777n, stat("d").mtimeNs]).toEqual([0o1777n, 5_000_000_000n]);
    expect([stat("d/file").mode & 0o7777n, stat("d/file").mtimeNs]).toEqual([0o4755n, 7_123_456_789n]);
    expect(stat("d/old").mtimeNs).toBe(-6_999_999_999n);
    expect(stat("second").ino).toBe(stat("d/file").ino);
    expect(readlinkSync(join(folder, "link"))).toBe("d/file");
    expect(stat("closed").mode & 0o7777n).toBe(0o500n);
    chmodSync(join(folder, "closed"), 0o700); // or nobody could remove it
    expect(stat("implied/folder").mode & 0o7777n).toBe(0o755n);
    expect(stat("group").mode & 0o7777n).toBe(0o666n);
    const names = readdirSync(folder, { encoding: "buffer" }).map((name) => name.toString("latin1"));
    expect(names).toContain("caf\xe9");
  });

  test("later entries replace earlier ones", async () => {
    const folder = newFolder();
    await unpack(
      folder,
      archive(
        { name: "a", content: "one" },
        { name: "a", content: "two" },
        { name: "d/" },
        { name: "d/x/" },
        { name: "d/x/y", content: "deep" },
        { name: "d", content: "now a file" },
        { name: "f", type: "fifo" },
        { name: "f", content: "now a file" },
        symlink("s", "a"),
        { name: "s/" },
      ),
    );
    expect(readFileSync(join(folder, "a"), "utf8")).toBe("two");
    expect(readFileSync(join(folder, "d"), "utf8")).toBe("now a file");
    expect(readFileSync(join(folder, "f"), "utf8")).toBe("now a file");
    expect(lstatSync(join(folder, "s")).isDirectory()).toBe(true);
  });

  test("parents that are links inside of the layer are followed", async () => {
    const folder = newFolder();
    await unpack(
      folder,
      archive({ name: "usr/" }, { name: "usr/lib/" }, symlink("lib", "/usr/lib"), {
        name: "lib/x",
        content: "x",
      }),
    );
    expect(readFileSync(join(folder, "usr/lib/x"), "utf8")).toBe("x");
    expect(readlinkSync(join(folder, "lib"))).toBe("/usr/lib");
  });

  test("applied whiteouts remove what is below, not what the layer brings", async () => {
    const folder = newFolder();
    await unpack(
      folder,
      archive(
        { name: "gone/" },
        { name: "gone/x", content: "x" },
        { name: "kept", content: "x" },
        { name: "d/" },
        { name: "d/old", content: "x" },
        { name: "own", content: "old" },
      ),
    );
    const upper = archive(
      { name: ".wh.gone" },
      { name: "d/" },
      { name: "d/new", content: "new" },
      { name: "d/.wh..wh..opq" },
      { name: "own", content: "new" },
      { name: ".wh.own" },
      { name: ".wh..wh.plnk" },
      { name: ".wh.never" },
    );
    await unpack(folder, upper, { whiteouts: "apply" });
    expect(readdirSync(folder).toSorted()).toEqual(["d", "kept", "own"]);
    expect(readdirSync(join(folder, "d"))).toEqual(["new"]);
    expect(readFileSync(join(folder, "own"), "utf8")).toBe("new");
  });

  test("sparse files have holes", async () => {
    const { tarHeader, tarPadding, TAR_END } = await import("../src/image/tar/index.ts");
    const { TarReader } = await import("../src/image/tar/index.ts");
    const folder = newFolder();
    const size = 50 << 20;
    const extents = [{ offset: 10 << 20, length: 3 }];
    let entry;
    new TarReader({ entry: (found) => (entry = found), data: () => {}, end: () => {} }).write(
      archive({ name: "s" }),
    );
    const sparse = { ...(entry as never as Parameters<typeof tarHeader>[0]), size, extents };
    await unpack(folder, Buffer.concat([tarHeader(sparse), Buffer.from("abc"), tarPadding(3), TAR_END]));
    const stats = lstatSync(join(folder, "s"));
    expect(stats.size).toBe(size);
    expect(stats.blocks * 512).toBeLessThan(1 << 20);
    expect(
      readFileSync(join(folder, "s"))
        .subarray(10 << 20, (10 << 20) + 4)
        .toString(),
    ).toBe("abc\0");
  });

  test("errors name the entry", async () => {
    const folder = newFolder();
    await expect(
      unpack(folder, archive({ name: "d/" }, { name: "d/../../b\n", content: "x" })),
    ).rejects.toThrow('layer entry "d/../../b\\n": its name leads out of the layer');
  });

  needs({ root: true, command: ["getcap", "getfattr"] })(
    "devices, owners, capabilities, attributes",
    async () => {
      const folder = newFolder();
      const capability = Buffer.from("0100000200200000000000000000000000000000", "hex");
      const warnings = await unpack(
        folder,
        archive(
          { name: "dev/", mtime: { seconds: 9, nanoseconds: 0 } },
          {
            name: "dev/null",
            type: "character-device",
            deviceMajor: 1,
            deviceMinor: 3,
            mode: 0o666,
            uid: 7,
            gid: 8,
          },
          { name: "dev/disk", type: "block-device", deviceMajor: 259, deviceMinor: 70000, mode: 0o660 },
          { name: "pipe", type: "fifo", mode: 0o622 },
          hardLink("dev/zero", "dev/null"),
          {
            name: "ping",
            uid: 4_000_000,
            gid: 3,
            mode: 0o6755,
            content: "x",
            xattrs: new Map([["security.capability", capability]]),
          },
          hardLink("ping2", "ping"),
          { name: "ping", content: "other" },
          { name: "bad/", xattrs: new Map([["trusted.overlay.redirect", Buffer.from("/etc")]]) },
          { name: "attr", content: "", xattrs: new Map([["user.x=y%", Buffer.from([0, 255])]]) },
        ),
      );
      const stat = (path: string) => lstatSync(join(folder, path));
      const nul = stat("dev/null");
      expect([nul.isCharacterDevice(), nul.rdev, nul.mode & 0o7777, nul.uid, nul.gid]).toEqual([
        true,
        0x103,
        0o666,
        7,
        8,
      ]);
      expect(stat("dev/zero").ino).toBe(nul.ino);
      expect(stat("dev").mtimeMs).toBe(9000);
      const disk = await run(["stat", "-c", "%t %T", join(folder, "dev/disk")]);
      expect(disk.stdout).toBe("103 11170\n");
      expect([stat("pipe").isFIFO(), stat("pipe").mode & 0o777]).toEqual([true, 0o622]);
      expect([stat("ping2").uid, stat("ping2").mode & 0o7777]).toEqual([4_000_000, 0o6755]);
      expect((await run(["getcap", join(folder, "ping2")])).stdout).toContain("cap_net_raw=ep");
      expect((await run(["getcap", join(folder, "ping")])).stdout).toBe("");
      const dump = await run([
        "getfattr",
        "-d",
        "-m-",
        "-e",
        "hex",
        join(folder, "attr"),
        join(folder, "bad"),
      ]);
      expect(dump.stdout).toContain("user.x\\075y%=0x00ff");
      expect(dump.stdout).not.toContain("overlay");
      expect(warnings).toEqual([
        '"bad": its attribute trusted.overlay.redirect is overlayfs\'s own and was left out',
      ]);
    },
  );

  needs({ root: true, command: "getfattr" })(
    "overlayfs understands whiteouts and opaque folders",
    async () => {
      const [lower, upper, merged] = [newFolder("lower"), newFolder("upper"), newFolder("merged")];
      await unpack(
        lower,
        archive(
          ...["gone", "kept", "hidden/a", "opaque/a", "replaced/a", "swapped"].map((name) => ({
            name,
            content: "lower",
          })),
        ),
      );
      await unpack(
        upper,
        archive(
          { name: ".wh.gone" },
          { name: ".wh.hidden" },
          { name: "opaque/" },
          { name: "opaque/.wh..wh..opq" },
          { name: "opaque/b", content: "upper" },
          { name: ".wh.replaced" },
          { name: "replaced/b", content: "upper" },
          { name: ".wh.swapped" },
          { name: "swapped", content: "upper" },
        ),
      );
      const script = `mount -t overlay none -o "lowerdir=$1:$2" "$3"; cd "$3"; find . -type f | sort; cat swapped`;
      const seen = await run(["unshare", "-m", "sh", "-euc", script, "sh", upper, lower, merged]);
      expect(seen.stderr).toBe("");
      expect(seen.stdout).toBe("./kept\n./opaque/b\n./replaced/b\n./swapped\nupper");
    },
  );

  test("a file of another layer is no target of hard links", async () => {
    const folder = newFolder();
    await expect(unpack(folder, archive(hardLink("a", "not/there")))).rejects.toThrow(
      "which is no file of the layer",
    );
    expect(existsSync(join(folder, "a"))).toBe(false);
  });
});
