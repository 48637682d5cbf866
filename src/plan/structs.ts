import { utf8 } from "../platform/utf8.ts";
import { Memory } from "./plan.ts";

/*
 * The kernel's structs that plans hand to system calls, as bytes. Layouts are those of the uapi headers on 64-bit
 * machines; structs.test.ts compares each with what the C compiler makes of the header.
 */

/** `openat2(2)`: struct open_how. `resolve` holds RESOLVE_* bits. */
export function openHow(flags: number, mode = 0, resolve = 0): Memory {
  const memory = new Memory(24);
  const words = new Int32Array(memory.bytes.buffer);
  words[0] = flags;
  words[2] = mode;
  words[4] = resolve;
  return memory;
}
/** Size that goes with {@link openHow}. */
export const OPEN_HOW_BYTES = 24;

/** `mount_setattr(2)`: struct mount_attr. `userns` is the place a Store puts an id-mapping descriptor into. */
export function mountAttr(set: number, clear = 0, propagation = 0): Memory {
  const memory = new Memory(32);
  const words = new Int32Array(memory.bytes.buffer);
  words[0] = set;
  words[2] = clear;
  words[4] = propagation;
  return memory;
}
export const MOUNT_ATTR_BYTES = 32;
/** Offset of `userns_fd` in struct mount_attr. */
export const MOUNT_ATTR_USERNS = 24;

const CLONE_PARENT = 0x8000;

/**
 * `clone3(2)`: struct clone_args; the signal the parent gets at the end is SIGCHLD, which with CLONE_PARENT may not
 * be said: it is then the cloning process's own.
 */
export function cloneArgs(flags: number): Memory {
  const memory = new Memory(88);
  const words = new Int32Array(memory.bytes.buffer);
  words[0] = flags;
  words[1] = Math.floor((flags >>> 0) / 0x100000000);
  words[8] = (flags & CLONE_PARENT) !== 0 ? 0 : 17;
  return memory;
}
/** Offset of `cgroup` (a directory's descriptor, with CLONE_INTO_CGROUP) in struct clone_args. */
export const CLONE_ARGS_CGROUP = 80;

/** Sets a flag above the 32nd bit, such as CLONE_INTO_CGROUP (bit 33). */
export function setHighFlag(args: Memory, bit: number): void {
  const words = new Int32Array(args.bytes.buffer);
  words[1] = (words[1] as number) | (1 << (bit - 32));
}

/** `seccomp(2)`: struct sock_fprog around an encoded filter (8 bytes an instruction). */
export function sockFprog(filter: Uint8Array): Memory {
  const memory = new Memory(16);
  new Uint16Array(memory.bytes.buffer)[0] = filter.length / 8;
  return memory.pointer(8, new Memory(filter));
}

/** `ppoll(2)`: one struct pollfd; the descriptor is stored at offset 0. */
export function pollfd(events: number): Memory {
  const memory = new Memory(8);
  memory.bytes[4] = events;
  memory.bytes[5] = events >> 8;
  return memory;
}

/** struct timespec (64 bit): seconds and nanoseconds. */
export function timespec(seconds: number, nanoseconds = 0): Memory {
  const memory = new Memory(16);
  if (seconds === 0 && nanoseconds === 0) return memory;
  const words = new Int32Array(memory.bytes.buffer);
  words[0] = seconds;
  words[2] = nanoseconds;
  return memory;
}

const UNLIMITED = 0xffffffff;

/** `prlimit(2)`: struct rlimit64; values are integers up to 2^53, or 2^64-1 (written -1) for "unlimited". */
export function rlimit64(soft: number, hard: number): Memory {
  const memory = new Memory(16);
  const words = new Uint32Array(memory.bytes.buffer);
  put64(words, 0, soft);
  put64(words, 2, hard);
  return memory;
}

function put64(words: Uint32Array, at: number, value: number): void {
  // JSON numbers lose the low bits of 2^64-1: whatever rounds to it is meant as RLIM_INFINITY.
  const unlimited = value < 0 || value >= 2 ** 63;
  words[at] = unlimited ? UNLIMITED : value >>> 0;
  words[at + 1] = unlimited ? UNLIMITED : Math.floor(value / 2 ** 32);
}

/** `capget(2)` version 3: struct __user_cap_header_struct. */
export function capHeader(): Memory {
  const memory = new Memory(8);
  new Uint32Array(memory.bytes.buffer)[0] = 0x20080522;
  return memory;
}

/** Message of `text` that carries one descriptor (SCM_RIGHTS, unix(7)). The descriptor stands at {@link DESCRIPTOR_AT}. */
export function descriptorMessage(text = "+"): { header: Memory; control: Memory } {
  const control = new Memory(24);
  const words = new Int32Array(control.bytes.buffer);
  words[0] = 20; // cmsg_len
  words[2] = 1; // SOL_SOCKET
  words[3] = 1; // SCM_RIGHTS
  const iov = new Memory(16).pointer(0, text);
  new Int32Array(iov.bytes.buffer)[2] = text.length;
  const header = new Memory(56).pointer(16, iov).pointer(32, control);
  const head = new Int32Array(header.bytes.buffer);
  head[6] = 1; // msg_iovlen
  head[10] = 24; // msg_controllen
  return { header, control };
}
/** The same with a text of several parts. `iov` has a struct iovec for each: its address, and its length in bytes at half of it. */
export function descriptorMessageOf(parts: readonly (string | Memory)[]): {
  header: Memory;
  control: Memory;
  iov: Memory;
} {
  const { header, control } = descriptorMessage();
  const iov = new Memory(IOVEC_BYTES * parts.length);
  const words = new Int32Array(iov.bytes.buffer);
  parts.forEach((part, i) => {
    iov.pointer(IOVEC_BYTES * i, part);
    words[4 * i + 2] = typeof part === "string" ? utf8.encode(part).length : part.bytes.length;
  });
  header.pointers = header.pointers?.filter(({ at }) => at !== 16);
  header.pointer(16, iov);
  new Int32Array(header.bytes.buffer)[6] = parts.length;
  return { header, control, iov };
}
/** `readv(2)`: struct iovec; the length stands at half of it. */
export const IOVEC_BYTES = 16;
/** Offset of the descriptor in the control message of {@link descriptorMessage}. */
export const DESCRIPTOR_AT = 16;

/** `netdevice(7)`: struct ifreq with a name and flags, for SIOCSIFFLAGS. */
export function ifreqFlags(name: string, flags: number): Memory {
  const memory = new Memory(40);
  for (let i = 0; i < name.length; i++) memory.bytes[i] = name.charCodeAt(i);
  new Int16Array(memory.bytes.buffer)[8] = flags;
  return memory;
}

const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
const BPF_CGROUP_DEVICE = 6;

/** `bpf(2)` BPF_PROG_LOAD: union bpf_attr for a program that decides on devices (8 bytes an instruction). */
export function bpfLoadDevice(program: Uint8Array, name: string): Memory {
  const memory = new Memory(72);
  const words = new Int32Array(memory.bytes.buffer);
  words[0] = BPF_PROG_TYPE_CGROUP_DEVICE;
  words[1] = program.length / 8;
  for (let i = 0; i < name.length; i++) memory.bytes[48 + i] = name.charCodeAt(i);
  words[17] = BPF_CGROUP_DEVICE;
  return memory.pointer(8, new Memory(program)).pointer(16, "Apache-2.0");
}

/** BPF_PROG_ATTACH and BPF_PROG_DETACH to a control group, whose descriptor comes first. */
export function bpfAttachDevice(flags = 0): Memory {
  const memory = new Memory(20);
  const words = new Int32Array(memory.bytes.buffer);
  words[2] = BPF_CGROUP_DEVICE;
  words[3] = flags;
  return memory;
}
/** Offsets of the program's descriptor, and of the one it takes the place of, in {@link bpfAttachDevice}. */
export const BPF_ATTACH_PROGRAM = 4;
export const BPF_ATTACH_REPLACES = 16;

/** BPF_PROG_QUERY: puts the ids of a control group's programs (its descriptor comes first) into `ids`. */
export function bpfQueryDevice(ids: Memory): Memory {
  const memory = new Memory(32);
  const words = new Int32Array(memory.bytes.buffer);
  words[1] = BPF_CGROUP_DEVICE;
  words[6] = ids.bytes.length / 4;
  return memory.pointer(16, ids);
}
/** Offset of the number of programs after {@link bpfQueryDevice}. */
export const BPF_QUERY_COUNT = 24;
