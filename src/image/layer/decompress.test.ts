import { expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { decompressed } from "./decompress.ts";

async function text(...pieces: Uint8Array[]): Promise<string> {
  const found: Uint8Array[] = [];
  for await (const piece of decompressed(pieces, "it")) found.push(piece);
  return Buffer.concat(found).toString();
}

test("gzip, zstd and nothing are told apart by their first bytes", async () => {
  expect(await text(gzipSync("hello"))).toBe("hello");
  expect(await text(zstdCompressSync("hello"))).toBe("hello");
  expect(await text(Buffer.from("he"), Buffer.from("llo"))).toBe("hello");
  expect(await text()).toBe("");
});

test("zstd in several frames, of which some are to be skipped", async () => {
  const skipped = Buffer.from("502a4d1804000000abcdef01", "hex");
  const [one, two] = [zstdCompressSync("one "), zstdCompressSync("two")];
  expect(await text(skipped, one, skipped, two)).toBe("one two");
});
