import { Texts } from "./encode-texts.ts";
import { encodeSupervision } from "./encode-supervision.ts";
import { type Errno, errnos } from "./errno.ts";
import type { Supervision } from "./keeping.ts";
import {
  type Arg,
  type Call,
  type List,
  Memory,
  type Operation,
  type Plan,
  Result,
  type Step,
} from "./plan.ts";
import { type Arch, hostArch, type SyscallName, syscallNumber } from "./syscalls.ts";

/*
 * The wire format of a plan, little endian, all parts 32-bit words but the last:
 *
 *   header (20 words) · lists (start, end) · relocations · exports (offset, bytes) · operations · data
 *
 * What is performed after the end stands first, lists and data: of a supervised container's plan the keeper forgets
 * all that follows once it is launched.
 *
 * An operation is: kind | counts | flags, ordinal | result slot + 1, then what native/perform.c reads for its
 * kind. Addresses are offsets into the data area; the keeper makes pointers of them.
 */
const PLAN_MAGIC = 0x4b535548;
/** Version of the format that husk and the keeper have to share. */
export const PROTOCOL = 2;
const HEADER_WORDS = 20;
const NO_LIST = -1;
const TIMED = 1;
const HANDS_OVER = 2;
const DETACHES = 4;

const OP = {
  call: 1,
  store: 2,
  load: 3,
  check: 4,
  when: 5,
  clone: 6,
  wait: 7,
  exec: 8,
  init: 9,
  "kill-all": 10,
  keep: 11,
} as const;
const KEEP_FORWARDS = 1;
const RELAY_DRAINS = 1;
const RELAY_STREAM_SHIFT = 8;
/** At most: number, tags, expected, retry, six arguments of two words. */
const CALL_WORDS = 16;
const TAG_WIDE = 1;
const TAG_DATA = 2;
const TAG_SLOT = 3;
const WIDTH = { i32: 1, u32: 2, u64: 3, decimal: 4 } as const;

/** A plan as bytes for the keeper, with what is needed to read its report. */
export interface EncodedPlan {
  readonly bytes: Uint8Array;
  /** Operations by ordinal: a report names an operation by its place here. */
  readonly operations: readonly Operation[];
  /** Exported memory in the order the report carries it. */
  readonly exports: readonly { readonly name: string; readonly bytes: number }[];
  readonly timed: boolean;
}

export interface EncodeOptions {
  readonly arch?: Arch;
  /** Let the keeper note when each operation starts and ends. */
  readonly timed?: boolean;
  /** Descriptors, from 3 on, that the container's program keeps. */
  readonly preserve?: number;
}

/**
 * Encodes a plan, once: the encoder keeps its marks in the plan's objects.
 *
 * @throws Error if a value does not fit the format (a bug in the plan, not in what a user asked)
 */
export function encode(plan: Plan, options: EncodeOptions = {}): EncodedPlan {
  const encoder = new Encoder(options.arch ?? hostArch);
  const cleanup = plan.cleanup.steps.length > 0 ? encoder.addList(plan.cleanup) : NO_LIST;
  const leaving = plan.leaving === undefined ? NO_LIST : encoder.addList(plan.leaving);
  encoder.encodeLists();
  const exports: { name: string; bytes: number }[] = [];
  const exported: number[] = [];
  for (const [name, memory] of plan.exports) {
    exports.push({ name, bytes: memory.bytes.length });
    exported.push(encoder.place(memory), memory.bytes.length);
  }
  const keep = plan.keeper.steps.at(-1)?.operations.at(-1);
  const supervision = keep?.kind === "keep" ? keep.options.supervision : undefined;
  if (supervision !== undefined) encoder.supervise(supervision, exports);
  const kept = encoder.seal();
  const first = encoder.addList(plan.keeper);
  encoder.encodeLists();
  const timed = options.timed ?? false;
  const bytes = encoder.finish(exported, [
    (timed ? TIMED : 0) | (plan.handsOver ? HANDS_OVER : 0) | (plan.detaches ? DETACHES : 0),
    cleanup,
    options.preserve ?? 0,
    plan.complaints === undefined ? 0 : encoder.slot(plan.complaints) + 1,
    leaving,
    first,
    ...kept,
  ]);
  return { bytes, operations: encoder.operations, exports, timed };
}

/** Private to the compiler only: what is so to the engine takes longer in code that runs once. */
class Encoder {
  readonly operations: Operation[] = [];
  private readonly arch: Arch;
  private readonly numbers = new Map<SyscallName, number>();
  private readonly machine: number;
  private words = new Int32Array(8192);
  private top = 0;
  private readonly lists: List[] = [];
  private readonly bounds: number[] = [];
  private slots = 0;
  private data = 8; // offset 0 means "none" to a reader of dumps
  private readonly blocks: Memory[] = [];
  private readonly texts = new Texts();
  private supervision: Memory | undefined;
  /** Words that hold the address of a string: word index, string index. */
  private readonly wordFixes: number[] = [];
  /** Cells of memory that hold an address: data offset, string index or -1, data offset of the target. */
  private readonly cellFixes: number[] = [];

  constructor(arch: Arch) {
    this.arch = arch;
    this.machine = arch === "x86_64" ? 62 : 183;
  }

  addList(list: List): number {
    if (list.index >= 0) throw new Error(`the list of "${list.process}" stands in a plan already`);
    list.index = this.lists.push(list) - 1;
    return list.index;
  }

  supervise(supervision: Supervision, exports: readonly { name: string; bytes: number }[]): void {
    this.supervision = encodeSupervision(supervision, exports, {
      slot: (result) => this.slot(result),
      place: (memory) => this.place(memory),
      texts: (texts) => this.pointerArray(texts),
    });
    this.place(this.supervision);
  }

  /** Ends what is kept: texts so far get their place behind the blocks so far. How much data, how many results. */
  seal(): readonly [data: number, results: number] {
    const texts = this.texts.layOut(this.data);
    if (texts.length > 0) this.place(new Memory(texts));
    return [this.data, this.slots];
  }

  encodeLists(): void {
    for (let i = this.bounds.length / 2; i < this.lists.length; i++) {
      const start = this.top;
      const { steps } = this.lists[i] as List;
      for (let at = 0; at < steps.length; at++) {
        const { operations } = steps[at] as Step;
        for (let n = 0; n < operations.length; n++) this.encode(operations[n] as Operation);
      }
      this.bounds.push(start, this.top);
    }
  }

  place(memory: Memory): number {
    if (memory.address >= 0) return memory.address;
    const address = this.data;
    memory.address = address;
    this.data += (memory.bytes.length + 7) & ~7;
    this.blocks.push(memory);
    if (memory.pointers !== undefined) {
      const { pointers } = memory;
      for (let i = 0; i < pointers.length; i++) {
        const { at, to, offset } = pointers[i] as (typeof pointers)[0];
        if (typeof to === "string") this.cellFixes.push(address + at, this.texts.index(to), 0);
        else this.cellFixes.push(address + at, -1, this.place(to) + offset);
      }
    }
    return address;
  }

  private pointerArray(texts: readonly (string | Memory)[]): number {
    const array = new Memory(8 * (texts.length + 1));
    for (let i = 0; i < texts.length; i++) array.pointer(8 * i, texts[i] as string | Memory);
    return this.place(array);
  }

  private word(value: number): void {
    this.room(1)[this.top++] = value;
  }

  /** The words, with room for `count` more. */
  private room(count: number): Int32Array {
    if (this.top + count > this.words.length) {
      const more = new Int32Array(this.words.length * 2);
      more.set(this.words);
      this.words = more;
    }
    return this.words;
  }

  /** The slot of a result; whoever asks first makes it be kept. */
  slot(result: Result): number {
    if (result.slot < 0) {
      result.slot = this.slots++;
      if (this.slots > 0xfffe) throw new Error("a plan with more than 65,534 results");
      if (result.at >= 0)
        this.words[result.at + 1] = (this.words[result.at + 1] as number) | ((result.slot + 1) << 16);
    }
    return result.slot;
  }

  private head(operation: Operation, counts: number): void {
    const ordinal = this.operations.push(operation) - 1;
    if (ordinal > 0xffff) throw new Error("a plan with more than 65,535 operations");
    operation.ordinal = ordinal;
    operation.at = this.top;
    const words = this.room(2);
    words[this.top++] = OP[operation.kind] | counts;
    words[this.top++] = ordinal | ((operation.slot + 1) << 16);
  }

  private encode(operation: Operation): void {
    switch (operation.kind) {
      case "call":
        return this.encodeCall(operation);
      case "store": {
        const slot = this.slot(operation.from);
        this.head(operation, 0);
        this.word(slot);
        this.word(this.place(operation.memory) + operation.offset);
        return this.word(WIDTH[operation.as]);
      }
      case "load":
        this.head(operation, 0);
        this.word(this.place(operation.memory) + operation.offset);
        this.word(WIDTH[operation.as]);
        this.slot(operation);
        return;
      case "check":
        this.head(operation, 0);
        this.word(this.place(operation.memory) + operation.offset);
        this.word(WIDTH[operation.as]);
        this.word(operation.mask);
        this.word(operation.value);
        return this.word(operation.errno === "memory" ? 0 : errnos[operation.errno]);
      case "when": {
        const slot = this.slot(operation.on);
        this.head(operation, (operation.condition === "failed" ? 1 : 2) << 16);
        this.word(slot);
        const bodyWords = this.top;
        this.word(0);
        for (const inner of operation.body) this.encode(inner);
        this.words[bodyWords] = this.top - bodyWords - 1;
        return;
      }
      case "clone":
        this.head(operation, 0);
        this.word(this.place(operation.args));
        return this.word(this.addList(operation.list));
      case "wait": {
        const slot = this.slot(operation.pid);
        this.head(operation, 0);
        this.word(slot);
        return this.word(operation.timeoutMilliseconds);
      }
      case "exec":
        this.head(operation, 0);
        this.word(this.pointerArray(operation.argv));
        this.word(this.pointerArray(operation.env));
        return this.word(this.pointerArray(operation.paths));
      case "init":
        this.head(operation, 0);
        return this.word(this.addList(operation.list));
      case "kill-all": {
        const slot = this.slot(operation.fd);
        this.head(operation, 0);
        return this.word(slot);
      }
      case "keep": {
        const { pid, console, caller, timeoutMilliseconds, forwardSignals, supervision } = operation.options;
        const { relays = [] } = operation.options;
        const pidSlot = this.slot(pid);
        const consoleSlot = console === undefined ? 0 : this.slot(console) + 1;
        const callerSlot = caller === undefined ? 0 : this.slot(caller) + 1;
        if (supervision !== undefined && this.supervision === undefined)
          throw new Error("supervision begins with the last operation of the keeper's list");
        this.head(operation, relays.length << 8);
        this.word(pidSlot);
        this.word(consoleSlot);
        this.word(timeoutMilliseconds ?? 0);
        this.word(forwardSignals === false ? 0 : KEEP_FORWARDS);
        this.word(callerSlot);
        this.word(supervision === undefined ? 0 : this.place(this.supervision as Memory));
        for (const { from, to, drains, stream = 0 } of relays) {
          this.word(this.slot(from) + 1);
          this.word(to === undefined ? 0 : this.slot(to) + 1);
          this.word((drains ? RELAY_DRAINS : 0) | (stream << RELAY_STREAM_SHIFT));
        }
        return;
      }
    }
  }

  /** Most operations are calls, and a start encodes each of them once, in cold code: no function per word here. */
  private encodeCall(call: Call): void {
    const { args, accepted, expected, retryMilliseconds } = call;
    const count = args.length;
    const acceptedCount = accepted === undefined ? 0 : accepted.length;
    const flags = (expected === undefined ? 0 : 1) | (retryMilliseconds > 0 ? 2 : 0);
    this.head(call, (count << 8) | (acceptedCount << 12) | (flags << 16));
    const words = this.room(CALL_WORDS + acceptedCount);
    let top = this.top;
    let number = this.numbers.get(call.name);
    if (number === undefined) this.numbers.set(call.name, (number = syscallNumber(this.arch, call.name)));
    words[top++] = number;
    const tagsAt = top++;
    if (expected !== undefined) words[top++] = expected;
    if (retryMilliseconds > 0) words[top++] = retryMilliseconds;
    for (let i = 0; i < acceptedCount; i++) words[top++] = errnos[(accepted as Errno[])[i] as Errno];
    let tags = 0;
    for (let i = 0; i < count; i++) {
      const arg = args[i] as Arg;
      if (typeof arg === "number") {
        words[top++] = arg;
        if (arg === (arg | 0)) continue;
        words[top++] = Math.floor(arg / 0x100000000);
        tags |= TAG_WIDE << (4 * i);
      } else if (arg === null) {
        words[top++] = 0;
      } else if (typeof arg === "string") {
        this.wordFixes.push(top, this.texts.index(arg));
        words[top++] = 0;
        tags |= TAG_DATA << (4 * i);
      } else if (typeof arg === "bigint") {
        words[top++] = Number(BigInt.asIntN(32, arg));
        words[top++] = Number(BigInt.asIntN(32, arg >> 32n));
        tags |= TAG_WIDE << (4 * i);
      } else if (arg instanceof Result) {
        words[top++] = arg.slot < 0 ? this.slot(arg) : arg.slot;
        tags |= TAG_SLOT << (4 * i);
      } else {
        words[top++] = this.place(arg instanceof Memory ? arg : new Memory(arg));
        tags |= TAG_DATA << (4 * i);
      }
    }
    words[tagsAt] = tags;
    this.top = top;
  }

  /** `about`: flags, cleanup, preserve, complaints, leaving, first, kept data and results. */
  finish(exports: number[], about: readonly number[]): Uint8Array {
    const [flags = 0, cleanup = 0, preserve = 0, complaints = 0, leaving = 0, first = 0, ...kept] = about;
    const text = this.texts.layOut(this.data);
    const addresses = this.texts.addresses;
    const fixes = this.cellFixes;
    const relocations = fixes.length / 3;
    const partWords = HEADER_WORDS + this.bounds.length + relocations + exports.length + this.top;
    const dataAt = (4 * partWords + 7) & ~7;
    const dataBytes = this.data + text.length;
    const total = dataAt + dataBytes;
    const bytes = new Uint8Array((total + 7) & ~7).subarray(0, total);
    const out = new Int32Array(bytes.buffer, 0, ((total + 7) >> 3) << 1);
    // biome-ignore format: one word of the header after the other
    out.set([PLAN_MAGIC, PROTOCOL, this.machine, total,
      flags, this.lists.length, this.slots, this.top,
      dataBytes, relocations, exports.length / 2, cleanup,
      this.operations.length, preserve, complaints, leaving,
      first, ...kept]);
    let at = HEADER_WORDS;
    out.set(this.bounds, at);
    at += this.bounds.length;
    for (let i = 0; i < fixes.length; i += 3) out[at++] = fixes[i] as number;
    out.set(exports, at);
    at += exports.length;
    const words = this.words;
    const wordFixes = this.wordFixes;
    for (let i = 0; i < wordFixes.length; i += 2) {
      words[wordFixes[i] as number] = addresses[wordFixes[i + 1] as number] as number;
    }
    out.set(words.subarray(0, this.top), at);
    for (const block of this.blocks) bytes.set(block.bytes, dataAt + block.address);
    bytes.set(text, dataAt + this.data);
    for (let i = 0; i < fixes.length; i += 3) {
      const string = fixes[i + 1] as number;
      out[(dataAt + (fixes[i] as number)) >> 2] =
        string < 0 ? (fixes[i + 2] as number) : (addresses[string] as number);
    }
    return bytes;
  }
}
