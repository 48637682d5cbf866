import { type Arch, hostArch } from "../../plan/index.ts";
import { actionError, isPermissive, killProcess, noSuchCall, returnValue, strictness } from "./action.ts";
import { abisOf, isSyscall, unknownSyscall } from "./architectures.ts";
import { BackwardProgram, JEQ, JGE } from "./bpf.ts";
import { CallTable, type Verdict } from "./call-table.ts";
import { type Condition, readConditions, writeCondition } from "./condition.ts";
import { filterFlags } from "./flags.ts";
import { multiplexed } from "./multiplexed.ts";
import type { LinuxSeccomp, LinuxSyscall } from "./profile.ts";

/** A profile as the kernel takes it. */
export interface CompiledSeccomp {
  /** `struct sock_filter[]`: 8 bytes each, little endian. */
  readonly program: Uint8Array;
  /** SECCOMP_FILTER_FLAG_* of seccomp(2). */
  readonly flags: number;
  /** Names of system calls that were left out; see {@link CompileOptions.skipUnknown}. */
  readonly unknown: readonly string[];
}

export interface CompileOptions {
  /** JSON path of the profile, for errors; `seccomp` by default. */
  readonly at?: string;
  /**
   * Leave out names no architecture is known to have, as runtimes do for profiles that are newer than they
   * are. What is left out gets the default action; in a rule that is stricter than that, an unknown name is an
   * error in any case.
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
  const at = options.at ?? "seccomp";
  const fallback = returnValue(profile.defaultAction, profile.defaultErrnoRet);
  if (fallback === undefined) {
    const { defaultAction, defaultErrnoRet } = profile;
    throw actionError(defaultAction, defaultErrnoRet, `${at}.defaultAction`, `${at}.defaultErrnoRet`);
  }
  const flags = filterFlags(profile, at);
  const tables: CallTable[] = [];
  for (const abi of abisOf(profile.architectures, arch, at)) tables.push(new CallTable(abi));
  const unknown: string[] = [];
  const rules = profile.syscalls;
  for (let i = 0; rules !== undefined && i < rules.length; i++) {
    const skips = addRule(tables, rules[i]!, fallback, `${at}.syscalls[${i}]`, options.skipUnknown === true);
    if (skips !== undefined) unknown.push(...skips);
  }
  return { program: writeProgram(tables, fallback), flags, unknown };
}

/** Adds a rule to each table; returns the names that were left out. */
function addRule(
  tables: readonly CallTable[],
  rule: LinuxSyscall,
  fallback: number,
  path: string,
  skipUnknown: boolean,
): string[] | undefined {
  const value = returnValue(rule.action, rule.errnoRet);
  if (value === undefined)
    throw actionError(rule.action, rule.errnoRet, `${path}.action`, `${path}.errnoRet`);
  const alternatives = readConditions(rule.args, `${path}.args`);
  let unknown: string[] | undefined;
  for (let i = 0; i < rule.names.length; i++) {
    const name = rule.names[i]!;
    let found = false;
    for (let t = 0; t < tables.length; t++) {
      const table = tables[t]!;
      const number = table.abi.numberOf(name);
      if (number >= 0) {
        found = true;
        addTo(table, number, value, alternatives);
      }
      if (table.abi.name === "SCMP_ARCH_X86") addMultiplexed(table, name, value, fallback, alternatives);
    }
    if (found || isSyscall(name)) continue;
    if (!skipUnknown || strictness(value) < strictness(fallback)) {
      throw unknownSyscall(name, `${path}.names[${i}]`);
    }
    (unknown ??= []).push(name);
  }
  return unknown;
}

function addTo(
  table: CallTable,
  number: number,
  value: number,
  alternatives: readonly (readonly Condition[])[] | undefined,
): void {
  if (alternatives === undefined) table.add(number, value, undefined);
  else for (const conditions of alternatives) table.add(number, value, conditions);
}

/**
 * The second way to a call on i386. Conditions cannot be checked there: a rule that forbids more than the
 * default then forbids the call altogether, one that permits more does not open the second way.
 */
function addMultiplexed(
  table: CallTable,
  name: string,
  value: number,
  fallback: number,
  alternatives: readonly (readonly Condition[])[] | undefined,
): void {
  const way = multiplexed(name);
  if (way === undefined || (alternatives !== undefined && strictness(value) >= strictness(fallback))) return;
  const first: Condition = {
    index: 0,
    operator: "SCMP_CMP_MASKED_EQ",
    low: way.by.mask,
    high: 0,
    twoLow: way.call,
    twoHigh: 0,
  };
  table.add(way.by.number, value, [first]);
}

const numberOffset = 0;
const archOffset = 4;

/** x86-64 programs have bit 30 clear; -1 is no call but a tracer's way to skip one (seccomp(2)). */
const x32Bit = 0x40000000;
const skipped = 0xffffffff;

function writeProgram(tables: readonly CallTable[], fallback: number): Uint8Array {
  const program = new BackwardProgram();
  const beyond = isPermissive(fallback) ? fallback : noSuchCall;
  let next = program.return(killProcess);
  // The machine's own ABI is the first table: written last, it is tested first.
  for (let t = tables.length - 1; t >= 0; t--) {
    const table = tables[t]!;
    const { audit, base } = table.abi;
    if (base !== 0) continue;
    const starts: number[] = [];
    const verdicts: (number | Verdict)[] = [];
    table.ranges(starts, verdicts, fallback, beyond);
    if (table.abi.name === "SCMP_ARCH_X86_64") {
      const x32 = tables.find((other) => other.abi.base === x32Bit);
      if (x32 !== undefined) {
        x32.ranges(starts, verdicts, fallback, beyond);
      } else {
        starts.push(x32Bit, skipped);
        verdicts.push(killProcess, fallback);
      }
    }
    const places = placesOf(program, verdicts, table.abi.wide);
    let section = writeSearch(program, starts, places, verdicts, 0, starts.length - 1);
    if (starts.length > 1) section = program.load(numberOffset);
    next = program.jump(JEQ, audit | 0, section, next);
  }
  program.load(archOffset);
  return program.bytes();
}

/** Writes the conditions of each conditional verdict; returns where they begin. */
function placesOf(program: BackwardProgram, verdicts: readonly (number | Verdict)[], wide: boolean): number[] {
  const places: number[] = [];
  for (let i = 0; i < verdicts.length; i++) {
    const verdict = verdicts[i]!;
    places.push(typeof verdict === "number" ? -1 : writeVerdict(program, verdict, wide));
  }
  return places;
}

function writeVerdict(program: BackwardProgram, verdict: Verdict, wide: boolean): number {
  let next = program.return(verdict.plain!);
  for (let r = verdict.rules.length - 1; r >= 0; r--) {
    const { value, conditions } = verdict.rules[r]!;
    let place = program.return(value);
    for (let c = conditions.length - 1; c >= 0; c--) {
      place = writeCondition(program, conditions[c]!, wide, place, next);
    }
    next = place;
  }
  return next;
}

/** Writes a binary search over ranges `from` to `to`; returns where it begins. */
function writeSearch(
  program: BackwardProgram,
  starts: readonly number[],
  places: readonly number[],
  verdicts: readonly (number | Verdict)[],
  from: number,
  to: number,
): number {
  if (from === to) {
    const verdict = verdicts[from]!;
    return typeof verdict === "number" ? program.return(verdict) : places[from]!;
  }
  const middle = (from + to + 1) >> 1;
  const above = writeSearch(program, starts, places, verdicts, middle, to);
  const below = writeSearch(program, starts, places, verdicts, from, middle - 1);
  return program.jump(JGE, starts[middle]! | 0, above, below);
}
