import { type Arch, hostArch } from "../../plan/index.ts";
import { actionError, isPermissive, killProcess, noSuchCall, returnValue, strictness } from "./action.ts";
import { abisOf, isSyscall, nativeNumbers, unknownSyscall } from "./architectures.ts";
import {
  type BackwardProgram,
  backwardProgram,
  JEQ,
  JGE,
  jump,
  load,
  programBytes,
  returnOf,
} from "./bpf.ts";
import {
  addConditionalRule,
  addRule,
  appendRanges,
  type CallTable,
  callTable,
  type Conditional,
  settle,
  type Verdict,
  verdictOf,
} from "./call-table.ts";
import { readConditions, writeCondition } from "./condition.ts";
import { filterFlags } from "./flags.ts";
import { addMultiplexed } from "./multiplexed.ts";
import { precompiledProgram } from "./precompiled.ts";
import type { LinuxSeccomp, LinuxSyscall } from "./profile.ts";

/** A profile as the kernel takes it. */
export interface CompiledSeccomp {
  /** `struct sock_filter[]`: 8 bytes each, little endian. */
  readonly program: Uint8Array;
  /** SECCOMP_FILTER_FLAG_* of seccomp(2). */
  readonly flags: number;
  /** Names of system calls that were left out; see {@link CompileOptions.skipUnknown}. */
  readonly unknown: readonly string[];
  /** Those of them that were to be treated more strictly than the default action does. */
  readonly uncovered: readonly string[];
}

export interface CompileOptions {
  /** JSON path of the profile, for errors; `seccomp` by default. */
  readonly at?: string;
  /**
   * Leave out names no architecture is known to have, as runtimes do for profiles that are newer than they
   * are. What is left out gets the default action: who compiles has to tell of what that is too lenient for.
   */
  readonly skipUnknown?: boolean;
}

/**
 * Compiles a profile to classic BPF for one machine (seccomp(2), runtime-spec config-linux.md#seccomp).
 *
 * The program finds the architecture, then the call's number by binary search over ranges of numbers that are
 * treated alike. Calls through an ABI the profile does not name end the process. Calls newer than the newest
 * one the profile knows fail with ENOSYS unless the default action permits them, so that programs fall back to
 * older calls (runc's patchbpf). Throws `invalid` with the JSON path of what is wrong, or `unsupported`.
 */
export function compileSeccomp(
  profile: LinuxSeccomp,
  arch: Arch = hostArch,
  options: CompileOptions = {},
): CompiledSeccomp {
  const known = precompiledProgram(profile, arch);
  if (known !== undefined) return { program: known, flags: 0, unknown: [], uncovered: [] };
  const at = options.at ?? "seccomp";
  const fallback = returnValue(profile.defaultAction, profile.defaultErrnoRet);
  if (fallback === undefined) {
    const { defaultAction, defaultErrnoRet } = profile;
    throw actionError(defaultAction, defaultErrnoRet, `${at}.defaultAction`, `${at}.defaultErrnoRet`);
  }
  const flags = filterFlags(profile, at);
  const verdicts: Verdict[] = [fallback];
  const tables: CallTable[] = [];
  for (const abi of abisOf(profile.architectures, arch, at)) tables.push(callTable(abi));
  const [unknown, uncovered]: [string[], string[]] = [[], []];
  const compilation = {
    arch,
    tables,
    verdicts,
    fallback,
    unknown,
    uncovered,
    skipUnknown: options.skipUnknown === true,
  };
  const rules = profile.syscalls;
  for (let i = 0; rules !== undefined && rules !== null && i < rules.length; i++) {
    compileRule(compilation, rules[i]!, `${at}.syscalls[${i}]`);
  }
  return { program: writeProgram(tables, verdicts, fallback), flags, unknown, uncovered };
}

interface Compilation {
  readonly arch: Arch;
  readonly tables: readonly CallTable[];
  readonly verdicts: Verdict[];
  readonly fallback: number;
  readonly unknown: string[];
  readonly uncovered: string[];
  readonly skipUnknown: boolean;
}

function compileRule(compilation: Compilation, rule: LinuxSyscall, path: string): void {
  const { arch, tables, verdicts, fallback } = compilation;
  const { names } = rule;
  const value = returnValue(rule.action, rule.errnoRet);
  if (value === undefined) {
    throw actionError(rule.action, rule.errnoRet, `${path}.action`, `${path}.errnoRet`);
  }
  const alternatives = readConditions(rule.args, `${path}.args`);
  const natives = nativeNumbers(names, arch);
  for (let i = 0; i < names.length; i++) {
    if (natives[i] !== -1 || isSyscall(names[i]!)) continue;
    if (!compilation.skipUnknown) throw unknownSyscall(names[i]!, `${path}.names[${i}]`);
    compilation.unknown.push(names[i]!);
    if (strictness(value) < strictness(fallback)) compilation.uncovered.push(names[i]!);
  }
  for (let t = 0; t < tables.length; t++) {
    const table = tables[t]!;
    if (alternatives === undefined) {
      addRule(table, names, natives, verdictOf(verdicts, value), verdicts);
    } else {
      for (let i = 0; i < names.length; i++) {
        for (const conditions of alternatives) {
          addConditionalRule(table, names[i]!, natives[i]!, value, conditions, verdicts);
        }
      }
    }
    // Conditions cannot be checked on the second way: a rule that is stricter than the default then forbids the
    // call altogether, one that is not does not open the second way.
    if (
      table.abi.name === "SCMP_ARCH_X86" &&
      (alternatives === undefined || strictness(value) < strictness(fallback))
    ) {
      for (let i = 0; i < names.length; i++) addMultiplexed(table, names[i]!, value, verdicts);
    }
  }
}

const numberOffset = 0;
const archOffset = 4;

/** x86-64 programs have bit 30 clear; -1 is no call but a tracer's way to skip one (seccomp(2)). */
const x32Bit = 0x40000000;
const skipped = 0xffffffff;

function writeProgram(tables: readonly CallTable[], verdicts: Verdict[], fallback: number): Uint8Array {
  const beyond = isPermissive(fallback) ? 0 : verdictOf(verdicts, noSuchCall);
  settle(verdicts);
  const program = backwardProgram();
  let next = returnOf(program, killProcess);
  // The machine's own ABI is the first table: written last, it is tested first.
  for (let t = tables.length - 1; t >= 0; t--) {
    const table = tables[t]!;
    const { audit, base, name } = table.abi;
    if (base !== 0) continue;
    const search: Search = { program, starts: [], places: [] };
    appendTable(search, table, verdicts, beyond);
    if (name === "SCMP_ARCH_X86_64") {
      const x32 = tables.find((other) => other.abi.base === x32Bit);
      if (x32 !== undefined) appendTable(search, x32, verdicts, beyond);
      else appendRange(search, x32Bit, returnOf(program, killProcess));
      appendRange(search, skipped, returnOf(program, fallback));
    }
    let section = writeSearch(search, 0, search.starts.length - 1);
    if (search.starts.length > 1) section = load(program, numberOffset);
    next = jump(program, JEQ, audit | 0, section, next);
  }
  load(program, archOffset);
  return programBytes(program);
}

/** Ranges of call numbers: the first number of each, and where the program goes on for them. */
interface Search {
  readonly program: BackwardProgram;
  readonly starts: number[];
  readonly places: number[];
}

function appendRange(search: Search, start: number, place: number): void {
  search.starts.push(start);
  search.places.push(place);
}

/** Appends the ranges of a table, and writes their conditions. */
function appendTable(search: Search, table: CallTable, verdicts: readonly Verdict[], beyond: number): void {
  const { program, starts, places } = search;
  appendRanges(table, starts, places, beyond);
  for (let i = places.length - 1; i >= 0 && starts[i]! >= table.abi.base; i--) {
    const verdict = verdicts[places[i]!]!;
    places[i] =
      typeof verdict === "number"
        ? returnOf(program, verdict)
        : writeConditional(program, verdict, table.abi.wide);
  }
}

function writeConditional(program: BackwardProgram, verdict: Conditional, wide: boolean): number {
  let next = returnOf(program, verdict.otherwise!);
  for (let r = verdict.rules.length - 1; r >= 0; r--) {
    const { value, conditions } = verdict.rules[r]!;
    let place = returnOf(program, value);
    for (let c = conditions.length - 1; c >= 0; c--) {
      place = writeCondition(program, conditions[c]!, wide, place, next);
    }
    next = place;
  }
  return next;
}

/** Writes a binary search over the ranges from `from` to `to`; returns where it begins. */
function writeSearch(search: Search, from: number, to: number): number {
  if (from === to) return search.places[from]!;
  const middle = (from + to + 1) >> 1;
  const above = writeSearch(search, middle, to);
  const below = writeSearch(search, from, middle - 1);
  return jump(search.program, JGE, search.starts[middle]! | 0, above, below);
}
