import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { socketsOf } from "./address.ts";
import { Reader, typesOf, type Variant, Writer } from "./marshal.ts";
import { decodeMessage, encodeCall } from "./message.ts";

/** A type and a value of it. */
const simple: fc.Arbitrary<Variant> = fc.oneof(
  fc.record({ type: fc.constant("y"), value: fc.nat(255) }),
  fc.record({ type: fc.constant("b"), value: fc.boolean() }),
  fc.record({ type: fc.constant("n"), value: fc.integer({ min: -32768, max: 32767 }) }),
  fc.record({ type: fc.constant("q"), value: fc.nat(65535) }),
  fc.record({ type: fc.constant("i"), value: fc.integer() }),
  fc.record({ type: fc.constant("u"), value: fc.nat(0xffffffff) }),
  fc.record({ type: fc.constant("x"), value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
  fc.record({ type: fc.constant("t"), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
  fc.record({ type: fc.constant("d"), value: fc.double({ noNaN: true }) }),
  fc.record({
    type: fc.constant("s"),
    value: fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")),
  }),
);
const { value: anything } = fc.letrec<{ value: Variant }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    simple,
    tie("value").map((value) => ({ type: "v", value })),
    fc.array(tie("value"), { minLength: 1, maxLength: 4 }).map((parts) => ({
      type: `(${parts.map(({ type }) => type).join("")})`,
      value: parts.map(({ value }) => value),
    })),
    fc.tuple(tie("value"), fc.nat(3)).map(([{ type, value }, count]) => ({
      type: `a${type}`,
      value: Array.from({ length: count }, () => value),
    })),
  ),
}));

test("what was written is read again, wherever it stands", () => {
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 5 }), (all) => {
      const signature = all.map(({ type }) => type).join("");
      const bytes = new Writer()
        .values(
          signature,
          all.map(({ value }) => value),
        )
        .bytes();
      const reader = new Reader(bytes);
      expect(reader.values(signature)).toEqual(all.map(({ value }) => value));
      expect(reader.at).toBe(bytes.length);
    }),
  );
});

test("bytes are those of the specification", () => {
  const hex = (signature: string, ...values: unknown[]): string =>
    Buffer.from(new Writer().values(signature, values).bytes()).toString("hex");
  expect(hex("ys", 7, "foo")).toBe("0700000003000000666f6f00");
  expect(hex("at", [5n])).toBe("08000000000000000500000000000000");
  expect(hex("yv", 1, { type: "u", value: 2 })).toBe("0101750002000000");
  expect(typesOf("sa(sv)aa{ua{sv}}(i)o")).toEqual(["s", "a(sv)", "aa{ua{sv}}", "(i)", "o"]);
});

test("a message is taken as soon as it is whole", () => {
  const call = encodeCall(3, {
    ...{ path: "/a", interface: "b.c", member: "D", destination: "e.f" },
    ...{ signature: "sau", body: ["text", [1, 2]] },
  });
  for (let size = 0; size < call.length; size++)
    expect(decodeMessage(call.subarray(0, size))).toBeUndefined();
  const both = new Uint8Array([...call, ...call]);
  const { message, size } = decodeMessage(both)!;
  expect(size).toBe(call.length);
  expect([message.path, message.interface, message.member]).toEqual(["/a", "b.c", "D"]);
  expect(message.body).toEqual(["text", [1, 2]]);
});

test("hostile bytes are refused, not followed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 80 }), (bytes) => {
      try {
        decodeMessage(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
  );
});

test("sockets of an address", () => {
  expect(socketsOf("unix:path=/run/user/1000/bus,guid=12;tcp:host=x;unix:guid=1,path=/a%20b")).toEqual([
    "/run/user/1000/bus",
    "/a b",
  ]);
  expect(socketsOf("unix:abstract=/tmp/x")).toEqual(["\0/tmp/x"]);
});
