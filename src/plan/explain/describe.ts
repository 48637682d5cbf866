import {
  type Arg,
  type Call,
  type Check,
  type Exec,
  type Keep,
  Memory,
  type Operation,
  Result,
} from "../plan.ts";
import { argumentFormats, ioctlArguments } from "./calls.ts";
import { ambientOptions, cloneFlags, fileTypes, signals } from "./flags.ts";
import { block, flagWords, storedText } from "./formats.ts";
import type { Names } from "./names.ts";
import { listText, quoteText } from "./text.ts";

const O_CREAT = 0o100;
const PR_SET_PDEATHSIG = 1;
const PR_CAPBSET_DROP = 24;
const PR_CAP_AMBIENT = 47;

/**
 * One line for one operation, in the manner of strace(1): `%3 = openat2(%1, "proc", {O_PATH, RESOLVE_IN_ROOT}, 24)`.
 * Undefined for what only carries a result from one call to another: there it is named.
 */
export function describeOperation(operation: Operation, names: Names): string | undefined {
  const text = describeBare(operation, names);
  if (text === undefined || operation.kind === "store") return text;
  return names.isUsed(operation) ? `${names.of(operation)} = ${text}` : text;
}

function describeBare(operation: Operation, names: Names): string | undefined {
  switch (operation.kind) {
    case "call":
      return describeCall(operation, names);
    case "store": {
      const cell = names.cell(operation);
      if (cell !== undefined) return `${names.of(cell)} = ${names.of(operation.from)}`;
      return names.isUsed(operation)
        ? `${names.of(operation)} = length of ${names.of(operation.from)} in digits`
        : undefined;
    }
    case "load":
      return undefined;
    case "check":
      return describeCheck(operation);
    case "when":
      return `if ${names.of(operation.on)} ${operation.condition}:`;
    case "clone": {
      const words = new Uint32Array(operation.args.bytes.buffer, operation.args.bytes.byteOffset, 2);
      const fields = [flagWords((words[0] as number) + (words[1] as number) * 2 ** 32, cloneFlags)];
      const cgroup = names.at(operation.args, 80);
      if (cgroup !== undefined) fields.push(`cgroup=${cgroup}`);
      return `clone3({${fields.filter((field) => field !== "0").join(", ")}}) → ${operation.list.process}`;
    }
    case "wait":
      return `wait until ${names.of(operation.pid)} exits with status 0`;
    case "exec":
      return describeExec(operation, names);
    case "init":
      return `clone() → ${operation.list.process}; stay as pid 1: forward signals, reap what ends`;
    case "kill-all":
      return `kill every process listed in ${names.of(operation.fd)}`;
    case "keep":
      return describeKeep(operation, names);
  }
}

function describeCall(call: Call, names: Names): string {
  const args = argumentsOf(call).map((arg, i) => describeArg(call, arg, i, names));
  let text = `${call.name}(${args.join(", ")})`;
  if (call.accepted !== undefined) text += ` or ${call.accepted.join(", ")}`;
  return text;
}

/** Without those that mean nothing in this case. */
function argumentsOf({ name, args }: Call): readonly Arg[] {
  if (name === "openat" && (Number(args[2]) & O_CREAT) === 0) return args.slice(0, 3);
  if (name !== "prctl" && name !== "keyctl") return args;
  let end = args.length;
  while (end > 2 && args[end - 1] === 0) end--;
  return args.slice(0, end);
}

function describeArg(call: Call, arg: Arg, index: number, names: Names): string {
  if (arg === null) return "NULL";
  if (typeof arg === "string") return quoteText(arg);
  if (arg instanceof Result) return names.of(arg);
  const memory = arg instanceof Uint8Array ? asMemory(call, arg, index) : arg;
  const own = call.name === "prctl" ? prctlArgument(call, index) : undefined;
  if (own !== undefined) return own;
  const format =
    call.name === "ioctl" && index === 2
      ? ioctlArguments[Number(call.args[1])]
      : argumentFormats[call.name]?.[index];
  if (format !== undefined) return format(memory, { call, names });
  return memory instanceof Memory ? block(memory, { call, names }) : `${memory}`;
}

/** The bytes a call gets: as many as the next argument says. */
function asMemory(call: Call, bytes: Uint8Array, index: number): Memory {
  const next = call.args[index + 1];
  return new Memory(typeof next === "number" && next > 0 ? bytes.slice(0, next) : bytes.slice());
}

function prctlArgument({ args, object }: Call, index: number): string | undefined {
  const value = Number(args[index]);
  if (index === 1 && args[0] === PR_SET_PDEATHSIG) return signals[value];
  if (index === 1 && args[0] === PR_CAP_AMBIENT) return ambientOptions[value];
  const isCapability =
    (index === 1 && args[0] === PR_CAPBSET_DROP) || (index === 2 && args[0] === PR_CAP_AMBIENT);
  return isCapability ? /CAP_\w+/.exec(object ?? "")?.[0] : undefined;
}

function describeKeep({ options }: Keep, names: Names): string {
  const { pid, caller, relays = [], forwardSignals, timeoutMilliseconds = 0 } = options;
  const duties = [`wait for ${names.of(pid)}`];
  if (forwardSignals) duties.push("forward signals");
  for (const { from, to, stream } of relays) {
    const places: string[] = [];
    if (stream !== undefined) places.push("the log");
    if (to !== undefined) places.push(names.of(to));
    duties.push(`copy ${names.of(from)} to ${places.join(" and ")}`);
  }
  if (caller !== undefined) duties.push(`end it when ${names.of(caller)} ends`);
  if (timeoutMilliseconds > 0) duties.push(`end it after ${timeoutMilliseconds} ms`);
  return `${duties.join(", ")}, pass on its exit status`;
}

/** Fields of struct statx that are looked at. */
const statxFields: Readonly<Record<number, string>> = {
  28: "type",
  128: "major number",
  132: "minor number",
};
const STATX_BYTES = 256;
const PATH_BYTES = 4096;
const SLASH = 0x2f;

function describeCheck({ memory, offset, value, object }: Check): string {
  const about = object ?? "the answer";
  if (memory.bytes.length === STATX_BYTES && statxFields[offset] !== undefined) {
    return `check ${about}: its ${statxFields[offset]} is ${offset === 28 ? (fileTypes[value] ?? value) : value}`;
  }
  if (memory.bytes.length === PATH_BYTES && value === SLASH) return 'check that the path begins with "/"';
  return `check ${about}`;
}

function describeExec({ paths, argv, env }: Exec, names: Names): string {
  const tried = paths.map(quoteText);
  const path =
    tried.length > 2 ? `${tried[0]} … ${tried.at(-1)} (the first of ${tried.length})` : tried.join(" or ");
  const words = argv.map((word) => (word instanceof Memory ? storedText(word, names) : quoteText(word)));
  return `execve(${path}, ${listText(words)}, {${env.length} variable${env.length === 1 ? "" : "s"}})`;
}
