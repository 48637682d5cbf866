import { HuskError } from "../../platform/error.ts";

/** Operations of classic BPF that seccomp allows (linux/filter.h, bpf_common.h). */
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
const near = 250;

/**
 * Writes a program from its last instruction to its first. BPF only jumps forward, so each target has its
 * place before the jump to it is written. Places count from the start of the buffer; `at` is the place of
 * the instruction written last.
 */
export class BackwardProgram {
  at = maximum;
  readonly #words = new Int32Array(maximum * 2);
  /** The nearest return of each value. */
  readonly #returns = new Map<number, number>();

  /** `A = seccomp_data[offset]`, 32 bits; goes on with the instruction written last. */
  load(offset: number): number {
    return this.#write(LOAD, offset);
  }

  /** `A &= mask`; goes on with the instruction written last. */
  and(mask: number): number {
    return this.#write(AND, mask);
  }

  /** A return of `value`, written now or before. */
  return(value: number): number {
    const known = this.#returns.get(value);
    if (known !== undefined && known - this.at < near / 2) return known;
    const place = this.#write(RETURN, value);
    this.#returns.set(value, place);
    return place;
  }

  /** Compares A with `value` and goes on at `yes` or `no`. */
  jump(operation: typeof JEQ | typeof JGT | typeof JGE, value: number, yes: number, no: number): number {
    const onYes = this.#reach(yes);
    const onNo = this.#reach(no);
    const skipYes = onYes - this.at;
    const skipNo = onNo - this.at;
    return this.#write(operation | (skipYes << 16) | (skipNo << 24), value);
  }

  /** The place after `place` if a load of `offset` stands there: for a jump that comes with it in A. */
  afterLoad(place: number, offset: number): number {
    const loads = this.#words[place * 2] === LOAD && this.#words[place * 2 + 1] === offset;
    return loads ? place + 1 : place;
  }

  /** The program: `struct sock_filter[]`, little endian as both architectures are. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#words.buffer, this.at * 8);
  }

  /** A place from which `place` goes on and which a conditional jump reaches. */
  #reach(place: number): number {
    if (place - this.at < near) return place;
    const word = this.#words[place * 2]!;
    const value = this.#words[place * 2 + 1]!;
    return word === RETURN ? this.return(value) : this.#write(JA, place - this.at);
  }

  #write(word: number, value: number): number {
    if (this.at === 0) {
      throw new HuskError("invalid", "the seccomp profile makes more than 4096 instructions", {
        hint: "give it fewer conditions on arguments, or fewer architectures",
      });
    }
    const place = --this.at;
    this.#words[place * 2] = word;
    this.#words[place * 2 + 1] = value;
    return place;
  }
}
