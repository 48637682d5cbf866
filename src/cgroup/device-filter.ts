import { alwaysAllowed, effectiveRules } from "./device-rules.ts";
import type { LinuxDeviceCgroup } from "./resources.ts";

/*
 * Opcodes of eBPF (bpf_common.h, bpf.h; Documentation/bpf/standardization/instruction-set.rst). An instruction is
 * 8 bytes: opcode, registers (source in the upper half), jump offset of 16 bits, immediate of 32 bits.
 */
const LOAD_WORD = 0x61;
const AND = 0x57;
const SHIFT_RIGHT = 0x77;
const MOVE_REGISTER = 0xbf;
const MOVE = 0xb7;
const JUMP = 0x05;
/** Jumps that compare: 64 bits wide, and 32 bits wide, in which a number of 32 bits needs no sign. */
const IF_NOT_EQUAL = 0x55;
const IF_ANY_BIT = 0x45;
const IF_NOT_EQUAL_32 = 0x56;
const EXIT = 0x95;

const RESULT = 0;
const CONTEXT = 1;
const TYPE = 2;
const ACCESS = 3;
const MAJOR = 4;
const MINOR = 5;

/** bpf.h: BPF_DEVCG_DEV_* and, in the upper half of the same word, BPF_DEVCG_ACC_*. */
const types = { b: 1, c: 2 } as const;
const bits: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };
const EVERY_ACCESS = 7;

/**
 * Compiles device rules into an eBPF program of type BPF_PROG_TYPE_CGROUP_DEVICE, which the kernel asks whenever a
 * process of the group opens or makes a device node.
 *
 * Of the rules that speak of a device, the last one decides, for reading, writing and making each by itself; what none
 * speaks of is denied. What every container may use comes last ({@link alwaysAllowed}). Nothing is allowed that v1
 * would deny, but for rules that together allow what none of them allows alone.
 *
 * @returns the instructions; undefined if everything is allowed, so that no program is needed
 */
export function compileDeviceFilter(
  rules: readonly LinuxDeviceCgroup[],
): Uint8Array<ArrayBuffer> | undefined {
  const effective = effectiveRules(rules);
  if (effective === undefined) return undefined;
  const program = new Instructions();
  program.add(LOAD_WORD, TYPE, CONTEXT, 0, 0);
  program.add(MOVE_REGISTER, ACCESS, TYPE, 0, 0);
  program.add(AND, TYPE, 0, 0, 0xffff);
  program.add(SHIFT_RIGHT, ACCESS, 0, 0, 16);
  program.add(LOAD_WORD, MAJOR, CONTEXT, 4, 0);
  program.add(LOAD_WORD, MINOR, CONTEXT, 8, 0);
  // The last rule is asked first. What it allows need not be asked of the others.
  for (let i = alwaysAllowed.length - 1; i >= 0; i--) addRule(program, alwaysAllowed[i] as LinuxDeviceCgroup);
  for (let i = effective.rules.length - 1; i >= 0; i--)
    addRule(program, effective.rules[i] as LinuxDeviceCgroup);
  addReturn(program, effective.allowsByDefault);
  return program.bytes();
}

/** The `rwm` of a rule as bits; without any it is all of them. */
function accessBits(access: string | undefined): number {
  let mask = 0;
  for (let i = 0; i < (access ?? "").length; i++) mask |= bits[(access as string)[i] as string] ?? 0;
  return mask === 0 ? EVERY_ACCESS : mask;
}

function addRule(
  program: Instructions,
  { allow, type, major = -1, minor = -1, access }: LinuxDeviceCgroup,
): void {
  const skips: number[] = [];
  const skipUnless = (opcode: number, register: number, value: number): void =>
    void skips.push(program.add(opcode, register, 0, 0, value));
  if (type === "b" || type === "c") skipUnless(IF_NOT_EQUAL, TYPE, types[type]);
  if (major >= 0) skipUnless(IF_NOT_EQUAL_32, MAJOR, major);
  if (minor >= 0) skipUnless(IF_NOT_EQUAL_32, MINOR, minor);
  const mask = accessBits(access);
  if (allow) {
    // A rule allows a part of what is asked, and the rest is left to those before it.
    program.add(AND, ACCESS, 0, 0, ~mask);
    skipUnless(IF_NOT_EQUAL, ACCESS, 0);
  } else {
    program.add(IF_ANY_BIT, ACCESS, 0, 1, mask);
    skips.push(program.add(JUMP, 0, 0, 0, 0));
  }
  addReturn(program, allow);
  for (const skip of skips) program.jumpHere(skip);
}

function addReturn(program: Instructions, allow: boolean): void {
  program.add(MOVE, RESULT, 0, 0, allow ? 1 : 0);
  program.add(EXIT, 0, 0, 0, 0);
}

class Instructions {
  readonly #words: number[] = [];

  /** Adds an instruction; returns its place. */
  add(opcode: number, to: number, from: number, offset: number, immediate: number): number {
    return this.#words.push(opcode | (to << 8) | (from << 12) | (offset << 16), immediate) / 2 - 1;
  }

  /** Lets a jump lead to the instruction that comes next. */
  jumpHere(at: number): void {
    const offset = this.#words.length / 2 - at - 1;
    this.#words[at * 2] = ((this.#words[at * 2] as number) & 0xffff) | (offset << 16);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(Int32Array.from(this.#words).buffer);
  }
}
