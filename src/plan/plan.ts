import type { Errno } from "./errno.ts";
import type { KeepOptions } from "./keeping.ts";
import type { SyscallName } from "./syscalls.ts";

/**
 * A launch plan: what has to be done to start one container, as data.
 *
 * A plan has one {@link List} per process: `keeper` runs in the keeper (host namespaces), every
 * cloned process has a list of its own, and `cleanup` runs in the keeper when the container has
 * ended or a step has failed. The keeper knows nothing of containers: it performs the calls.
 */
export interface Plan {
  readonly keeper: List;
  readonly cleanup: List;
  /** Memory the keeper copies into its report when it ends, by name (e.g. memory.events). */
  readonly exports: Map<string, Memory>;
  /** What was started lives on without the keeper: `cleanup` is performed after a failure only. */
  readonly handsOver?: boolean;
  /** A cloned process that fails writes what failed to this descriptor of its own, once it has one ({@link decodeComplaint}). */
  readonly complaints?: Result;
  /**
   * The plan is performed by a child of the keeper that was started, in a session of its own: the one that was
   * started leaves as soon as the container is launched (outcome "launched") or has failed.
   */
  readonly detaches?: boolean;
  /** Performed after `cleanup` when the keeper leaves for good: not before the container is started again. */
  readonly leaving?: List;
}

/**
 * A block of bytes that calls read or write. It is the process's own: who is cloned begins with a copy of all memory
 * and results, and what it writes nobody else sees.
 */
export class Memory {
  readonly bytes: Uint8Array;
  /** Cells (byte offsets) that hold the address of other memory. */
  pointers: { at: number; to: Memory | string; offset: number }[] | undefined;
  /** Byte offset in the data area; set by the encoder. */
  address = -1;

  constructor(content: number | Uint8Array) {
    this.bytes = typeof content === "number" ? new Uint8Array(content) : content;
  }

  /** Puts the address of `to` (plus `offset`) into the 8 bytes at `at`. */
  pointer(at: number, to: Memory | string, offset = 0): this {
    this.pointers ??= [];
    this.pointers.push({ at, to, offset });
    return this;
  }
}

/** What a system call takes: a number, text (NUL-terminated), bytes, or an earlier call's result. */
export type Arg = number | bigint | string | Uint8Array | Memory | Result | null;

/** Something that yields a number when it is performed and can be used by what follows. */
export abstract class Result {
  /** Slot the result is kept in; set by the encoder when somebody uses it. */
  slot = -1;
  /** Place of the operation in the plan; set by the encoder. Failures and times name it. */
  ordinal = -1;
  /** First word of the encoded operation; set by the encoder. */
  at = -1;
  /** What it is about, for a failure's message: `"/proc/kcore"`, `memory limit "4m"`. */
  object: string | undefined;
}

/** One system call. */
export class Call extends Result {
  readonly kind = "call";
  readonly name: SyscallName;
  readonly args: readonly Arg[];
  accepted: readonly Errno[] | undefined;
  expected: number | undefined;
  retryMilliseconds = 0;

  constructor(name: SyscallName, args: readonly Arg[]) {
    super();
    this.name = name;
    this.args = args;
  }

  /** These errnos are no failure: the result is then `-errno`. */
  accept(...errnos: Errno[]): this {
    this.accepted = errnos;
    return this;
  }

  /** Any other result than `value` is a failure (EIO): a short read or write, a peer that is gone. */
  expect(value: number): this {
    this.expected = value;
    return this;
  }

  /** Tries again on EBUSY and EAGAIN, so many times with a millisecond of rest before each. */
  retry(milliseconds: number): this {
    this.retryMilliseconds = milliseconds;
    return this;
  }

  /** Names what the call is about. */
  about(object: string): this {
    this.object = object;
    return this;
  }
}

/**
 * Copies a result into memory: as an integer, or as decimal digits with a NUL. Its own result is the number of
 * bytes without the NUL.
 */
export class Store extends Result {
  readonly kind = "store";
  readonly from: Result;
  readonly memory: Memory;
  readonly offset: number;
  readonly as: "u32" | "u64" | "decimal";

  constructor(from: Result, memory: Memory, offset: number, as: "u32" | "u64" | "decimal") {
    super();
    this.from = from;
    this.memory = memory;
    this.offset = offset;
    this.as = as;
  }
}

/** Reads a number from memory; as `decimal`, of the digits that stand there, at most ten. */
export class Load extends Result {
  readonly kind = "load";
  readonly memory: Memory;
  readonly offset: number;
  readonly as: "i32" | "u32" | "u64" | "decimal";

  constructor(memory: Memory, offset: number, as: "i32" | "u32" | "u64" | "decimal") {
    super();
    this.memory = memory;
    this.offset = offset;
    this.as = as;
  }
}

/** Fails with `errno` unless `(memory & mask) == value`; `errno` "memory" takes it from the cell itself. */
export class Check extends Result {
  readonly kind = "check";
  readonly memory: Memory;
  readonly offset: number;
  readonly as: "u32" | "u64";
  readonly value: number;
  readonly errno: Errno | "memory";
  readonly mask: number;

  constructor(
    memory: Memory,
    offset: number,
    as: "u32" | "u64",
    value: number,
    errno: Errno | "memory",
    mask: number = 0xffffffff,
    object?: string,
  ) {
    super();
    this.memory = memory;
    this.offset = offset;
    this.as = as;
    this.value = value;
    this.errno = errno;
    this.mask = mask;
    this.object = object;
  }
}

/** Performs `body` only if an earlier result is (or is not) an error. */
export class When extends Result {
  readonly kind = "when";
  readonly body: Operation[] = [];
  readonly on: Result;
  readonly condition: "failed" | "succeeded";

  constructor(on: Result, condition: "failed" | "succeeded") {
    super();
    this.on = on;
    this.condition = condition;
  }
}

/**
 * Clones a process that performs `list`. The result is its pid as the cloning process sees it; of a clone that is made
 * for the keeper (CLONE_PARENT, one in a plan) the keeper has the result too, once it has waited for who cloned it.
 */
export class Clone extends Result {
  readonly kind = "clone";
  /** `struct clone_args` (clone3(2)), 88 bytes. */
  readonly args: Memory;
  readonly list: List;
  constructor(args: Memory, list: List) {
    super();
    this.args = args;
    this.list = list;
  }
}

/** Waits for a cloned process; anything but exit status 0 is a failure. */
export class Wait extends Result {
  readonly kind = "wait";
  readonly pid: Result;
  readonly timeoutMilliseconds: number;

  constructor(pid: Result, timeoutMilliseconds: number) {
    super();
    this.pid = pid;
    this.timeoutMilliseconds = timeoutMilliseconds;
  }
}

/** Becomes another program: tries each path in turn, as execvp(3) does. Never returns. */
export class Exec extends Result {
  readonly kind = "exec";
  readonly paths: readonly string[];
  readonly argv: readonly (string | Memory)[];
  readonly env: readonly string[];

  constructor(paths: readonly string[], argv: readonly (string | Memory)[], env: readonly string[]) {
    super();
    this.paths = paths;
    this.argv = argv;
    this.env = env;
  }
}

/** Clones `list` as a child and stays as pid 1: forwards signals, reaps, exits with the child's status. */
export class Init extends Result {
  readonly kind = "init";
  readonly list: List;

  constructor(list: List) {
    super();
    this.list = list;
  }
}

/** Kills every process whose pid can be read from `fd` (a `cgroup.procs` file), until there is none. */
export class KillAll extends Result {
  readonly kind = "kill-all";
  readonly fd: Result;

  constructor(fd: Result) {
    super();
    this.fd = fd;
  }
}

/** The keeper's duty: stays with the container until its first process has ended. */
export class Keep extends Result {
  readonly kind = "keep";
  readonly options: KeepOptions;

  constructor(options: KeepOptions) {
    super();
    this.options = options;
  }
}

export type Operation = Call | Store | Load | Check | When | Clone | Wait | Exec | Init | KillAll | Keep;

/** A named group of operations, with the reason for it: what a person sees of a plan. */
export interface Step {
  readonly title: string;
  readonly why: string;
  readonly operations: Operation[];
  /** The same as shell commands, for `husk explain --as-shell`; absent: shown as a comment only. */
  readonly shell: (() => string) | undefined;
}

/**
 * What one process performs, step by step.
 *
 * @example
 * list.step("own hostname", "the host keeps its name", () => `hostname ${name}`);
 * list.call("sethostname", name, name.length);
 */
export class List {
  readonly steps: Step[] = [];
  /** Which process this is, in a person's words: "keeper", "container". */
  readonly process: string;
  /** Index among the plan's lists; set by the encoder. */
  index = -1;
  #into: Operation[] | undefined;

  constructor(process: string) {
    this.process = process;
  }

  /** Begins a step; the operations that follow belong to it. */
  step(title: string, why: string, shell?: () => string): this {
    const operations: Operation[] = [];
    this.steps.push({ title, why, operations, shell });
    this.#into = operations;
    return this;
  }

  /** Adds an operation to the present step. */
  add<T extends Operation>(operation: T): T {
    if (this.#into === undefined) throw new Error("an operation needs a step to stand in");
    this.#into.push(operation);
    return operation;
  }

  /** Adds a system call; its result can be an argument of later ones. */
  call(name: SyscallName, ...args: Arg[]): Call {
    return this.add(new Call(name, args));
  }

  /** Adds what `body` adds, performed only if `on` failed (or succeeded). */
  when(on: Result, condition: "failed" | "succeeded", body: () => void): When {
    const when = this.add(new When(on, condition));
    const outer = this.#into;
    this.#into = when.body;
    body();
    this.#into = outer;
    return when;
  }

  store(from: Result, memory: Memory, offset: number, as: "u32" | "u64" | "decimal" = "u32"): Store {
    return this.add(new Store(from, memory, offset, as));
  }

  load(memory: Memory, offset: number, as: "i32" | "u32" | "u64" | "decimal" = "i32"): Load {
    return this.add(new Load(memory, offset, as));
  }
}
