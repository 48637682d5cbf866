// Protocol Buffers' wire format, as far as tests need it (protobuf.dev/programming-guides/encoding): messages are
// plain objects, described by the names, numbers and types of their fields.

/** What a field holds; `[type]` is repeated. Integers are varints, numbers up to 2^53, negative ones included. */
export type FieldType = "string" | "bytes" | "int" | "bool" | Shape | readonly [FieldType];
/** A message's fields: name → number and type. */
export interface Shape {
  readonly [name: string]: readonly [number: number, type: FieldType];
}

// oxlint-disable-next-line typescript/no-explicit-any
export type Message = any;

/** `map<string, string>` on the wire; {@link entries} makes one of an object. */
export const stringMap: FieldType = [{ key: [1, "string"], value: [2, "string"] }];

export function entries(map: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(map).map(([key, value]) => ({ key, value }));
}

/** Bytes of a message. A field the shape does not know is an error of the test. */
export function encodeMessage(shape: Shape, message: Message): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(message)) {
    const [number, type] = shape[name] ?? [];
    if (number === undefined || type === undefined) throw new Error(`the message has no field ${name}`);
    for (const each of isRepeated(type) ? (value as unknown[]) : [value])
      parts.push(encodeField(number, isRepeated(type) ? type[0] : type, each));
  }
  return Buffer.concat(parts);
}

/** A message of its bytes: repeated fields are always there, others where they are; unknown ones are passed over. */
export function decodeMessage(shape: Shape, bytes: Uint8Array): Message {
  const message: Message = {};
  for (const [name, [, type]] of Object.entries(shape)) if (isRepeated(type)) message[name] = [];
  for (let at = 0; at < bytes.length; ) {
    const [key, afterKey] = readVarint(bytes, at);
    const wire = Number(key & 7n);
    const [name, [, type]] = Object.entries(shape).find(([, [number]]) => BigInt(number) === key >> 3n) ?? [
      undefined,
      [0, "bytes" as const],
    ];
    const [value, next] = readField(bytes, afterKey, wire, isRepeated(type) ? type[0] : type);
    at = next;
    if (name === undefined) continue;
    if (isRepeated(type)) message[name].push(value);
    else message[name] = value;
  }
  return message;
}

function isRepeated(type: FieldType): type is readonly [FieldType] {
  return Array.isArray(type);
}

const VARINT = 0;
const LENGTH = 2;

function encodeField(number: number, type: FieldType, value: unknown): Buffer {
  const key = (wire: number): Buffer => varint(BigInt((number << 3) | wire));
  if (type === "int" || type === "bool") return Buffer.concat([key(VARINT), varint(BigInt(Number(value)))]);
  const content =
    type === "string" || type === "bytes"
      ? Buffer.from(value as string)
      : encodeMessage(type as Shape, value as Message);
  return Buffer.concat([key(LENGTH), varint(BigInt(content.length)), content]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

function readVarint(bytes: Uint8Array, from: number): [value: bigint, next: number] {
  let value = 0n;
  for (let at = from, shift = 0n; ; at++, shift += 7n) {
    const byte = bytes[at];
    if (byte === undefined) throw new Error("the message ends within a number");
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return [value, at + 1];
  }
}

function readField(bytes: Uint8Array, from: number, wire: number, type: FieldType): [unknown, number] {
  if (wire === VARINT) {
    const [value, next] = readVarint(bytes, from);
    return [type === "bool" ? value !== 0n : Number(BigInt.asIntN(64, value)), next];
  }
  if (wire !== LENGTH) throw new Error(`a field of the wire type ${wire}, which no message here has`);
  const [length, begin] = readVarint(bytes, from);
  const end = begin + Number(length);
  const content = bytes.subarray(begin, end);
  if (type === "string") return [Buffer.from(content).toString("utf8"), end];
  if (typeof type === "object") return [decodeMessage(type as Shape, content), end];
  return [content, end];
}
