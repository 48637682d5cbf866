import { type Call, Memory } from "../plan.ts";
import * as names from "./flags.ts";
import type { Names } from "./names.ts";
import { bytesText, quoteText, sizeText } from "./text.ts";

/** How one argument of a system call is shown: a number or a block of memory. */
export type Format = (value: number | bigint | Memory, context: Context) => string;

export interface Context {
  readonly call: Call;
  readonly names: Names;
}

/** Words made of flags: what has no name is shown as a number. */
export function flags(table: Readonly<Record<string, number>>, zero = "0"): Format {
  return (value) => (value instanceof Memory ? "{…}" : flagWords(Number(value), table, zero));
}

export function flagWords(value: number, table: Readonly<Record<string, number>>, zero = "0"): string {
  let rest = BigInt(value < 0 ? value >>> 0 : value);
  const found: string[] = [];
  for (const name in table) {
    const bits = BigInt(table[name] as number);
    if ((rest & bits) !== bits) continue;
    found.push(name);
    rest -= bits;
  }
  if (rest !== 0n) found.push(`0x${rest.toString(16)}`);
  return found.length > 0 ? found.join("|") : zero;
}

/** One of several. */
export function one(table: Readonly<Record<number, string>>): Format {
  return (value) => (value instanceof Memory ? "{…}" : (table[Number(value)] ?? `${value}`));
}

export const octal: Format = (value) => (Number(value) === 0 ? "0" : `0${value.toString(8)}`);
export const directory: Format = (value) => (Number(value) === -100 ? "AT_FDCWD" : `${value}`);
/** -1 stands for "leave it as it is". */
export const id: Format = (value) => `${Number(value) === 0xffffffff ? -1 : value}`;

const OPEN_MODES = ["O_RDONLY", "O_WRONLY", "O_RDWR"];
const O_PATH = 0o10000000;

function openWords(value: number): string {
  const rest = flagWords(value & ~3, names.openFlags, "");
  if ((value & O_PATH) !== 0) return rest;
  const mode = OPEN_MODES[value & 3] ?? "3";
  return rest === "" ? mode : `${mode}|${rest}`;
}

export const open: Format = (value) => openWords(Number(value));

/** dup3(2) and the like take O_CLOEXEC or nothing. */
export const closeOnExec: Format = flags({ O_CLOEXEC: 0o2000000, O_NONBLOCK: 0o4000 });

/** `S_IFCHR|0666` */
export const mode: Format = (value) => {
  const bits = Number(value);
  const type = names.fileTypes[bits & 0o170000];
  const rest = bits & 0o7777;
  const permissions = rest === 0 ? "0" : `0${rest.toString(8)}`;
  return type === undefined ? permissions : `${type}|${permissions}`;
};

/** A device number (new_decode_dev in linux/kdev_t.h). */
export const device: Format = (value) => {
  const number = Number(value);
  if (number === 0) return "0";
  return `makedev(${(number >>> 8) & 0xfff}, ${(number & 0xff) | ((number >>> 12) & 0xfff00)})`;
};

export const socketType: Format = (value) => {
  const number = Number(value);
  const type = names.socketTypes[number & 0xf] ?? `${number & 0xf}`;
  const more = flagWords(number & ~0xf, names.socketFlags, "");
  return more === "" ? type : `${type}|${more}`;
};

function words(memory: Memory): Int32Array {
  return new Int32Array(memory.bytes.buffer, memory.bytes.byteOffset, memory.bytes.length >> 2);
}

/** A struct, or the number that stands where one could. */
function struct(show: (memory: Memory, words: Int32Array, context: Context) => string): Format {
  return (value, context) => (value instanceof Memory ? show(value, words(value), context) : `${value}`);
}

export const openHow = struct((_, [flags = 0, , mode = 0, , resolve = 0]) => {
  const shown = [openWords(flags)];
  if (mode !== 0) shown.push(`0${mode.toString(8)}`);
  if (resolve !== 0) shown.push(flagWords(resolve, names.resolveFlags));
  return `{${shown.join(", ")}}`;
});

export const mountAttr = struct((memory, [set = 0, , clear = 0, , propagation = 0], { names: results }) => {
  const shown: string[] = [];
  if (set !== 0) shown.push(`set ${flagWords(set, names.mountAttributes)}`);
  if (clear !== 0) shown.push(`clear ${flagWords(clear, names.mountAttributes)}`);
  if (propagation !== 0) shown.push(`propagation ${flagWords(propagation, names.mountFlags)}`);
  const userns = results.at(memory, 24);
  if (userns !== undefined) shown.push(`userns ${userns}`);
  return `{${shown.join(", ")}}`;
});

const UNLIMITED = 0xffffffff;

/** struct rlimit64 */
export const rlimit = struct((memory, _, { names: results }) => {
  const halves = new Uint32Array(memory.bytes.buffer, memory.bytes.byteOffset, 4);
  const value = (at: number): string => {
    const [low = 0, high = 0] = halves.subarray(at, at + 2);
    if (high === UNLIMITED && low === UNLIMITED) return "RLIM_INFINITY";
    return results.at(memory, at * 4) ?? `${low + high * 2 ** 32}`;
  };
  return `{soft=${value(0)}, hard=${value(2)}}`;
});

/** struct pollfd */
export const poll = struct((memory, [, events = 0], { names: results }) => {
  return `[{${results.at(memory, 0) ?? "fd"}, ${flagWords(events & 0xffff, names.pollEvents)}}]`;
});

/** struct timespec */
export const time = struct((_, [seconds = 0, , nanoseconds = 0]) =>
  seconds === 0 && nanoseconds === 0 ? "no time" : `${seconds + nanoseconds / 1e9} s`,
);

/** struct winsize */
export const window = struct((memory) => {
  const [rows, columns] = new Uint16Array(memory.bytes.buffer, memory.bytes.byteOffset, 2);
  return `{${rows} rows, ${columns} columns}`;
});

/** struct ifreq with flags */
export const ifreq = struct((memory) => {
  const end = memory.bytes.indexOf(0);
  const bits = new Uint16Array(memory.bytes.buffer, memory.bytes.byteOffset, 9)[8] ?? 0;
  const table = { IFF_UP: 1, IFF_RUNNING: 0x40 };
  return `{${quoteText(new TextDecoder().decode(memory.bytes.subarray(0, end)))}, ${flagWords(bits, table)}}`;
});

/** struct sock_fprog */
export const filter = struct((memory) => {
  return `{${new Uint16Array(memory.bytes.buffer, memory.bytes.byteOffset, 1)[0]} instructions}`;
});

/** Version 3 of the capability structs: effective, permitted and inheritable, the low words first. */
export const capabilities = struct((memory) => {
  const sets = new Uint32Array(memory.bytes.buffer, memory.bytes.byteOffset, 6);
  const hex = (at: number): string => {
    const value = BigInt(sets[at + 3] ?? 0) * 2n ** 32n + BigInt(sets[at] ?? 0);
    return value === 0n ? "0" : `0x${value.toString(16)}`;
  };
  return `{effective=${hex(0)}, permitted=${hex(1)}, inheritable=${hex(2)}}`;
});
export const capabilityHeader = struct(() => "{version 3, this thread}");

/** struct msghdr of one message: its bytes, and the descriptor that goes or comes with it. */
export const message = struct((memory, _, { names: results }) => {
  const inner = (memory.pointers ?? []).map(({ to }) => to).filter((to) => to instanceof Memory);
  const fd = inner.map((control) => results.at(control, 16)).find((name) => name !== undefined);
  return fd === undefined ? "{…}" : `{SCM_RIGHTS [${fd}]}`;
});

/** Numbers of groups, as setgroups(2) takes them. */
export const groups: Format = (value) => {
  if (!(value instanceof Memory)) return `${value}`;
  const ids = new Uint32Array(value.bytes.buffer, value.bytes.byteOffset, value.bytes.length >> 2);
  return `[${ids.join(", ")}]`;
};

/** What else a block holds: results put into it, results it will yield, or text. */
export const block: Format = (value, { names: results }) => {
  if (!(value instanceof Memory)) return `${value}`;
  const stores = results.stored(value);
  const loads = results.loaded(value);
  if (stores.length > 0) return storedText(value, results);
  if (loads.length > 0) return `[${loads.map((load) => results.of(load)).join(", ")}]`;
  return value.bytes.some((byte) => byte !== 0) ? bytesText(value.bytes) : sizeText(value.bytes);
};

/** Text with the digits of a number in it (`/proc/%5`), or the number alone. */
export function storedText(memory: Memory, results: Names): string {
  const [store] = results.stored(memory);
  if (store === undefined) return bytesText(memory.bytes);
  const before = new TextDecoder().decode(memory.bytes.subarray(0, store.offset));
  const name = results.of(store.from);
  return store.as === "decimal" ? JSON.stringify(`${before}${name}`) : `{${name}}`;
}
