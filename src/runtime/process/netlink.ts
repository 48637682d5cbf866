import { utf8 } from "../../platform/utf8.ts";

/** Length and type of a message, of an interface's and of an address's head, of an attribute (netlink(7), rtnetlink(7)). */
const MESSAGE_BYTES = 16;
const LINK_BYTES = 16;
const ADDRESS_BYTES = 8;
const ATTRIBUTE_BYTES = 4;

const NLMSG_DONE = 3;
const RTM_NEWLINK = 16;
const RTM_NEWADDR = 20;
const RTM_GETADDR = 22;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_DUMP = 0x300;
const NLM_F_CREATE_EXCL = 0x600;
const IFLA_IFNAME = 3;
const IFLA_NET_NS_FD = 28;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_BROADCAST = 4;
const IFA_F_PERMANENT = 0x80;
const RT_SCOPE_UNIVERSE = 0;

/** Offset of the error number, negative or 0, in an acknowledgement. */
export const ACK_ERROR_AT = MESSAGE_BYTES;
/** Bytes an acknowledgement takes at most: the error, and the head of the message it is about. */
export const ACK_BYTES = 64;

/** An address of an interface, with what of it goes with the interface into another namespace. */
export interface InterfaceAddress {
  /** AF_INET or AF_INET6. */
  readonly family: number;
  readonly prefixLength: number;
  readonly local: Uint8Array | undefined;
  readonly address: Uint8Array | undefined;
  readonly broadcast: Uint8Array | undefined;
}

/** A request to move an interface into another network namespace, under another name. */
export function moveRequest(index: number, name: string): { bytes: Uint8Array; namespaceAt: number } {
  const { bytes, view } = message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, LINK_BYTES, [
    [IFLA_IFNAME, utf8.encode(`${name}\0`)],
    [IFLA_NET_NS_FD, new Uint8Array(4)],
  ]);
  view.setInt32(MESSAGE_BYTES + 4, index, true);
  return { bytes, namespaceAt: bytes.length - 4 };
}

/** A request for the addresses of one interface. */
export function addressesRequest(): { bytes: Uint8Array; indexAt: number } {
  const { bytes } = message(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, ADDRESS_BYTES, []);
  return { bytes, indexAt: MESSAGE_BYTES + 4 };
}

/** A request to give an interface an address. */
export function addressRequest(address: InterfaceAddress): { bytes: Uint8Array; indexAt: number } {
  const attributes: [number, Uint8Array][] = [];
  for (const [type, value] of [
    [IFA_LOCAL, address.local],
    [IFA_ADDRESS, address.address],
    [IFA_BROADCAST, address.broadcast],
  ] as const)
    if (value !== undefined) attributes.push([type, value]);
  const flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE_EXCL;
  const { bytes } = message(RTM_NEWADDR, flags, ADDRESS_BYTES, attributes);
  bytes[MESSAGE_BYTES] = address.family;
  bytes[MESSAGE_BYTES + 1] = address.prefixLength;
  return { bytes, indexAt: MESSAGE_BYTES + 4 };
}

function message(
  type: number,
  flags: number,
  head: number,
  attributes: readonly (readonly [type: number, value: Uint8Array])[],
): { bytes: Uint8Array; view: DataView } {
  let length = MESSAGE_BYTES + head;
  for (const [, value] of attributes) length += aligned(ATTRIBUTE_BYTES + value.length);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  let at = MESSAGE_BYTES + head;
  for (const [kind, value] of attributes) {
    view.setUint16(at, ATTRIBUTE_BYTES + value.length, true);
    view.setUint16(at + 2, kind, true);
    bytes.set(value, at + ATTRIBUTE_BYTES);
    at += aligned(ATTRIBUTE_BYTES + value.length);
  }
  return { bytes, view };
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}

/**
 * The addresses of an interface that were set up for it and mean the same everywhere: permanent, of global scope.
 *
 * @param answers to {@link addressesRequest}, one of them for each time something was received
 * @returns undefined if the last answer is missing
 */
export function readAddresses(answers: readonly Uint8Array[], index: number): InterfaceAddress[] | undefined {
  const addresses: InterfaceAddress[] = [];
  for (const answer of answers) {
    const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
    for (let at = 0; at + MESSAGE_BYTES <= answer.length; ) {
      const length = view.getUint32(at, true);
      const type = view.getUint16(at + 4, true);
      if (length < MESSAGE_BYTES || at + length > answer.length) break;
      if (type === NLMSG_DONE) return addresses;
      if (type === RTM_NEWADDR && view.getUint32(at + MESSAGE_BYTES + 4, true) === index) {
        const address = readAddress(answer.subarray(at + MESSAGE_BYTES, at + length));
        if (address !== undefined) addresses.push(address);
      }
      at += aligned(length);
    }
  }
  return undefined;
}

function readAddress(bytes: Uint8Array): InterfaceAddress | undefined {
  const [family = 0, prefixLength = 0, flags = 0, scope = 0] = bytes;
  if ((flags & IFA_F_PERMANENT) === 0 || scope !== RT_SCOPE_UNIVERSE) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: Record<number, Uint8Array> = {};
  for (let at = ADDRESS_BYTES; at + ATTRIBUTE_BYTES <= bytes.length; ) {
    const length = view.getUint16(at, true);
    if (length < ATTRIBUTE_BYTES || at + length > bytes.length) break;
    values[view.getUint16(at + 2, true)] = bytes.slice(at + ATTRIBUTE_BYTES, at + length);
    at += aligned(length);
  }
  return {
    family,
    prefixLength,
    local: values[IFA_LOCAL],
    address: values[IFA_ADDRESS],
    broadcast: values[IFA_BROADCAST],
  };
}
