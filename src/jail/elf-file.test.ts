import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { array, assert, nat, property, tuple } from "fast-check";
import { type ElfFile, readElfFile } from "./elf-file.ts";

const from = (bytes: Uint8Array) => (offset: number, length: number) =>
  bytes.subarray(offset, offset + length);

interface Shape {
  bits: 32 | 64;
  little: boolean;
  machine: number;
  dynamic: [tag: number, value: string | number][];
  interpreter?: string;
}

/** An ELF file of a header, three program headers, a dynamic section and its strings, loaded at 0x10000. */
function elf({ bits, little, machine, dynamic, interpreter = "/lib/ld.so" }: Shape): Uint8Array {
  const bytes = new Uint8Array(2048);
  const view = new DataView(bytes.buffer);
  const wide = bits === 64;
  const word = (at: number, value: number): void =>
    wide ? view.setBigUint64(at, BigInt(value), little) : view.setUint32(at, value, little);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1]);
  view.setUint16(16, 3, little);
  view.setUint16(18, machine, little);
  const table = 64;
  const size = wide ? 56 : 32;
  word(wide ? 32 : 28, table);
  view.setUint16(wide ? 54 : 42, size, little);
  view.setUint16(wide ? 56 : 44, 3, little);
  const segment = (index: number, type: number, offset: number, length: number): void => {
    const at = table + index * size;
    view.setUint32(at, type, little);
    word(at + (wide ? 8 : 4), offset);
    word(at + (wide ? 16 : 8), 0x10000 + offset);
    word(at + (wide ? 32 : 16), length);
  };
  segment(0, 1, 0, 2048);
  segment(1, 2, 512, 16 * (dynamic.length + 2));
  segment(2, 3, 300, interpreter.length + 1);
  bytes.set(Buffer.from(interpreter), 300);
  let place = 1;
  let at = 512;
  const entry = (tag: number, value: number): void => {
    word(at, tag);
    word(at + bits / 8, value);
    at += bits / 4;
  };
  entry(5, 0x10000 + 1024);
  for (const [tag, value] of dynamic) {
    if (typeof value === "number") entry(tag, value);
    else {
      entry(tag, place);
      bytes.set(Buffer.from(value), 1024 + place);
      place += value.length + 1;
    }
  }
  return bytes;
}

describe("what a file asks its loader for", () => {
  const dynamic: Shape["dynamic"] = [
    [1, "libfirst.so"],
    [1, "libsecond.so"],
    [14, "libself.so.1"],
    [15, "/rpath"],
    [29, "$ORIGIN/run"],
    [0x7ffffffd, "libmaybe.so"],
    [0x6ffffffb, 0x800],
  ];
  const expected: Partial<ElfFile> = {
    needed: ["libfirst.so", "libsecond.so"],
    optional: ["libmaybe.so"],
    soname: "libself.so.1",
    rpath: "/rpath",
    runpath: "$ORIGIN/run",
    noDefaultFolders: true,
    interpreter: "/lib/ld.so",
  };

  test.each([
    [64, true, 62, "x86_64"],
    [32, true, 3, "i386"],
    [64, true, 183, "aarch64"],
    [64, false, 22, "s390x"],
    [32, false, 20, "ppc"],
  ] as const)("%p bits, little endian %p, machine %p", (bits, little, machine, name) => {
    const file = readElfFile(from(elf({ bits, little, machine, dynamic })));
    expect(file).toMatchObject({ ...expected, bits, littleEndian: little, machine: name });
  });

  test("a static program asks for nothing, other files are none", () => {
    const file = elf({ bits: 64, little: true, machine: 62, dynamic: [] });
    new DataView(file.buffer).setUint16(56, 1, true);
    expect(readElfFile(from(file))).toMatchObject({ needed: [], interpreter: undefined, soname: undefined });
    expect(readElfFile(from(Buffer.from("#!/bin/sh\n")))).toBeUndefined();
    expect(readElfFile(from(new Uint8Array()))).toBeUndefined();
  });

  test("bytes that make no sense do no harm", () => {
    const good = elf({ bits: 64, little: true, machine: 62, dynamic });
    assert(
      property(
        array(tuple(nat(good.length - 1), nat(255)), { maxLength: 40 }),
        nat(good.length),
        (changes, length) => {
          const bytes = good.slice();
          for (const [at, value] of changes) bytes[at] = value;
          const file = readElfFile(from(bytes.subarray(0, length)));
          expect(file === undefined || Array.isArray(file.needed)).toBe(true);
        },
      ),
    );
  });

  test("a program of this machine, as readelf would tell", () => {
    const bytes = readFileSync(process.execPath);
    expect(readElfFile(from(bytes))?.needed).toContain("libc.so.6");
  });
});
