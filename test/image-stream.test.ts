// A layer that comes in compressed: it is decompressed by another thread while what came out before is written.
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { LayerStream } from "../src/image/layer/index.ts";
import { isRoot, run, temporaryFile } from "./harness/index.ts";
import { archive, newFolder, tools } from "./image-archive.ts";
import { sha } from "./image-registry.ts";

const kinds = { gzip: gzipSync, zstd: zstdCompressSync, none: (bytes: Buffer) => bytes } as const;

function open(folder: string): LayerStream {
  return new LayerStream(
    folder,
    {
      owners: isRoot ? "now" : "never",
      whiteouts: "overlay",
      overlayXattrs: isRoot ? "trusted" : "user",
      warn: () => {},
    },
    tools,
  );
}

/** Content in which each part is another one. */
const numbered = Buffer.alloc(3 << 20);
for (let at = 0; at < numbered.length; at += 4) numbered.writeUInt32LE(at, at);

for (const [kind, compress] of Object.entries(kinds))
  describe(kind, () => {
    const whole = archive({ name: "one", content: numbered }, { name: "two", content: "2" });

    test("every byte is in its place, however it comes", async () => {
      const bytes = compress(whole);
      for (const length of [7_001, bytes.length]) {
        const folder = newFolder();
        const stream = open(folder);
        for (let at = 0; at < bytes.length; at += length) await stream.write(bytes.subarray(at, at + length));
        expect(await stream.finish()).toEqual({ diffId: sha(whole), size: numbered.length + 1 });
        expect(readFileSync(join(folder, "one")).equals(numbered)).toBe(true);
        expect(readFileSync(join(folder, "two"), "utf8")).toBe("2");
      }
    });

    test("what is wrong in the last of it is told", async () => {
      const outside = archive({ name: "one", content: numbered }, { name: "../two", content: "2" });
      const cut = whole.subarray(0, numbered.length);
      for (const [wrong, why] of [
        [outside, "its name leads out of the layer"],
        [cut, "it is cut off"],
      ] as const) {
        const stream = open(newFolder());
        const feed = async () => {
          await stream.write(compress(wrong));
          await stream.finish();
        };
        await expect(feed()).rejects.toThrow(why);
        stream.abandon();
      }
    });

    test("little memory is taken, however much comes out of it", async () => {
      const zeros = Buffer.alloc(1 << 20);
      const layer = temporaryFile("layer");
      writeFileSync(
        layer,
        compress(archive(...Array.from({ length: 300 }, (_, i) => ({ name: `${i}`, content: zeros })))),
      );
      // In a process that has nothing else: what a large one frees, and when, says little.
      const program = join(import.meta.dirname, "layer-memory.ts");
      const { stdout } = await run([process.execPath, program, layer, newFolder(), tools.keeper]);
      const { size, most } = JSON.parse(stdout) as { size: number; most: number };
      expect(size).toBe(300 << 20);
      expect(most).toBeLessThan(100 << 20);
    });
  });
