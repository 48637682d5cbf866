// Folders that become layers.
import { describe, expect, test } from "bun:test";
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packLayer } from "../src/image/layer/index.ts";
import { type TarEntry, TarReader } from "../src/image/tar/index.ts";
import { needs, run, shell } from "./harness/index.ts";
import { archive, newFolder, tools, unpack } from "./image-archive.ts";

async function pack(folder: string, overlay = true): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of packLayer(folder, { overlay }, tools)) parts.push(part);
  return Buffer.concat(parts);
}

function entries(bytes: Uint8Array): TarEntry[] {
  const found: TarEntry[] = [];
  const reader = new TarReader({ entry: (entry) => found.push(entry), data: () => {}, end: () => {} });
  reader.write(bytes);
  reader.close();
  return found;
}

const portrait = (folder: string) =>
  run(["find", folder, "-mindepth", "1", "-printf", "%P %y %m %U %G %T@ %s %n %l\n"]).then(({ stdout }) =>
    stdout.split("\n").toSorted().join("\n"),
  );

test("what is packed can be unpacked, and packing that gives the same bytes", async () => {
  const folder = newFolder();
  await shell(
    `cd "$1"; mkdir -p a/b "$(printf 'x\\377')"; echo 1 >a/b/file; ln a/b/file a/hard; ln -s ../x a/sym; mkfifo pipe
    chmod 2755 a; echo x >"$(printf 'x\\377/y')"; touch -d @1000000000.123456789 a/b; touch -d @-5.5 pipe`,
    [folder],
  );
  const first = await pack(folder);
  expect(entries(first).map(({ name, type }) => `${name} ${type}`)).toEqual([
    "a/ directory",
    "a/b/ directory",
    "a/b/file file",
    "a/hard hard-link",
    "a/sym symlink",
    "pipe fifo",
    "x\xff/ directory",
    "x\xff/y file",
  ]);
  const copy = newFolder();
  await unpack(copy, first);
  expect(await portrait(copy)).toBe(await portrait(folder));
  expect(Buffer.compare(await pack(copy), first)).toBe(0);
  const tar = await run(["tar", "-tf", "-"], { stdin: first });
  expect([tar.status, tar.stderr]).toEqual([0, ""]);
});

test("a name that marks deleted files is refused", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, ".wh.x"), "");
  await expect(pack(folder)).rejects.toThrow('a layer cannot hold the file ".wh.x"');
});

needs({ root: true, command: ["getcap", "setfattr", "mknod"] })(
  "the changes of an overlay become whiteouts, and the other way round",
  async () => {
    const [base, lower, merged] = [newFolder("base"), newFolder("lower"), newFolder("merged")];
    for (const name of ["upper", "work"]) mkdirSync(join(base, name));
    await unpack(
      lower,
      archive(...["gone", "d/a", "d/b", "e/a", "kept"].map((name) => ({ name, content: "lower" }))),
    );
    const script = `mount -t overlay none -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$3"; cd "$3"
      rm gone; rm -r d; mkdir d; echo new >d/new; rm e/a; echo more >>kept; mknod null c 1 3
      cp /bin/true ping; setcap cap_net_raw=ep ping; setfattr -n user.big -v "$(head -c 3000 /dev/zero | tr '\\0' x)" ping`;
    expect((await run(["unshare", "-m", "sh", "-euc", script, "sh", lower, base, merged])).stderr).toBe("");
    const layer = await pack(join(base, "upper"));
    const found = entries(layer);
    expect(found.map(({ name }) => name).toSorted()).toEqual(
      [".wh.gone", "d/", "d/.wh..wh..opq", "d/new", "e/", "e/.wh.a", "kept", "null", "ping"].toSorted(),
    );
    const ping = found.find(({ name }) => name === "ping")!;
    expect([...ping.xattrs!.keys()].toSorted()).toEqual(["security.capability", "user.big"]);
    expect(ping.xattrs!.get("user.big")!.length).toBe(3000);

    const again = newFolder("again");
    await unpack(again, layer);
    expect(Buffer.compare(await pack(again), layer)).toBe(0);
    expect(lstatSync(join(again, "gone")).rdev).toBe(0);
    // Applied to a copy of the layer below, the same files are there.
    await unpack(lower, layer, { whiteouts: "apply" });
    const files = await run(["find", lower, "-mindepth", "1", "-printf", "%P\n"]);
    expect(files.stdout.trim().split("\n").toSorted()).toEqual(["d", "d/new", "e", "kept", "null", "ping"]);
    expect(readFileSync(join(lower, "kept"), "utf8")).toBe("lowermore\n");
  },
);

describe("a tree that somebody changes while it is packed", () => {
  /** Begins to pack, lets `change` happen after the first piece, and gives the rest. */
  const packDuring = async (folder: string, change: () => void): Promise<Buffer> => {
    const pieces = packLayer(folder, { overlay: false }, tools);
    const parts = [(await pieces.next()).value as Uint8Array];
    change();
    for await (const piece of pieces) parts.push(piece);
    return Buffer.concat(parts);
  };

  test("a folder that becomes a link leads nowhere outside", async () => {
    const [folder, outside] = [newFolder(), newFolder()];
    for (const place of [folder, outside]) mkdirSync(join(place, "b"));
    writeFileSync(join(folder, "a"), "first");
    writeFileSync(join(folder, "b/file"), "mine");
    writeFileSync(join(outside, "b/file"), "host");
    const packed = packDuring(folder, () => {
      renameSync(join(folder, "b"), join(folder, "c"));
      symlinkSync(join(outside, "b"), join(folder, "b"));
    });
    await expect(packed).rejects.toThrow("became another file while it was read");
  });

  test("a file that becomes something else is not opened", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "a"), "first");
    writeFileSync(join(folder, "b"), "mine");
    const packed = packDuring(folder, () => {
      rmSync(join(folder, "b"));
      Bun.spawnSync(["mkfifo", join(folder, "b")]);
    });
    await expect(packed).rejects.toThrow("became another file while it was read");
  });
});

test("folders deeper than a path can be long", async () => {
  const folder = newFolder();
  const deep = Array.from({ length: 15 }, () => "d".repeat(250)).join("/");
  await shell(`cd "$1"; mkdir -p "$2"; cd "$2"; mkdir -p "$3"; cd "$3"; echo 1 > file`, [
    folder,
    deep,
    "e".repeat(200),
  ]);
  const names = entries(await pack(folder, false)).map(({ name }) => name);
  expect(names.at(-1)).toBe(`${deep}/${"e".repeat(200)}/file`);
});
