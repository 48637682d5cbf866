import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Arch } from "../../plan/index.ts";
import { returnValue, strictness } from "./action.ts";
import { abisOf, nativeNumbers } from "./architectures.ts";
import { compileSeccomp } from "./compile.ts";
import { runFilter } from "./machine.ts";
import type { LinuxSeccomp, LinuxSeccompArg, LinuxSyscall } from "./profile.ts";

const KILL_PROCESS = 0x80000000 | 0;
const x86_64 = 0xc000003e;
const i386 = 0x40000003;
const aarch64 = 0xc00000b7;
const arm = 0x40000028;

function errno(number: number): number {
  return 0x00050000 | number;
}

/** What a profile means, read off it rule by rule. */
function meaning(profile: LinuxSeccomp, arch: Arch, audit: number, number: number, args: bigint[]): number {
  if (number === -1 && audit === x86_64) return returnValue(profile.defaultAction, profile.defaultErrnoRet)!;
  const abi = abisOf(profile.architectures, arch, "").find(
    (one) =>
      one.audit === audit &&
      (arch !== "x86_64" || audit !== x86_64 || (number >>> 30 === 1) === one.base > 0),
  );
  if (abi === undefined) return KILL_PROCESS;
  const mask = abi.wide ? 0xffffffffffffffffn : 0xffffffffn;
  const fallback = returnValue(profile.defaultAction, profile.defaultErrnoRet)!;
  let plain: number | undefined;
  let strictest: number | undefined;
  let last = -1;
  let mentioned = false;
  for (const rule of profile.syscalls ?? []) {
    const value = returnValue(rule.action, rule.errnoRet)!;
    const natives = nativeNumbers(rule.names, arch);
    rule.names.forEach((name, i) => {
      const own = abi.own?.().get(name);
      const native = natives[i]!;
      const mine = own ?? (native >= abi.shared ? native : -1);
      if (mine > last && mine < 0xf0000) last = mine;
      if (mine < 0 || mine + abi.base !== number) return;
      mentioned = true;
      const list = rule.args ?? [];
      if (list.length === 0) {
        plain ??= value;
        return;
      }
      const twice = new Set(list.map((arg) => arg.index)).size < list.length;
      const hold = (arg: LinuxSeccompArg) => holds(arg, (args[arg.index] ?? 0n) & mask, mask);
      if (twice ? list.some(hold) : list.every(hold)) {
        if (strictest === undefined || strictness(value) < strictness(strictest)) strictest = value;
      }
    });
  }
  if (strictest !== undefined && (plain === undefined || strictness(strictest) < strictness(plain)))
    return strictest;
  if (plain !== undefined) return plain;
  const permissive = strictness(fallback) >= 0x7ff0;
  return !permissive && !mentioned && (number >>> 0) - abi.base > last ? errno(38) : fallback;
}

function holds(arg: LinuxSeccompArg, actual: bigint, mask: bigint): boolean {
  const value = BigInt(arg.value) & mask;
  switch (arg.op) {
    case "SCMP_CMP_EQ":
      return actual === value;
    case "SCMP_CMP_NE":
      return actual !== value;
    case "SCMP_CMP_GT":
      return actual > value;
    case "SCMP_CMP_GE":
      return actual >= value;
    case "SCMP_CMP_LT":
      return actual < value;
    case "SCMP_CMP_LE":
      return actual <= value;
    case "SCMP_CMP_MASKED_EQ":
      return (actual & value) === (BigInt(arg.valueTwo ?? 0) & value);
  }
}

describe("any profile", () => {
  const interesting = fc.constantFrom(
    0n,
    1n,
    5n,
    38n,
    0xffffffffn,
    0x1_0000_0000n,
    0x1_0000_0005n,
    0xffff_ffff_ffff_ffffn,
  );
  const value = fc.oneof(interesting, fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }));
  const arg: fc.Arbitrary<LinuxSeccompArg> = fc.record({
    index: fc.integer({ min: 0, max: 2 }),
    value,
    valueTwo: value,
    op: fc.constantFrom(
      "SCMP_CMP_NE",
      "SCMP_CMP_LT",
      "SCMP_CMP_LE",
      "SCMP_CMP_EQ",
      "SCMP_CMP_GE",
      "SCMP_CMP_GT",
      "SCMP_CMP_MASKED_EQ",
    ),
  });
  const action = fc.constantFrom<LinuxSyscall["action"][]>(
    "SCMP_ACT_ALLOW",
    "SCMP_ACT_ERRNO",
    "SCMP_ACT_KILL_PROCESS",
    "SCMP_ACT_KILL",
    "SCMP_ACT_LOG",
    "SCMP_ACT_TRACE",
    "SCMP_ACT_TRAP",
  );
  // Calls that socketcall and ipc offer a second time are looked at above.
  const names = [
    "read",
    "mkdir",
    "openat",
    "mmap",
    "ioctl",
    "clone3",
    "mseal",
    "prctl",
    "chown32",
    "personality",
    "set_tls",
  ];
  const rule: fc.Arbitrary<LinuxSyscall> = fc.record({
    names: fc.subarray(names, { minLength: 1, maxLength: 4 }),
    action,
    args: fc.array(arg, { maxLength: 4 }),
  });
  const profile: fc.Arbitrary<LinuxSeccomp> = fc.record({
    defaultAction: action,
    architectures: fc.subarray([
      "SCMP_ARCH_X86_64",
      "SCMP_ARCH_X86",
      "SCMP_ARCH_X32",
      "SCMP_ARCH_ARM",
      "SCMP_ARCH_AARCH64",
    ]),
    syscalls: fc.array(rule, { maxLength: 12 }),
  });

  for (const arch of ["x86_64", "aarch64"] as const) {
    test(`is compiled to what it says on ${arch}`, () => {
      fc.assert(
        fc.property(
          profile,
          fc.array(fc.array(value, { minLength: 3, maxLength: 3 }), { minLength: 4, maxLength: 4 }),
          (it, samples) => {
            const { program } = compileSeccomp(it, arch);
            const audits = arch === "x86_64" ? [x86_64, i386] : [aarch64, arm];
            for (const audit of audits) {
              const wide = audit === x86_64 || audit === aarch64;
              for (const number of sampleNumbers(arch)) {
                for (const sample of samples) {
                  const args = wide ? sample : sample.map((one) => one & 0xffffffffn);
                  expect(runFilter(program, { audit, number, args })).toBe(
                    meaning(it, arch, audit, number, args),
                  );
                }
              }
            }
          },
        ),
        { numRuns: 60 },
      );
    });
  }

  function sampleNumbers(arch: Arch): number[] {
    const natives = nativeNumbers(names, arch).filter((number) => number >= 0);
    const i386Numbers = [3, 39, 295, 90, 54, 172, 212, 136, 192];
    const near = [...natives, ...i386Numbers].flatMap((number) => [number, number + 1]);
    const x32 =
      arch === "x86_64"
        ? [0x40000000, 0x40000000 + 514, 0x40000000 + 83, 0x400001ff, -1]
        : [0xf0005, 0xf0006];
    return [...new Set([...near, ...x32, 0, 334, 500])];
  }
});
