import { type List, type Load, Memory, type Operation, Result, type Store } from "../plan.ts";

/**
 * Names for results: `%1`, `%2`, … in the order a person meets them. Values that travel through memory have no lines of
 * their own: `pipe2([%3, %4])` yields two, and `clone3({…, cgroup=%5})` has taken one.
 */
export class Names {
  readonly #names = new Map<Result, string>();
  readonly #used = new Set<Result>();
  readonly #stores = new Map<Memory, Store[]>();
  readonly #loads = new Map<Memory, Load[]>();
  /** Memory that calls and programs are given, also by way of other memory. */
  readonly #given = new Set<Memory>();

  constructor(lists: readonly List[]) {
    for (const list of lists)
      for (const step of list.steps) for (const one of step.operations) this.#collect(one);
  }

  #collect(operation: Operation): void {
    switch (operation.kind) {
      case "call":
        for (const arg of operation.args) {
          if (arg instanceof Result) this.#used.add(arg);
          else if (arg instanceof Memory) this.#give(arg);
        }
        break;
      case "clone":
        this.#give(operation.args);
        break;
      case "exec":
        for (const word of operation.argv) if (word instanceof Memory) this.#give(word);
        break;
      case "store":
        add(this.#stores, operation.memory, operation);
        this.#used.add(operation.from);
        break;
      case "load":
        add(this.#loads, operation.memory, operation);
        break;
      case "when":
        this.#used.add(operation.on);
        for (const inner of operation.body) this.#collect(inner);
        break;
      case "wait":
        this.#used.add(operation.pid);
        break;
      case "kill-all":
        this.#used.add(operation.fd);
        break;
      case "keep": {
        const { pid, caller, relays = [] } = operation.options;
        this.#used.add(pid);
        if (caller !== undefined) this.#used.add(caller);
        for (const { from, to } of relays) {
          this.#used.add(from);
          if (to !== undefined) this.#used.add(to);
        }
        break;
      }
      default:
    }
  }

  #give(memory: Memory): void {
    if (this.#given.has(memory)) return;
    this.#given.add(memory);
    for (const { to } of memory.pointers ?? []) if (to instanceof Memory) this.#give(to);
  }

  /** Whether something later refers to it. */
  isUsed(result: Result): boolean {
    return this.#used.has(result);
  }

  /** How a result is referred to. */
  of(result: Result): string {
    if ((result as Operation).kind === "load") {
      const load = result as Load;
      const stores = this.stored(load.memory).filter(({ offset }) => offset === load.offset);
      if (!this.#given.has(load.memory)) {
        if (stores.length === 0) return `${constant(load)}`;
        if (stores.length === 1) return this.of((stores[0] as Store).from);
      }
      return this.#number(this.#first(load));
    }
    return this.#number(result);
  }

  #number(result: Result): string {
    let name = this.#names.get(result);
    if (name === undefined) {
      name = `%${this.#names.size + 1}`;
      this.#names.set(result, name);
    }
    return name;
  }

  /** Loads of one cell are one value. */
  #first(load: Load): Load {
    return this.#loads.get(load.memory)?.find(({ offset }) => offset === load.offset) ?? load;
  }

  /** What is put into a block of memory, at which byte. */
  stored(memory: Memory): readonly Store[] {
    return this.#stores.get(memory) ?? [];
  }

  /** What is taken from a block of memory, the first byte first; one for each place. */
  loaded(memory: Memory): readonly Load[] {
    const loads = this.#loads.get(memory) ?? [];
    return loads.filter((load) => this.#first(load) === load).toSorted((a, b) => a.offset - b.offset);
  }

  /** The value at a byte of a struct: a result that was put there, one that is taken from there, or undefined. */
  at(memory: Memory, offset: number): string | undefined {
    const store = this.stored(memory).find((one) => one.offset === offset);
    if (store !== undefined) return this.of(store.from);
    const load = this.loaded(memory).find((one) => one.offset === offset);
    return load === undefined ? undefined : this.of(load);
  }

  /** The cell that a store fills, if it is one whose value is chosen among several. */
  cell(store: Store): Load | undefined {
    if (this.#given.has(store.memory) || this.stored(store.memory).length < 2) return undefined;
    return this.loaded(store.memory).find(({ offset }) => offset === store.offset);
  }
}

function add<T>(map: Map<Memory, T[]>, key: Memory, value: T): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

/** A number that stands in the plan from the beginning. */
function constant({ memory, offset, as }: Load): number {
  const view = new DataView(memory.bytes.buffer, memory.bytes.byteOffset);
  return as === "i32" ? view.getInt32(offset, true) : view.getUint32(offset, true);
}
