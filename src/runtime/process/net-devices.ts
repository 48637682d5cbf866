import { Check, Clone, cloneArgs, ifreqFlags, List, Memory, type Result, Wait } from "../../plan/index.ts";
import {
  ACK_BYTES,
  ACK_ERROR_AT,
  addressesRequest,
  addressRequest,
  type InterfaceAddress,
  moveRequest,
} from "./netlink.ts";

const AF_INET = 2;
const AF_NETLINK = 16;
const SOCK_DGRAM_CLOEXEC = 0o2000002;
const SOCK_RAW_CLOEXEC = 0o2000003;
const NETLINK_ROUTE = 0;
const SOL_NETLINK = 270;
const NETLINK_GET_STRICT_CHK = 12;
const MSG_DONTWAIT = 0x40;
const SIOCGIFINDEX = 0x8933;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;
const IFREQ_BYTES = 40;
const IFREQ_INDEX_AT = 16;
const O_CLOEXEC = 0o2000000;
const CLONE_NEWNET = 0x40000000;
const MOVE_MILLISECONDS = 30_000;
const ANSWER_BYTES = 16_384;
const ANSWERS = 4;

/** An interface of the host's that a container gets (`linux.netDevices`). */
export interface NetDevice {
  readonly name: string;
  /** Its name in the container. */
  readonly newName: string;
  readonly index: number;
  /** What it has of addresses when it is asked for: the kernel takes them away with the move. */
  readonly addresses: readonly InterfaceAddress[];
}

/** What is asked about an interface; the kernel's answers stand in memory that is to be exported. */
export interface NetDeviceQuestion {
  readonly index: Memory;
  readonly answers: readonly Memory[];
}

/** Asks for an interface's number and addresses. */
export function askNetDevice(list: List, name: string): NetDeviceQuestion {
  list.step(`network device ${name}`, "its addresses do not survive the move by themselves");
  const index = interfaceIndex(list, name);
  const socket = list.call("socket", AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE);
  const on = new Uint8Array(Int32Array.of(1).buffer);
  list.call("setsockopt", socket, SOL_NETLINK, NETLINK_GET_STRICT_CHK, on, 4);
  const { bytes, indexAt } = addressesRequest();
  const request = new Memory(bytes);
  list.store(list.load(index, IFREQ_INDEX_AT), request, indexAt);
  list.call("sendto", socket, request, bytes.length, 0, null, 0).expect(bytes.length).about(name);
  const answers = Array.from({ length: ANSWERS }, () => new Memory(ANSWER_BYTES));
  for (const answer of answers)
    list
      .call("recvfrom", socket, answer, ANSWER_BYTES, MSG_DONTWAIT, null, null)
      .accept("EAGAIN")
      .about(name);
  return { index, answers };
}

/** The number in the answer to {@link askNetDevice}. */
export function indexOf(answer: Uint8Array): number {
  return new DataView(answer.buffer, answer.byteOffset).getInt32(IFREQ_INDEX_AT, true);
}

/**
 * Moves interfaces into a process's network namespace, and gives them there their new names, their addresses, and makes
 * them go (config-linux.md, "Network Devices"). Performed with the host's rights while the process waits.
 */
export function moveNetDevices(keeper: List, process: Result, devices: readonly NetDevice[]): void {
  keeper.step("the container's network namespace", "it gets interfaces of the host's");
  const namespace = keeper.call("openat", process, "ns/net", O_CLOEXEC, 0);
  const socket = keeper.call("socket", AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE);
  for (const { name, newName, index } of devices) {
    keeper.step(`move ${name} into the container`, `there it is ${newName}, and the host has it no longer`);
    const { bytes, namespaceAt } = moveRequest(index, newName);
    const request = new Memory(bytes);
    keeper.store(namespace, request, namespaceAt);
    ask(keeper, socket, request, `network device ${name} as ${newName}`);
  }
  const settler = new List("network");
  settler.step("enter the container's network", "to set the interfaces up, with the host's rights over them");
  settler.call("setns", namespace, CLONE_NEWNET);
  const inside = settler.call("socket", AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE);
  for (const { newName, addresses } of devices) {
    settler.step(`set up ${newName}`, "it has its addresses again, and is up");
    const found = settler.load(interfaceIndex(settler, newName), IFREQ_INDEX_AT);
    for (const address of addresses) {
      const { bytes, indexAt } = addressRequest(address);
      const request = new Memory(bytes);
      settler.store(found, request, indexAt);
      ask(settler, inside, request, `an address of ${newName}`);
    }
    const ioctls = settler.call("socket", AF_INET, SOCK_DGRAM_CLOEXEC, 0);
    settler.call("ioctl", ioctls, SIOCSIFFLAGS, ifreqFlags(newName, IFF_UP)).about(newName);
  }
  const pid = keeper.add(new Clone(cloneArgs(0), settler));
  keeper.add(new Wait(pid, MOVE_MILLISECONDS)).object = "the network devices";
}

function interfaceIndex(list: List, name: string): Memory {
  const request = new Memory(IFREQ_BYTES);
  for (let i = 0; i < name.length; i++) request.bytes[i] = name.charCodeAt(i);
  const socket = list.call("socket", AF_INET, SOCK_DGRAM_CLOEXEC, 0);
  list.call("ioctl", socket, SIOCGIFINDEX, request).about(`network device ${name}`);
  list.call("close", socket);
  return request;
}

/** Sends a request and takes its acknowledgement for what it is. */
function ask(list: List, socket: Result, request: Memory, about: string): void {
  const { length } = request.bytes;
  list.call("sendto", socket, request, length, 0, null, 0).expect(length).about(about);
  const ack = new Memory(ACK_BYTES);
  list.call("recvfrom", socket, ack, ACK_BYTES, 0, null, null).about(about);
  list.add(new Check(ack, ACK_ERROR_AT, "u32", 0, "memory", 0xffffffff, about));
}
