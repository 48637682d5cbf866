/**
 * Values of D-Bus as bytes, little endian (D-Bus Specification, "Marshaling").
 *
 * Integers are numbers, or bigints for `x` and `t` (numbers are taken too); arrays and structs are arrays; a dict
 * entry is a pair; a variant is a {@link Variant}.
 */
export interface Variant {
  readonly type: string;
  readonly value: unknown;
}

const alignments: Readonly<Record<string, number>> = {
  ...{ y: 1, g: 1, v: 1, n: 2, q: 2, b: 4, i: 4, u: 4, s: 4, o: 4, a: 4, x: 8, t: 8, d: 8 },
  ...{ "(": 8, "{": 8 },
};

/** The complete types of a signature: `sa(sv)u` has `s`, `a(sv)` and `u`. */
export function typesOf(signature: string): string[] {
  const types: string[] = [];
  for (let at = 0; at < signature.length; ) {
    const end = endOfType(signature, at);
    types.push(signature.slice(at, end));
    at = end;
  }
  return types;
}

function endOfType(signature: string, from: number): number {
  let at = from;
  while (signature[at] === "a") at++;
  if (signature[at] !== "(" && signature[at] !== "{") return at + 1;
  let depth = 0;
  for (; at < signature.length; at++) {
    if (signature[at] === "(" || signature[at] === "{") depth++;
    else if ((signature[at] === ")" || signature[at] === "}") && --depth === 0) break;
  }
  return at + 1;
}

/** Writes values, each aligned from the beginning of what has been written. */
export class Writer {
  #bytes = new Uint8Array(512);
  #view = new DataView(this.#bytes.buffer);
  length = 0;

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** Pads with zeros to a multiple of `alignment`. */
  align(alignment: number): void {
    this.#reserve(alignment);
    this.length = Math.ceil(this.length / alignment) * alignment;
  }

  values(signature: string, values: readonly unknown[]): this {
    const types = typesOf(signature);
    for (let i = 0; i < types.length; i++) this.value(types[i] as string, values[i]);
    return this;
  }

  value(type: string, value: unknown): void {
    const kind = type[0] as string;
    this.align(alignments[kind] as number);
    switch (kind) {
      case "y":
        return this.#put(1, (view, at) => view.setUint8(at, value as number));
      case "n":
        return this.#put(2, (view, at) => view.setInt16(at, value as number, true));
      case "q":
        return this.#put(2, (view, at) => view.setUint16(at, value as number, true));
      case "b":
        return this.#put(4, (view, at) => view.setUint32(at, value === true ? 1 : 0, true));
      case "i":
        return this.#put(4, (view, at) => view.setInt32(at, value as number, true));
      case "u":
        return this.#put(4, (view, at) => view.setUint32(at, value as number, true));
      case "x":
      case "t":
        return this.#put(8, (view, at) =>
          view.setBigInt64(at, BigInt.asIntN(64, BigInt(value as bigint)), true),
        );
      case "d":
        return this.#put(8, (view, at) => view.setFloat64(at, value as number, true));
      case "s":
      case "o":
        return this.#text(value as string, 4);
      case "g":
        return this.#text(value as string, 1);
      case "v": {
        const variant = value as Variant;
        this.#text(variant.type, 1);
        return this.value(variant.type, variant.value);
      }
      case "a":
        return this.#array(type.slice(1), value as readonly unknown[]);
      default:
        this.values(type.slice(1, -1), value as readonly unknown[]);
    }
  }

  #array(type: string, values: readonly unknown[]): void {
    const at = this.length;
    this.#put(4, () => {});
    this.align(alignments[type[0] as string] as number);
    const start = this.length;
    for (const value of values) this.value(type, value);
    this.#view.setUint32(at, this.length - start, true);
  }

  #text(text: string, lengthBytes: 1 | 4): void {
    const bytes = new TextEncoder().encode(text);
    if (lengthBytes === 1) this.#put(1, (view, at) => view.setUint8(at, bytes.length));
    else this.#put(4, (view, at) => view.setUint32(at, bytes.length, true));
    this.#reserve(bytes.length + 1);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length + 1;
  }

  #put(size: number, set: (view: DataView, at: number) => void): void {
    this.#reserve(size);
    set(this.#view, this.length);
    this.length += size;
  }

  #reserve(size: number): void {
    if (this.length + size <= this.#bytes.length) return;
    const more = new Uint8Array(2 * (this.length + size));
    more.set(this.bytes());
    this.#bytes = more;
    this.#view = new DataView(more.buffer);
  }
}

/** Reads values that {@link Writer} or another program wrote; one outside of the bytes is a RangeError. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;
  at = 0;

  constructor(bytes: Uint8Array, little = true) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#little = little;
  }

  align(alignment: number): void {
    this.at = Math.ceil(this.at / alignment) * alignment;
  }

  values(signature: string): unknown[] {
    return typesOf(signature).map((type) => this.value(type));
  }

  value(type: string): unknown {
    const kind = type[0] as string;
    const alignment = alignments[kind];
    if (alignment === undefined) throw new RangeError(`unknown type "${kind}"`);
    this.align(alignment);
    const view = this.#view;
    const little = this.#little;
    switch (kind) {
      case "y":
        return view.getUint8(this.#skip(1));
      case "n":
        return view.getInt16(this.#skip(2), little);
      case "q":
        return view.getUint16(this.#skip(2), little);
      case "b":
        return view.getUint32(this.#skip(4), little) === 1;
      case "i":
        return view.getInt32(this.#skip(4), little);
      case "u":
        return view.getUint32(this.#skip(4), little);
      case "x":
        return view.getBigInt64(this.#skip(8), little);
      case "t":
        return view.getBigUint64(this.#skip(8), little);
      case "d":
        return view.getFloat64(this.#skip(8), little);
      case "s":
      case "o":
        return this.#text(view.getUint32(this.#skip(4), little));
      case "g":
        return this.#text(view.getUint8(this.#skip(1)));
      case "v": {
        const inner = this.value("g") as string;
        return { type: inner, value: this.value(inner) } satisfies Variant;
      }
      case "a":
        return this.#array(type.slice(1));
      default:
        return this.values(type.slice(1, -1));
    }
  }

  #array(type: string): unknown[] {
    const size = this.value("u") as number;
    this.align(alignments[type[0] as string] ?? 1);
    const end = this.at + size;
    if (end > this.#bytes.length) throw new RangeError("an array that is longer than its message");
    const values: unknown[] = [];
    while (this.at < end) {
      const from = this.at;
      values.push(this.value(type));
      if (this.at === from) throw new RangeError("an array of nothing");
    }
    return values;
  }

  #text(length: number): string {
    const from = this.#skip(length + 1);
    if (this.at > this.#bytes.length) throw new RangeError("a text that is longer than its message");
    return new TextDecoder().decode(this.#bytes.subarray(from, from + length));
  }

  #skip(size: number): number {
    const at = this.at;
    this.at += size;
    return at;
  }
}
