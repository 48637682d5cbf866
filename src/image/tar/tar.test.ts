import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type TarEntry, TarReader, type TarType, tarHeader, TAR_END, tarPadding } from "./index.ts";
import { sign } from "./header.ts";
import { formatTime, parseTime } from "./number.ts";

interface Read {
  readonly entry: TarEntry;
  readonly content: Buffer;
}

/** Reads an archive in pieces of `step` bytes. */
function read(archive: Uint8Array, step = archive.length): Read[] {
  const entries: Read[] = [];
  const reader = new TarReader({
    entry: (entry) => entries.push({ entry, content: Buffer.alloc(entry.size) }),
    data: (bytes, offset) => entries.at(-1)!.content.set(bytes, offset),
    end: () => {},
  });
  for (let at = 0; at < archive.length; at += step) reader.write(archive.subarray(at, at + step));
  reader.close();
  return entries;
}

function entry(changes: Partial<TarEntry>): TarEntry {
  return {
    name: "file",
    type: "file",
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: { seconds: 1, nanoseconds: 0 },
    linkName: "",
    userName: "",
    groupName: "",
    deviceMajor: 0,
    deviceMinor: 0,
    ...changes,
  };
}

function archive(entries: readonly { entry: TarEntry; content?: Uint8Array }[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const { entry, content = new Uint8Array() } of entries)
    parts.push(tarHeader(entry), content, tarPadding(content.length));
  return Buffer.concat([...parts, TAR_END]);
}

const bytes = (min: number, max: number) =>
  fc
    .uint8Array({ minLength: min, maxLength: max })
    .map((raw) => Buffer.from(raw.map((byte) => byte || 1)).toString("latin1"));
const time = fc.record({
  seconds: fc.integer({ min: -(2 ** 34), max: 2 ** 40 }),
  nanoseconds: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999_999 })),
});
const id = fc.oneof(fc.nat(70000), fc.integer({ min: 2 ** 21, max: 2 ** 32 - 2 }));
const anyEntry = fc
  .record({
    name: fc.oneof(bytes(1, 60), bytes(90, 300), fc.constant("a/".repeat(90) + "b")),
    type: fc.constantFrom<TarType>("file", "hard-link", "symlink", "character-device", "directory", "fifo"),
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: id,
    gid: id,
    content: fc.uint8Array({ maxLength: 1500 }),
    mtime: time,
    atime: fc.option(time, { nil: undefined }),
    linkName: fc.oneof(bytes(1, 60), bytes(95, 200)),
    userName: bytes(0, 40),
    deviceMajor: fc.nat(4095),
    deviceMinor: fc.nat(2 ** 20 - 1),
    xattrs: fc.option(
      fc.dictionary(fc.stringMatching(/^user\.[a-z=%.]{1,9}$/), fc.uint8Array({ maxLength: 300 })),
      {
        nil: undefined,
      },
    ),
  })
  .map(({ content, atime, xattrs, ...rest }) => {
    const isLink = rest.type === "hard-link" || rest.type === "symlink";
    const isDevice = rest.type === "character-device";
    const isFile = rest.type === "file";
    const made = entry({
      ...rest,
      name: rest.type === "directory" ? `${rest.name.replace(/\/+$/, "")}x/` : rest.name,
      size: isFile ? content.length : 0,
      linkName: isLink ? rest.linkName : "",
      deviceMajor: isDevice ? rest.deviceMajor : 0,
      deviceMinor: isDevice ? rest.deviceMinor : 0,
      ...(atime === undefined ? {} : { atime }),
      ...(xattrs === undefined || Object.keys(xattrs).length === 0
        ? {}
        : { xattrs: new Map(Object.entries(xattrs)) }),
    });
    return { entry: made, content: isFile ? content : new Uint8Array() };
  });

describe("tar", () => {
  test("what is written is read again, in pieces of any size", () => {
    fc.assert(
      fc.property(
        fc.array(anyEntry, { maxLength: 5 }),
        fc.integer({ min: 1, max: 1100 }),
        (entries, step) => {
          const found = read(archive(entries), step);
          expect(found.length).toBe(entries.length);
          for (const [i, { entry, content }] of entries.entries()) {
            const { xattrs, ...rest } = found[i]!.entry;
            const { xattrs: expected, ...expectedRest } = entry;
            expect(rest).toEqual(expectedRest);
            const plain = (map: typeof xattrs) =>
              [...(map ?? [])].map(([k, v]) => [k, Buffer.from(v).toString("hex")]);
            expect(plain(xattrs).toSorted()).toEqual(plain(expected).toSorted());
            expect(Buffer.compare(found[i]!.content, content)).toBe(0);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a global header changes nothing of what follows, as in Go", () => {
    const [named, plain] = [entry({ name: "x".repeat(120), size: 0 }), entry({ name: "plain", size: 0 })];
    const header = Buffer.from(tarHeader(named));
    const global = header.subarray(0, 1024);
    global[156] = "g".charCodeAt(0);
    sign(global);
    const found = read(Buffer.concat([global, tarHeader(plain), TAR_END]));
    expect(found.map((one) => one.entry.name)).toEqual(["plain"]);
  });

  test("sparse files keep their holes", () => {
    const extents = Array.from({ length: 200 }, (_, i) => ({ offset: i * 8192, length: 600 }));
    const content = Buffer.alloc(200 * 600, 7);
    const sparse = entry({ name: "sparse", size: 200 * 8192, extents });
    const file = Buffer.concat([tarHeader(sparse), content, tarPadding(content.length), TAR_END]);
    for (const step of [file.length, 100, 512, 1000]) {
      const [found] = read(file, step);
      expect(found!.entry.extents).toEqual(extents);
      expect([found!.content[599], found!.content[600], found!.content[199 * 8192]]).toEqual([7, 0, 7]);
    }
  });

  test("garbage never does more than throw", () => {
    const whole = archive([
      { entry: entry({ name: "x".repeat(120), size: 10, uid: 3_000_000 }), content: new Uint8Array(10) },
      {
        entry: entry({ name: "s", size: 90, extents: [{ offset: 80, length: 10 }] }),
        content: new Uint8Array(10),
      },
    ]);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 }), (changes) => {
        const broken = Buffer.from(whole);
        for (const [at, value] of changes) broken[at] = value;
        try {
          read(broken);
        } catch (error) {
          expect((error as Error).name).toBe("HuskError");
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("errors name the place and the entry", () => {
    const file = archive([{ entry: entry({ name: "some/file", size: 600 }), content: new Uint8Array(600) }]);
    expect(() => read(file.subarray(0, 700))).toThrow(
      'tar archive, byte 700, entry "some/file": it is cut off',
    );
    expect(() => read(Buffer.concat([file.subarray(0, 1536), Buffer.alloc(512, 1)]))).toThrow(
      "byte 1536: no header: its checksum is wrong",
    );
    expect(() => read(Buffer.from("not an archive at all"))).toThrow("byte 21: it is cut off");
    expect(read(file.subarray(0, 1536)).length).toBe(1);
  });

  test("a size or owner out of range is refused", () => {
    const header = tarHeader(entry({ size: 5 }));
    const sized = (field: readonly number[]) => {
      const copy = Buffer.from(header);
      copy.set(field, 124);
      let sum = 256;
      for (const [i, byte] of copy.entries()) if (i < 148 || i >= 156) sum += byte;
      copy.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
      return copy;
    };
    expect(() => read(sized([0xff, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]))).toThrow(
      "malformed size",
    );
    expect(() => read(sized([0x80, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]))).toThrow(
      "malformed size",
    );
    expect(() => read(sized([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]))).toThrow("cut off");
  });

  test("times before 1970 and of nanoseconds", () => {
    for (const [text, seconds, nanoseconds] of [
      ["-1.5", -2, 500_000_000],
      ["-0.000000001", -1, 999_999_999],
      ["1234567890.123456789", 1234567890, 123456789],
      ["7", 7, 0],
      ["-3", -3, 0],
    ] as const) {
      expect(parseTime(text)).toEqual({ seconds, nanoseconds });
      expect(formatTime({ seconds, nanoseconds })).toBe(text);
    }
    expect(parseTime("1.2345678919")).toEqual({ seconds: 1, nanoseconds: 234567891 });
    expect([parseTime("1e5"), parseTime(""), parseTime("1.2.3"), parseTime("--1")]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
