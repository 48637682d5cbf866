// husk's tar against GNU tar, in both directions.
import { describe, expect, test } from "bun:test";
import { lstatSync, readFileSync, readlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TAR_END, type TarEntry, tarHeader, tarPadding, TarReader } from "../src/image/tar/index.ts";
import { needs, run, shell, temporaryFile, temporaryFolder } from "./harness/index.ts";

interface Read {
  readonly entry: TarEntry;
  readonly content: Buffer;
}

function read(path: string): Read[] {
  const entries: Read[] = [];
  const reader = new TarReader({
    entry: (entry) => entries.push({ entry, content: Buffer.alloc(entry.size) }),
    data: (bytes, offset) => entries.at(-1)!.content.set(bytes, offset),
    end: () => {},
  });
  reader.write(readFileSync(path));
  reader.close();
  return entries;
}

const longName = `${"long-folder/".repeat(12)}${"name".repeat(30)}`;

/** Files of many kinds; returns the folder. */
async function makeTree(): Promise<string> {
  const tree = temporaryFolder("tree");
  await shell(
    `cd "$1"
    mkdir -p sub "$(dirname "$2")"
    echo content >sub/file
    chmod 4751 sub/file
    ln sub/file second
    ln -s sub/file link
    ln -s "$2" longlink
    mkfifo pipe
    echo long >"$2"
    printf x >"$(printf 'caf\\351')"
    mkdir "$(printf 'utf8-\\303\\251')"
    : >empty`,
    [tree, longName],
  );
  writeFileSync(join(tree, "sparse"), "start");
  truncateSync(join(tree, "sparse"), 3_000_000);
  await shell(
    `for at in 1 2 3 4 5 6 7; do printf middle | dd of="$1" bs=1 seek=$((at*300000)) conv=notrunc 2>/dev/null; done`,
    [join(tree, "sparse")],
  );
  utimesSync(join(tree, "empty"), 1_000_000_000.25, 1_000_000_000.25);
  return tree;
}

function compare(tree: string, entries: readonly Read[], fractions: boolean): void {
  const seen = new Set<string>();
  for (const { entry, content } of entries) {
    const path = Buffer.concat([Buffer.from(`${tree}/`), Buffer.from(entry.name, "latin1")]);
    const stats = lstatSync(path, { bigint: true });
    seen.add(entry.name);
    if (entry.type === "hard-link") {
      const other = lstatSync(join(tree, Buffer.from(entry.linkName, "latin1").toString()), { bigint: true });
      expect(other.ino).toBe(stats.ino);
      continue;
    }
    expect(entry.mode, entry.name).toBe(Number(stats.mode) & 0o7777);
    expect([entry.uid, entry.gid]).toEqual([Number(stats.uid), Number(stats.gid)]);
    expect(entry.mtime.seconds).toBe(Number(stats.mtimeNs / 1_000_000_000n));
    if (fractions) expect(entry.mtime.nanoseconds).toBe(Number(stats.mtimeNs % 1_000_000_000n));
    if (entry.type === "symlink") expect(entry.linkName).toBe(readlinkSync(path));
    if (entry.type === "file") expect(Buffer.compare(content, readFileSync(path)), entry.name).toBe(0);
  }
  expect(seen.size).toBeGreaterThan(10);
}

describe("reading what GNU tar writes", () => {
  const forms = [
    ["gnu", ["--format=gnu"]],
    ["oldgnu", ["--format=oldgnu"]],
    ["posix", ["--format=posix"]],
    ["gnu, sparse", ["--format=gnu", "-S"]],
    ["posix, sparse 0.0", ["--format=posix", "-S", "--sparse-version=0.0"]],
    ["posix, sparse 0.1", ["--format=posix", "-S", "--sparse-version=0.1"]],
    ["posix, sparse 1.0", ["--format=posix", "-S", "--sparse-version=1.0"]],
    ["posix, global records", ["--format=posix", "--pax-option=globexthdr.comment=x,comment=hello"]],
  ] as const;
  for (const [name, options] of forms)
    test(name, async () => {
      const tree = await makeTree();
      const file = temporaryFile("archive.tar");
      const made = await run(["tar", "-cf", file, ...options, "-C", tree, "."]);
      expect(made.stderr).toBe("");
      const entries = read(file);
      compare(tree, entries, name.startsWith("posix"));
      expect(entries.some(({ entry }) => entry.extents !== undefined)).toBe(name.includes("sparse"));
    });

  test("ustar and v7 hold what fits", async () => {
    const tree = temporaryFolder("small");
    const script = `cd "$1"; for i in 1 2 3 4 5 6 7 8 9 10 11; do mkdir d$i; echo $i >d$i/f; done`;
    await shell(script, [tree]);
    for (const format of ["ustar", "v7"]) {
      const file = temporaryFile("archive.tar");
      await run(["tar", "-cf", file, `--format=${format}`, "-C", tree, "."]);
      compare(tree, read(file), false);
    }
  });

  test("big ids, sizes and times", async () => {
    const tree = temporaryFolder("big");
    writeFileSync(join(tree, "file"), "x");
    const owner = ["--owner=:3000000000", "--group=:2999999999"];
    for (const [format, mtime] of [
      ["gnu", "@-5"],
      ["posix", "@-5.25"],
      ["posix", "@99999999999.5"],
    ] as const) {
      const file = temporaryFile("archive.tar");
      await run(["tar", "-cf", file, `--format=${format}`, ...owner, `--mtime=${mtime}`, "-C", tree, "file"]);
      const [found] = read(file);
      expect([found!.entry.uid, found!.entry.gid]).toEqual([3_000_000_000, 2_999_999_999]);
      const { seconds, nanoseconds } = found!.entry.mtime;
      expect(seconds + nanoseconds / 1e9).toBe(Number(mtime.slice(1)));
    }
  });

  needs({ root: true, command: "setfattr" })("devices and extended attributes", async () => {
    const tree = temporaryFolder("special");
    await shell(
      `cd "$1"; mknod null c 1 3; mknod disk b 7 300; echo x >file
      setfattr -n user.one=1% -v "$(printf 'a=b')" file; setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 file`,
      [tree],
    );
    const file = temporaryFile("archive.tar");
    await shell(`tar -cf "$2" --xattrs --xattrs-include='*' -C "$1" null disk file`, [tree, file]);
    const found = new Map(read(file).map(({ entry }) => [entry.name, entry]));
    expect([found.get("null")!.type, found.get("null")!.deviceMajor, found.get("null")!.deviceMinor]).toEqual(
      ["character-device", 1, 3],
    );
    expect([found.get("disk")!.type, found.get("disk")!.deviceMinor]).toEqual(["block-device", 300]);
    const { xattrs } = found.get("file")!;
    expect(Buffer.from(xattrs!.get("user.one=1%")!).toString()).toBe("a=b");
    expect(xattrs!.get("security.capability")!.length).toBe(20);
  });
});

test("GNU tar unpacks what husk writes", async () => {
  const tree = await makeTree();
  const file = temporaryFile("first.tar");
  await run(["tar", "-cf", file, "--format=posix", "-S", "-C", tree, "."]);
  const parts: Uint8Array[] = [];
  for (const { entry, content } of read(file)) {
    parts.push(tarHeader(entry));
    let stored = content.length;
    if (entry.extents === undefined) parts.push(content);
    else {
      stored = 0;
      for (const { offset, length } of entry.extents) {
        parts.push(content.subarray(offset, offset + length));
        stored += length;
      }
    }
    parts.push(tarPadding(stored));
  }
  const own = temporaryFile("own.tar");
  writeFileSync(own, Buffer.concat([...parts, TAR_END]));
  const target = temporaryFolder("target");
  const unpacked = await run(["tar", "-xpf", own, "-C", target]);
  expect([unpacked.status, unpacked.stderr]).toEqual([0, ""]);
  const again = temporaryFile("again.tar");
  await run(["tar", "-cf", again, "--format=posix", "-S", "-C", target, "."]);
  compare(target, read(own), true);
  const plain = (entries: readonly Read[]) =>
    entries
      .map(({ entry: { atime: _a, ctime: _c, ...entry }, content }) => ({
        ...entry,
        content: Bun.hash(content),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const diff = await run(["diff", "-r", "--no-dereference", "--exclude=pipe", tree, target]);
  expect(diff.stdout + diff.stderr).toBe("");
  expect(plain(read(again)).length).toBe(plain(read(file)).length);
});
