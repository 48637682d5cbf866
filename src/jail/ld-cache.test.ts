import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { readLdCache } from "./ld-cache.ts";

interface Entry {
  name: string;
  path: string;
  hwcap?: [low: number, high: number];
}

/** A cache as ldconfig(8) writes it, with names of processor levels in its extension. */
function cache(entries: Entry[], levels: string[] = [], little = true): Uint8Array {
  const head = 48 + 24 * entries.length;
  const extension = head;
  const extensionBytes = 8 + 16 + 4 * levels.length;
  const strings: number[] = [];
  const at = (text: string): number => {
    const offset = extension + extensionBytes + strings.length;
    strings.push(...Buffer.from(`${text}\0`));
    return offset;
  };
  const view = new DataView(new ArrayBuffer(extension + extensionBytes));
  Buffer.from("glibc-ld.so.cache1.1").forEach((byte, index) => view.setUint8(index, byte));
  view.setUint32(20, entries.length, little);
  view.setUint8(28, little ? 2 : 3);
  view.setUint32(32, extension, little);
  entries.forEach(({ name, path, hwcap = [0, 0] }, index) => {
    const start = 48 + 24 * index;
    view.setUint32(start, 0x303, little);
    view.setUint32(start + 4, at(name), little);
    view.setUint32(start + 8, at(path), little);
    view.setUint32(start + (little ? 16 : 20), hwcap[0], little);
    view.setUint32(start + (little ? 20 : 16), hwcap[1], little);
  });
  view.setUint32(extension, 0xeaa42174, little);
  view.setUint32(extension + 4, 1, little);
  view.setUint32(extension + 8, 1, little);
  view.setUint32(extension + 16, extension + 24, little);
  view.setUint32(extension + 20, 4 * levels.length, little);
  levels.forEach((level, index) => view.setUint32(extension + 24 + 4 * index, at(level), little));
  return new Uint8Array([...new Uint8Array(view.buffer), ...strings]);
}

describe("ld.so.cache", () => {
  const entries: Entry[] = [
    { name: "libz.so.1", path: "/lib/libz.so.1" },
    { name: "libc.so.6", path: "/lib/glibc-hwcaps/x86-64-v3/libc.so.6", hwcap: [1, 0x40000000] },
    { name: "libc.so.6", path: "/lib/i686/libc.so.6", hwcap: [4, 0] },
  ];
  const expected = [
    { name: "libz.so.1", path: "/lib/libz.so.1", level: undefined },
    { name: "libc.so.6", path: "/lib/glibc-hwcaps/x86-64-v3/libc.so.6", level: "x86-64-v3" },
    { name: "libc.so.6", path: "/lib/i686/libc.so.6", level: "?" },
  ];

  test("names, paths and processor levels, in both byte orders", () => {
    expect(readLdCache(cache(entries, ["x86-64-v2", "x86-64-v3"]))).toEqual(expected);
    expect(readLdCache(cache(entries, ["x86-64-v2", "x86-64-v3"], false))).toEqual(expected);
  });

  test("behind a cache in the old format", () => {
    const old = Buffer.alloc(16 + 12 * 3 + 4);
    old.write("ld.so-1.7.0");
    old.writeUInt32LE(3, 12);
    const both = Buffer.concat([old, cache(entries, ["x86-64-v2", "x86-64-v3"])]);
    expect(readLdCache(both)).toEqual(expected);
  });

  test("foreign and damaged files have no entries, or fewer", () => {
    const whole = cache(entries, ["x86-64-v2", "x86-64-v3"]);
    expect(readLdCache(new Uint8Array())).toEqual([]);
    expect(readLdCache(Buffer.from("no cache at all".repeat(20)))).toEqual([]);
    for (let length = 0; length < whole.length; length++) {
      expect(readLdCache(whole.slice(0, length)).length).toBeLessThanOrEqual(3);
    }
  });

  test.skipIf(!existsSync("/etc/ld.so.cache"))("this machine's, as ldconfig -p prints it", () => {
    const printed = Bun.spawnSync(["/sbin/ldconfig", "-p"]).stdout.toString();
    const theirs = [...printed.matchAll(/^\t(\S+) .*=> (\S+)$/gm)].map(([, name, path]) => `${name} ${path}`);
    const ours = readLdCache(readFileSync("/etc/ld.so.cache")).map(({ name, path }) => `${name} ${path}`);
    expect(ours).toEqual(theirs);
  });
});
