import { expect, test } from "bun:test";
import { encode } from "./encode.ts";
import { Clone, Exec, List, Memory, type Plan } from "./plan.ts";
import { cloneArgs } from "./structs.ts";

function planOf(build: (list: List) => void): Plan {
  const keeper = new List("keeper");
  keeper.step("a step", "for the test");
  build(keeper);
  return { keeper, cleanup: new List("cleanup"), exports: new Map() };
}

const words = (bytes: Uint8Array): Int32Array => new Int32Array(bytes.buffer, 0, bytes.length >> 2);

test("a call is its number, tags and arguments", () => {
  const { bytes } = encode(
    planOf((list) => list.call("getpid")),
    { arch: "x86_64" },
  );
  const all = words(bytes);
  const operations = 20 + 2;
  expect(all.slice(operations, operations + 4)).toEqual(Int32Array.of(1, 0, 39, 0));
  expect(all[2]).toBe(62);
});

test("arm64 has numbers of its own", () => {
  const { bytes } = encode(
    planOf((list) => list.call("getpid")),
    { arch: "aarch64" },
  );
  expect([words(bytes)[2] as number, words(bytes)[20 + 2 + 2] as number]).toEqual([183, 172]);
});

test("only results that are used get a slot", () => {
  const { bytes } = encode(
    planOf((list) => {
      list.call("getppid");
      list.call("close", list.call("getpid"));
    }),
  );
  expect(words(bytes)[6]).toBe(1);
});

test("a result may be used by a list that is encoded before it", () => {
  const keeper = new List("keeper");
  const child = new List("child");
  child.step("in the child", "for the test");
  const late = child.call("getpid");
  keeper.step("in the keeper", "for the test");
  keeper.add(new Clone(cloneArgs(0), child));
  keeper.call("close", late);
  const { bytes } = encode({ keeper, cleanup: new List("cleanup"), exports: new Map() }, { arch: "x86_64" });
  const all = words(bytes);
  const childStart = 20 + 4 + (all[22] as number);
  expect((all[childStart + 1] as number) >> 16).toBe(1);
});

test("equal strings stand in the plan once, and text that is not ASCII has its bytes' length", () => {
  const { bytes } = encode(
    planOf((list) => {
      list.call("sethostname", "hüsk", 5);
      list.call("sethostname", "hüsk", 5);
      list.call("setdomainname", "after", 5);
    }),
  );
  const text = new TextDecoder().decode(bytes);
  expect(text.split("hüsk").length).toBe(2);
  const data = bytes.length - (words(bytes)[8] as number);
  const last = words(bytes)[20 + 2 + 6 + 6 + 4] as number;
  expect(new TextDecoder().decode(bytes.subarray(data + last, data + last + 5))).toBe("after");
});

test("a NUL byte in a string is refused", () => {
  expect(() => encode(planOf((list) => list.call("sethostname", "a\0b", 3)))).toThrow("NUL");
});

test("memory that points to memory is relocated", () => {
  const inner = new Memory(Uint8Array.of(7, 7, 7, 7));
  const outer = new Memory(16).pointer(8, inner);
  const { bytes } = encode(planOf((list) => list.call("ppoll", outer, 1)));
  const all = words(bytes);
  expect(all[9]).toBe(1);
  const data = bytes.length - (all[8] as number);
  const cell = all[20 + 2] as number;
  expect(bytes[data + (all[(data + cell) >> 2] as number)]).toBe(7);
});

test("exec's arrays end in an address of zero", () => {
  const { bytes } = encode(planOf((list) => list.add(new Exec(["/bin/a"], ["a", "b"], []))));
  expect(words(bytes)[9]).toBe(3);
});

test("a list cannot stand in a plan twice", () => {
  const child = new List("child");
  child.step("s", "w");
  const plan = planOf((list) => {
    list.add(new Clone(cloneArgs(0), child));
    list.add(new Clone(cloneArgs(0), child));
  });
  expect(() => encode(plan)).toThrow("already");
});
