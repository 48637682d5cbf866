import { HuskError } from "../../platform/error.ts";

/** Operations of classic BPF that seccomp allows (linux/bpf_common.h). */
export const JEQ = 0x15;
export const JGT = 0x25;
export const JGE = 0x35;
const JA = 0x05;
const LOAD = 0x20;
const AND = 0x54;
const RETURN = 0x06;

/** BPF_MAXINSNS: the kernel refuses longer programs. */
const maximum = 4096;

/** A conditional jump skips at most 255 instructions; the rest is for the long jumps it may need. */
const reach = 250;

/**
 * A program that is written from its last instruction to its first. BPF only jumps forward, so each target has
 * its place before the jump to it is written. A place is an instruction's index in `words`, two words each.
 */
export interface BackwardProgram {
  readonly words: Int32Array;
  /** Place of the instruction written last. */
  at: number;
  /** Values that are returned, and the nearest place of each. */
  readonly values: number[];
  readonly places: number[];
}

export function backwardProgram(): BackwardProgram {
  return { words: new Int32Array(maximum * 2), at: maximum, values: [], places: [] };
}

/** The program: `struct sock_filter[]`, little endian as both architectures are. */
export function programBytes(program: BackwardProgram): Uint8Array {
  return new Uint8Array(program.words.buffer, program.at * 8);
}

/** `A = seccomp_data[offset]`, 32 bits; goes on with the instruction written last. */
export function load(program: BackwardProgram, offset: number): number {
  return write(program, LOAD, offset);
}

/** `A &= mask`; goes on with the instruction written last. */
export function and(program: BackwardProgram, mask: number): number {
  return write(program, AND, mask);
}

/** The place of a return of `value`, written now or before. */
export function returnOf(program: BackwardProgram, value: number): number {
  const { values, places } = program;
  let index = values.indexOf(value);
  if (index === -1) index = values.push(value) - 1;
  else if (places[index]! - program.at < reach / 2) return places[index]!;
  return (places[index] = write(program, RETURN, value));
}

/** Compares A with `value` (unsigned) and goes on at `yes` or `no`. */
export function jump(
  program: BackwardProgram,
  operation: number,
  value: number,
  yes: number,
  no: number,
): number {
  const onYes = yes - program.at < reach ? yes : nearer(program, yes);
  const onNo = no - program.at < reach ? no : nearer(program, no);
  return write(program, operation | ((onYes - program.at) << 16) | ((onNo - program.at) << 24), value);
}

/** The place after `place` if a load of `offset` stands there: for a jump that comes with it in A. */
export function afterLoad(program: BackwardProgram, place: number, offset: number): number {
  const loads = program.words[place * 2] === LOAD && program.words[place * 2 + 1] === offset;
  return loads ? place + 1 : place;
}

/** A place that does the same as `place`, near enough for a conditional jump. */
function nearer(program: BackwardProgram, place: number): number {
  if (program.words[place * 2] === RETURN) return returnOf(program, program.words[place * 2 + 1]!);
  return write(program, JA, place - program.at);
}

function write(program: BackwardProgram, word: number, value: number): number {
  if (program.at === 0) {
    throw new HuskError("invalid", "the seccomp profile makes more than 4096 instructions", {
      hint: "give it fewer conditions on arguments, or fewer architectures",
    });
  }
  const place = --program.at;
  program.words[place * 2] = word;
  program.words[place * 2 + 1] = value;
  return place;
}
