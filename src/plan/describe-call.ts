import { type Arg, type Call, Memory, type Operation, Result } from "./plan.ts";

/*
 * Operations as text, in the manner of strace(1): `%3 = openat2(%1, "proc", {O_PATH, RESOLVE_IN_ROOT}, 24)`.
 * Results are numbered in the order they are first shown.
 */

/** Gives numbers to results as a person meets them. */
export class ResultNames {
  readonly #names = new Map<Result, string>();

  name(result: Result): string {
    let name = this.#names.get(result);
    if (name === undefined) {
      name = `%${this.#names.size + 1}`;
      this.#names.set(result, name);
    }
    return name;
  }

  known(result: Result): boolean {
    return this.#names.has(result);
  }
}

/** One line for one operation; `used` tells which results later operations refer to. */
export function describeOperation(
  operation: Operation,
  names: ResultNames,
  used: ReadonlySet<Result>,
): string {
  const text = describeBare(operation, names);
  return used.has(operation) ? `${names.name(operation)} = ${text}` : text;
}

/** Results that some operation of these lists takes as an argument. */
export function usedResults(operations: Iterable<Operation>): Set<Result> {
  const used = new Set<Result>();
  for (const operation of operations) for (const result of references(operation)) used.add(result);
  return used;
}

function references(operation: Operation): Result[] {
  switch (operation.kind) {
    case "call":
      return operation.args.filter((arg): arg is Result => arg instanceof Result);
    case "store":
      return [operation.from];
    case "when":
      return [operation.on, ...operation.body.flatMap(references)];
    case "wait":
      return [operation.pid];
    case "kill-all":
      return [operation.fd];
    case "keep":
      return [operation.options.pid];
    default:
      return [];
  }
}

function describeBare(operation: Operation, names: ResultNames): string {
  switch (operation.kind) {
    case "call":
      return describeCall(operation, names);
    case "store":
      return `put ${names.name(operation.from)} into the argument of a later call`;
    case "load":
      return "a number that an earlier call left in memory";
    case "check":
      return `check ${operation.object ?? "what the call answered"}`;
    case "when":
      return `if ${names.name(operation.on)} ${operation.condition}:`;
    case "clone":
      return `clone3({${describeCloneFlags(operation.args)}}) → ${operation.list.process}`;
    case "wait":
      return `wait for ${names.name(operation.pid)} to exit with 0`;
    case "exec":
      return `execve(${operation.paths.map(quote).join(" or ")}, [${operation.argv.map((a) => (a instanceof Memory ? "…" : quote(a))).join(", ")}])`;
    case "init":
      return `clone() → ${operation.list.process}, and stay as pid 1: forward signals, reap`;
    case "kill-all":
      return `kill every process listed in ${names.name(operation.fd)}`;
    case "keep":
      return `wait for ${names.name(operation.options.pid)}, forward signals, pass on its exit status`;
  }
}

function describeCall(call: Call, names: ResultNames): string {
  const formats = argumentFormats[call.name];
  const args = call.args.map((arg, i) => describeArg(arg, formats?.[i], names, call.args[i + 1]));
  let text = `${call.name}(${args.join(", ")})`;
  if (call.accepted !== undefined) text += ` or ${call.accepted.join(", ")}`;
  return text;
}

function describeArg(
  arg: Arg,
  format: Format | undefined,
  names: ResultNames,
  next: Arg | undefined,
): string {
  if (arg === null) return "NULL";
  if (typeof arg === "string") return quote(arg);
  if (arg instanceof Result) return names.name(arg);
  if (arg instanceof Memory) return format === undefined ? `{${arg.bytes.length} bytes}` : format(arg);
  if (arg instanceof Uint8Array) return `{${typeof next === "number" ? next : arg.length} bytes}`;
  return format === undefined ? `${arg}` : format(arg);
}

function quote(text: string): string {
  const shown = text.length > 96 ? `${text.slice(0, 96)}…` : text;
  return JSON.stringify(shown);
}

type Format = (value: number | bigint | Memory) => string;

/** A format for words made of flags: what has no name is shown as a number. */
function flags(table: Readonly<Record<string, number>>, zero = "0"): Format {
  return (value) => {
    if (value instanceof Memory) return `{${value.bytes.length} bytes}`;
    let rest = Number(value);
    const found: string[] = [];
    for (const name in table) {
      const bits = table[name] as number;
      if (bits !== 0 && bitsOf(rest, bits)) {
        found.push(name);
        rest -= bits;
      }
    }
    if (rest !== 0) found.push(`0x${(rest < 0 ? rest >>> 0 : rest).toString(16)}`);
    return found.length > 0 ? found.join("|") : zero;
  };
}

function bitsOf(value: number, bits: number): boolean {
  return (BigInt(value) & BigInt(bits)) === BigInt(bits);
}

function one(table: Readonly<Record<number, string>>): Format {
  return (value) => (value instanceof Memory ? "{…}" : (table[Number(value)] ?? `${value}`));
}

const octal: Format = (value) => (value instanceof Memory ? "{…}" : `0${value.toString(8)}`);
const directory: Format = (value) => (Number(value) === -100 ? "AT_FDCWD" : `${value}`);

const openFlags = {
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_NOCTTY: 0o400,
  O_TRUNC: 0o1000,
  O_NONBLOCK: 0o4000,
  O_DIRECTORY: 0o200000,
  O_NOFOLLOW: 0o400000,
  O_CLOEXEC: 0o2000000,
  O_PATH: 0o10000000,
};
const resolveFlags = {
  RESOLVE_NO_XDEV: 1,
  RESOLVE_NO_MAGICLINKS: 2,
  RESOLVE_NO_SYMLINKS: 4,
  RESOLVE_BENEATH: 8,
  RESOLVE_IN_ROOT: 16,
};
const atFlags = {
  AT_SYMLINK_NOFOLLOW: 0x100,
  AT_REMOVEDIR: 0x200,
  AT_EMPTY_PATH: 0x1000,
  AT_RECURSIVE: 0x8000,
};
const mountFlags = {
  MS_RDONLY: 1,
  MS_NOSUID: 2,
  MS_NODEV: 4,
  MS_NOEXEC: 8,
  MS_REMOUNT: 32,
  MS_BIND: 4096,
  MS_MOVE: 8192,
  MS_REC: 16384,
  MS_UNBINDABLE: 1 << 17,
  MS_PRIVATE: 1 << 18,
  MS_SLAVE: 1 << 19,
  MS_SHARED: 1 << 20,
};
const mountAttributes = {
  MOUNT_ATTR_RDONLY: 1,
  MOUNT_ATTR_NOSUID: 2,
  MOUNT_ATTR_NODEV: 4,
  MOUNT_ATTR_NOEXEC: 8,
  MOUNT_ATTR_NOATIME: 16,
  MOUNT_ATTR_STRICTATIME: 32,
  MOUNT_ATTR_NODIRATIME: 128,
  MOUNT_ATTR_IDMAP: 0x100000,
  MOUNT_ATTR_NOSYMFOLLOW: 0x200000,
};
const cloneFlags = {
  CLONE_NEWTIME: 0x80,
  CLONE_PARENT: 0x8000,
  CLONE_NEWNS: 0x20000,
  CLONE_NEWCGROUP: 0x2000000,
  CLONE_NEWUTS: 0x4000000,
  CLONE_NEWIPC: 0x8000000,
  CLONE_NEWUSER: 0x10000000,
  CLONE_NEWPID: 0x20000000,
  CLONE_NEWNET: 0x40000000,
  CLONE_INTO_CGROUP: 0x200000000,
};
const openTreeFlags = { OPEN_TREE_CLONE: 1, OPEN_TREE_CLOEXEC: 0o2000000, ...atFlags };
const fsconfigCommands = {
  0: "FSCONFIG_SET_FLAG",
  1: "FSCONFIG_SET_STRING",
  2: "FSCONFIG_SET_BINARY",
  3: "FSCONFIG_SET_PATH",
  4: "FSCONFIG_SET_PATH_EMPTY",
  5: "FSCONFIG_SET_FD",
  6: "FSCONFIG_CMD_CREATE",
  7: "FSCONFIG_CMD_RECONFIGURE",
};
const prctlOptions = {
  1: "PR_SET_PDEATHSIG",
  4: "PR_SET_DUMPABLE",
  8: "PR_SET_KEEPCAPS",
  24: "PR_CAPBSET_DROP",
  38: "PR_SET_NO_NEW_PRIVS",
  47: "PR_CAP_AMBIENT",
};

function describeCloneFlags(args: Memory): string {
  const words = new Uint32Array(args.bytes.buffer, args.bytes.byteOffset, 2);
  return flags(cloneFlags)((words[0] as number) + (words[1] as number) * 2 ** 32);
}

const openHowFormat: Format = (value) => {
  if (!(value instanceof Memory)) return `${value}`;
  const words = new Int32Array(value.bytes.buffer, value.bytes.byteOffset, 6);
  const mode = words[2] as number;
  const shown = [flags(openFlags, "O_RDONLY")(words[0] as number)];
  if (mode !== 0) shown.push(octal(mode));
  if (words[4] !== 0) shown.push(flags(resolveFlags)(words[4] as number));
  return `{${shown.join(", ")}}`;
};

const mountAttrFormat: Format = (value) => {
  if (!(value instanceof Memory)) return `${value}`;
  const words = new Int32Array(value.bytes.buffer, value.bytes.byteOffset, 6);
  const shown: string[] = [];
  if (words[0] !== 0) shown.push(`set ${flags(mountAttributes)(words[0] as number)}`);
  if (words[2] !== 0) shown.push(`clear ${flags(mountAttributes)(words[2] as number)}`);
  if (words[4] !== 0) shown.push(`propagation ${flags(mountFlags)(words[4] as number)}`);
  return `{${shown.join(", ")}}`;
};

const open = flags(openFlags, "O_RDONLY");
const at = flags(atFlags);

const argumentFormats: Readonly<Record<string, readonly (Format | undefined)[]>> = {
  openat: [directory, undefined, open, octal],
  openat2: [directory, undefined, openHowFormat],
  mkdirat: [directory, undefined, octal],
  mknodat: [directory, undefined, octal],
  unlinkat: [directory, undefined, at],
  fchmodat: [directory, undefined, octal],
  fchmod: [undefined, octal],
  fchownat: [directory, undefined, undefined, undefined, at],
  symlinkat: [undefined, directory],
  mount: [undefined, undefined, undefined, flags(mountFlags)],
  umount2: [undefined, flags({ MNT_FORCE: 1, MNT_DETACH: 2 })],
  open_tree: [directory, undefined, flags(openTreeFlags)],
  move_mount: [
    directory,
    undefined,
    directory,
    undefined,
    flags({
      MOVE_MOUNT_F_SYMLINKS: 1,
      MOVE_MOUNT_F_EMPTY_PATH: 4,
      MOVE_MOUNT_T_SYMLINKS: 16,
      MOVE_MOUNT_T_EMPTY_PATH: 64,
    }),
  ],
  mount_setattr: [directory, undefined, at, mountAttrFormat],
  fsopen: [undefined, flags({ FSOPEN_CLOEXEC: 1 })],
  fsconfig: [undefined, one(fsconfigCommands)],
  fsmount: [undefined, flags({ FSMOUNT_CLOEXEC: 1 }), flags(mountAttributes)],
  unshare: [flags(cloneFlags)],
  setns: [undefined, flags(cloneFlags, "any")],
  prctl: [one(prctlOptions)],
  seccomp: [one({ 1: "SECCOMP_SET_MODE_FILTER" })],
  umask: [octal],
  personality: [one({ 0: "PER_LINUX", 8: "PER_LINUX32" })],
  dup3: [undefined, undefined, open],
};
