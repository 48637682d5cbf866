import { Reader, type Variant, Writer } from "./marshal.ts";

const METHOD_CALL = 1;
const METHOD_RETURN = 2;
const ERROR = 3;
const SIGNAL = 4;
/** Bytes before the header's fields, whose length they end with. */
const FIXED_BYTES = 16;
/** A message's limit in the specification. */
const MOST_BYTES = 128 * 1024 * 1024;

/** Header fields by their code. */
const fields = {
  path: 1,
  interface: 2,
  member: 3,
  errorName: 4,
  replySerial: 5,
  destination: 6,
  signature: 8,
};

/** A call of a method. */
export interface MethodCall {
  /** Whose method it is; absent on a connection without a bus in between. */
  readonly destination?: string | undefined;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly unknown[];
}

/** A message that came in; those of unknown kinds are "other". */
export interface Message {
  readonly kind: "return" | "error" | "signal" | "other";
  /** The call it answers. */
  readonly replySerial: number | undefined;
  readonly path: string | undefined;
  readonly interface: string | undefined;
  readonly member: string | undefined;
  readonly errorName: string | undefined;
  readonly body: readonly unknown[];
}

/** A call as bytes (D-Bus Specification, "Message Format"). */
export function encodeCall(serial: number, call: MethodCall): Uint8Array {
  const { signature = "", body = [] } = call;
  const content = new Writer().values(signature, body).bytes();
  const header: [number, Variant][] = [
    [fields.path, { type: "o", value: call.path }],
    [fields.interface, { type: "s", value: call.interface }],
    [fields.member, { type: "s", value: call.member }],
  ];
  if (call.destination !== undefined)
    header.push([fields.destination, { type: "s", value: call.destination }]);
  if (signature !== "") header.push([fields.signature, { type: "g", value: signature }]);
  const writer = new Writer();
  writer.values("yyyyuua(yv)", ["l".charCodeAt(0), METHOD_CALL, 0, 1, content.length, serial, header]);
  writer.align(8);
  const bytes = new Uint8Array(writer.length + content.length);
  bytes.set(writer.bytes());
  bytes.set(content, writer.length);
  return bytes;
}

/**
 * Takes the first message from bytes that came in.
 *
 * @returns the message and how many bytes it took; undefined while it is not whole
 * @throws RangeError for bytes that are no message
 */
export function decodeMessage(bytes: Uint8Array): { message: Message; size: number } | undefined {
  if (bytes.length < FIXED_BYTES) return undefined;
  const little = bytes[0] === "l".charCodeAt(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const bodySize = view.getUint32(4, little);
  const start = Math.ceil((FIXED_BYTES + view.getUint32(12, little)) / 8) * 8;
  const size = start + bodySize;
  if (size > MOST_BYTES) throw new RangeError("a message that is too long");
  if (bytes.length < size) return undefined;
  const reader = new Reader(bytes.subarray(0, start), little);
  reader.at = FIXED_BYTES - 4;
  const found = new Map<number, unknown>();
  for (const [code, { value }] of reader.value("a(yv)") as [number, Variant][]) found.set(code, value);
  const text = (code: number): string | undefined => found.get(code) as string | undefined;
  const kinds: Readonly<Record<number, Message["kind"]>> = {
    [METHOD_RETURN]: "return",
    [ERROR]: "error",
    [SIGNAL]: "signal",
  };
  const message: Message = {
    kind: kinds[bytes[1] as number] ?? "other",
    replySerial: found.get(fields.replySerial) as number | undefined,
    path: text(fields.path),
    interface: text(fields.interface),
    member: text(fields.member),
    errorName: text(fields.errorName),
    body: new Reader(bytes.subarray(start, size), little).values(text(fields.signature) ?? ""),
  };
  return { message, size };
}
