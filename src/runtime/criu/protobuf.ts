import { utf8 } from "../../platform/utf8.ts";

/** A value of a field: a number or truth, text, a message; a list repeats the field; undefined leaves it out. */
export type FieldValue = number | boolean | string | Message | undefined;

/** A message of protocol buffers by field numbers (protobuf.dev/programming-guides/encoding). */
export type Message = { readonly [field: number]: FieldValue | readonly FieldValue[] };

const VARINT = 0;
const BYTES = 2;

/** Encodes a message, fields in ascending order. */
export function encodeMessage(message: Message): Uint8Array {
  const bytes: number[] = [];
  for (const field in message) {
    const value = message[field];
    for (const item of Array.isArray(value) ? (value as readonly FieldValue[]) : [value as FieldValue])
      if (item !== undefined) encodeField(bytes, Number(field), item);
  }
  return Uint8Array.from(bytes);
}

function encodeField(bytes: number[], field: number, value: Exclude<FieldValue, undefined>): void {
  if (typeof value === "number" || typeof value === "boolean") {
    varint(bytes, (field << 3) | VARINT);
    varint(bytes, Number(value));
    return;
  }
  const content = typeof value === "string" ? utf8.encode(value) : encodeMessage(value);
  varint(bytes, (field << 3) | BYTES);
  varint(bytes, content.length);
  for (const byte of content) bytes.push(byte);
}

function varint(bytes: number[], value: number): void {
  let rest = value >>> 0;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
}

/** A message's fields: numbers, and what is longer as bytes. Bytes that make no sense end it. */
export function decodeMessage(bytes: Uint8Array): ReadonlyMap<number, number | Uint8Array> {
  const fields = new Map<number, number | Uint8Array>();
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let shift = 0; at < bytes.length; shift += 7) {
      const byte = bytes[at++] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const key = next();
    if (key === 0) break;
    if ((key & 7) === VARINT) fields.set(key >>> 3, next());
    else if ((key & 7) === BYTES) {
      const length = next();
      fields.set(key >>> 3, bytes.subarray(at, at + length));
      at += length;
    } else break;
  }
  return fields;
}
