import { HuskError } from "../../platform/error.ts";
import { nearest } from "../../platform/nearest.ts";
import { afterLoad, and, type BackwardProgram, JEQ, JGE, JGT, jump, load } from "./bpf.ts";
import type { LinuxSeccompArg } from "./profile.ts";

/** A condition on one argument, its 64-bit values in halves as BPF compares them. */
export interface Condition {
  readonly index: number;
  readonly operator: string;
  readonly low: number;
  readonly high: number;
  readonly twoLow: number;
  readonly twoHigh: number;
}

/**
 * Reads a rule's conditions: a list of alternatives, each a list of conditions that must all hold; undefined
 * if there are none. Conditions are joined by "and", but a rule that names one argument twice means "or", as
 * in runc (libseccomp compares an argument only once in a rule).
 */
export function readConditions(
  args: readonly LinuxSeccompArg[] | null | undefined,
  path: string,
): Condition[][] | undefined {
  if (args === undefined || args === null || args.length === 0) return undefined;
  const conditions: Condition[] = [];
  let seen = 0;
  let twice = false;
  for (let i = 0; i < args.length; i++) {
    const condition = readCondition(args[i]!, `${path}[${i}]`);
    const bit = 1 << condition.index;
    if (seen & bit) twice = true;
    seen |= bit;
    conditions.push(condition);
  }
  return twice ? conditions.map((condition) => [condition]) : [conditions];
}

function readCondition(arg: LinuxSeccompArg, path: string): Condition {
  const { index, op } = arg;
  if (!Number.isInteger(index) || index < 0 || index > 5) {
    throw new HuskError("invalid", `${path}.index: expected an integer from 0 to 5, got ${show(index)}`);
  }
  if (!operators.includes(op)) throw unknownOperator(op, `${path}.op`);
  check64(arg.value, `${path}.value`);
  const two = arg.valueTwo ?? 0;
  check64(two, `${path}.valueTwo`);
  return {
    index,
    operator: op,
    low: low(arg.value),
    high: high(arg.value),
    // Only of use under the mask, as in libseccomp: (argument & value) == (valueTwo & value).
    twoLow: low(two) & low(arg.value),
    twoHigh: high(two) & high(arg.value),
  };
}

const operators: readonly string[] = [
  "SCMP_CMP_NE",
  "SCMP_CMP_LT",
  "SCMP_CMP_LE",
  "SCMP_CMP_EQ",
  "SCMP_CMP_GE",
  "SCMP_CMP_GT",
  "SCMP_CMP_MASKED_EQ",
];

function unknownOperator(op: unknown, path: string): HuskError {
  const close = typeof op === "string" ? nearest(op, operators) : undefined;
  return new HuskError("invalid", `${path}: unknown operator ${show(op)}`, {
    hint: close === undefined ? `known are ${operators.join(", ")}` : `did you mean ${close}?`,
  });
}

function check64(value: unknown, path: string): void {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return;
  if (typeof value === "bigint" && value >= 0n && value < 1n << 64n) return;
  if (typeof value === "number" && Number.isInteger(value) && value > 0 && value <= 2 ** 64) {
    throw new HuskError("invalid", `${path}: ${value} is above 2^53 and was not read exactly`, {
      hint: "pass it as a bigint, as parseProfile does",
    });
  }
  throw new HuskError("invalid", `${path}: expected an unsigned 64-bit integer, got ${show(value)}`);
}

function show(value: unknown): string {
  return typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? "nothing");
}

function low(value: number | bigint): number {
  return typeof value === "number" ? value | 0 : Number(BigInt.asIntN(32, value));
}

function high(value: number | bigint): number {
  return typeof value === "number"
    ? Math.floor(value / 0x100000000) | 0
    : Number(BigInt.asIntN(32, value >> 32n));
}

/** Offset of an argument's low half in struct seccomp_data; the high half follows it. */
function offsetOf(index: number): number {
  return 16 + 8 * index;
}

/**
 * Writes the test of a condition that goes on at `yes` or `no`; returns the place where it begins.
 *
 * @param wide whether arguments are 64 bits wide; if not, both sides are cut to 32 bits (as libseccomp does)
 */
export function writeCondition(
  program: BackwardProgram,
  condition: Condition,
  wide: boolean,
  yes: number,
  no: number,
): number {
  if (yes === no) return yes;
  switch (condition.operator) {
    case "SCMP_CMP_EQ":
      return writeEqual(program, condition, wide, yes, no);
    case "SCMP_CMP_NE":
      return writeEqual(program, condition, wide, no, yes);
    case "SCMP_CMP_GT":
      return writeGreater(program, condition, JGT, wide, yes, no);
    case "SCMP_CMP_LE":
      return writeGreater(program, condition, JGT, wide, no, yes);
    case "SCMP_CMP_GE":
      return writeGreater(program, condition, JGE, wide, yes, no);
    case "SCMP_CMP_LT":
      return writeGreater(program, condition, JGE, wide, no, yes);
    default:
      return writeMasked(program, condition, wide, yes, no);
  }
}

function writeEqual(p: BackwardProgram, c: Condition, wide: boolean, yes: number, no: number): number {
  const offset = offsetOf(c.index);
  let next = yes;
  if (wide) {
    jump(p, JEQ, c.high, yes, no);
    next = load(p, offset + 4);
  }
  jump(p, JEQ, c.low, next, afterLoad(p, no, offset));
  return load(p, offset);
}

function writeGreater(
  p: BackwardProgram,
  c: Condition,
  compare: typeof JGT | typeof JGE,
  wide: boolean,
  yes: number,
  no: number,
): number {
  const offset = offsetOf(c.index);
  jump(p, compare, c.low, yes, no);
  const lowHalf = load(p, offset);
  if (!wide) return lowHalf;
  const equal = jump(p, JEQ, c.high, lowHalf, no);
  jump(p, JGT, c.high, yes, equal);
  return load(p, offset + 4);
}

function writeMasked(p: BackwardProgram, c: Condition, wide: boolean, yes: number, no: number): number {
  const offset = offsetOf(c.index);
  let next = yes;
  if (wide && c.high !== 0) {
    jump(p, JEQ, c.twoHigh, yes, no);
    and(p, c.high);
    next = load(p, offset + 4);
  }
  jump(p, JEQ, c.twoLow, next, no);
  and(p, c.low);
  return load(p, offset);
}
