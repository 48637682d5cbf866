import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { compileDeviceFilter } from "./device-filter.ts";
import { alwaysAllowed } from "./device-rules.ts";
import type { LinuxDeviceCgroup } from "./resources.ts";

interface Request {
  readonly type: "b" | "c";
  readonly major: number;
  readonly minor: number;
  /** Letters of `rwm`. */
  readonly access: string;
}

const bits: Record<string, number> = { m: 1, r: 2, w: 4 };

/** Performs a program as the kernel would; an instruction it does not know or a jump out of the program throws. */
function perform(program: Uint8Array, { type, major, minor, access }: Request): number {
  const view = new DataView(program.buffer);
  let mask = 0;
  for (const letter of access) mask |= bits[letter]!;
  const context = new DataView(new ArrayBuffer(12));
  context.setUint32(0, (type === "b" ? 1 : 2) | (mask << 16), true);
  context.setUint32(4, major, true);
  context.setUint32(8, minor, true);
  const registers: (bigint | undefined)[] = [undefined, 0n];
  const wide = (value: number): bigint => BigInt.asUintN(64, BigInt(value));
  const read = (number: number): bigint => {
    const value = registers[number];
    if (value === undefined) throw new Error(`register ${number} was never written`);
    return value;
  };
  for (let at = 0; at >= 0 && at < program.length / 8; at++) {
    const opcode = view.getUint8(at * 8);
    const to = view.getUint8(at * 8 + 1) & 15;
    const from = view.getUint8(at * 8 + 1) >> 4;
    const offset = view.getInt16(at * 8 + 2, true);
    const immediate = view.getInt32(at * 8 + 4, true);
    if (offset < 0) throw new Error("a jump back");
    if (opcode === 0x61) registers[to] = BigInt(context.getUint32(Number(read(from)) + offset, true));
    else if (opcode === 0x57) registers[to] = read(to) & wide(immediate);
    else if (opcode === 0x77) registers[to] = read(to) >> wide(immediate);
    else if (opcode === 0xbf) registers[to] = read(from);
    else if (opcode === 0xb7) registers[to] = wide(immediate);
    else if (opcode === 0x05) at += offset;
    else if (opcode === 0x55) at += read(to) === wide(immediate) ? 0 : offset;
    else if (opcode === 0x45) at += (read(to) & wide(immediate)) === 0n ? 0 : offset;
    else if (opcode === 0x56) at += BigInt.asUintN(32, read(to)) === BigInt(immediate >>> 0) ? 0 : offset;
    else if (opcode === 0x95) return Number(read(0));
    else throw new Error(`unknown opcode ${opcode}`);
  }
  throw new Error("the program has no end");
}

const allows = (rules: readonly LinuxDeviceCgroup[], request: Request): boolean => {
  const program = compileDeviceFilter(rules);
  return program === undefined || perform(program, request) === 1;
};

/** The specification's words: rules are applied in their order, so the last one that matches decides. */
function shouldAllow(rules: readonly LinuxDeviceCgroup[], { type, major, minor, access }: Request): boolean {
  const matches = (rule: LinuxDeviceCgroup, letter: string): boolean =>
    (rule.type ?? "a") !== (type === "b" ? "c" : "b") &&
    [-1, major].includes(rule.major ?? -1) &&
    [-1, minor].includes(rule.minor ?? -1) &&
    (rule.access || "rwm").includes(letter);
  const ordered = [{ allow: false }, ...rules, ...alwaysAllowed];
  return [...access].every((letter) => ordered.findLast((rule) => matches(rule, letter))?.allow === true);
}

/** Few numbers, so that rules meet; and those at the edges of 32 bits. */
const number = fc.constantFrom(0, 1, 3, 5, 8, 136, 0x7fffffff, 0x80000000, 0xffffffff);
const letters = fc.subarray(["r", "w", "m"]).map((some) => some.join(""));
const rule: fc.Arbitrary<LinuxDeviceCgroup> = fc.record(
  {
    allow: fc.boolean(),
    type: fc.constantFrom("a" as const, "b" as const, "c" as const),
    major: fc.oneof(fc.constant(-1), number),
    minor: fc.oneof(fc.constant(-1), number),
    access: letters,
  },
  { requiredKeys: ["allow"] },
);
const request: fc.Arbitrary<Request> = fc.record({
  type: fc.constantFrom("b", "c"),
  major: number,
  minor: number,
  access: letters.filter((some) => some !== ""),
});

test("a program decides as the rules do, whatever they are", () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 12 }),
      fc.array(request, { minLength: 1, maxLength: 20 }),
      (rules, requests) => {
        for (const one of requests) expect(allows(rules, one)).toBe(shouldAllow(rules, one));
      },
    ),
    { numRuns: 500 },
  );
});

test("no instruction stands where nothing leads: the kernel refuses such programs", () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 8 }), (rules) => {
      const program = compileDeviceFilter(rules);
      if (program === undefined) return;
      const view = new DataView(program.buffer);
      const reached = new Set<number>();
      const follow = (at: number): void => {
        for (; !reached.has(at); at++) {
          expect(at).toBeLessThan(program.length / 8);
          reached.add(at);
          const opcode = view.getUint8(at * 8);
          if (opcode === 0x95) return;
          if (opcode === 0x05) at += view.getInt16(at * 8 + 2, true);
          else if ([0x55, 0x45, 0x56].includes(opcode)) follow(at + 1 + view.getInt16(at * 8 + 2, true));
        }
      };
      follow(0);
      expect(reached.size).toBe(program.length / 8);
    }),
  );
});

test("what every program needs is allowed without a rule, and a disk is not", () => {
  expect(allows([], { type: "c", major: 1, minor: 3, access: "rw" })).toBe(true);
  expect(allows([], { type: "c", major: 136, minor: 7, access: "rw" })).toBe(true);
  expect(allows([], { type: "b", major: 8, minor: 0, access: "m" })).toBe(true);
  expect(allows([], { type: "b", major: 8, minor: 0, access: "r" })).toBe(false);
});

test("a hole in a wildcard is one", () => {
  const rules: LinuxDeviceCgroup[] = [
    { allow: true, type: "b", major: 8, access: "rw" },
    { allow: false, type: "b", major: 8, minor: 1, access: "w" },
  ];
  expect(allows(rules, { type: "b", major: 8, minor: 0, access: "rw" })).toBe(true);
  expect(allows(rules, { type: "b", major: 8, minor: 1, access: "rw" })).toBe(false);
  expect(allows(rules, { type: "b", major: 8, minor: 1, access: "r" })).toBe(true);
});

test("a privileged container has no program", () => {
  expect(
    compileDeviceFilter([
      { allow: false, access: "rwm" },
      { allow: true, access: "rwm" },
    ]),
  ).toBeUndefined();
});
