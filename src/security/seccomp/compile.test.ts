import { describe, expect, test } from "bun:test";
import { type Arch, syscallNumbers } from "../../plan/index.ts";
import { compileSeccomp } from "./compile.ts";
import { runFilter } from "./machine.ts";
import type { LinuxSeccomp, LinuxSeccompArg, LinuxSyscall } from "./profile.ts";

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000 | 0;
const x86_64 = 0xc000003e;
const i386 = 0x40000003;
const aarch64 = 0xc00000b7;
const arm = 0x40000028;

function errno(number: number): number {
  return 0x00050000 | number;
}

function numberOf(name: string, arch: Arch = "x86_64"): number {
  return (syscallNumbers[arch] as Record<string, number>)[name] ?? -1;
}

function run(profile: LinuxSeccomp, audit: number, number: number, ...args: bigint[]): number {
  const arch = audit === x86_64 || audit === i386 ? "x86_64" : "aarch64";
  return runFilter(compileSeccomp(profile, arch).program, { audit, number, args });
}

function profileOf(...syscalls: LinuxSyscall[]): LinuxSeccomp {
  return { defaultAction: "SCMP_ACT_ERRNO", syscalls };
}

function allow(names: string | string[], ...args: LinuxSeccompArg[]): LinuxSyscall {
  return { names: [names].flat(), action: "SCMP_ACT_ALLOW", args };
}

describe("actions", () => {
  const cases: [LinuxSyscall["action"], number | undefined, number][] = [
    ["SCMP_ACT_KILL", undefined, 0],
    ["SCMP_ACT_KILL_THREAD", undefined, 0],
    ["SCMP_ACT_KILL_PROCESS", undefined, KILL_PROCESS],
    ["SCMP_ACT_TRAP", undefined, 0x30000],
    ["SCMP_ACT_ERRNO", undefined, errno(1)],
    ["SCMP_ACT_ERRNO", 13, errno(13)],
    ["SCMP_ACT_TRACE", 7, 0x7ff00007],
    ["SCMP_ACT_LOG", undefined, 0x7ffc0000],
    ["SCMP_ACT_ALLOW", undefined, ALLOW],
  ];
  for (const [action, errnoRet, value] of cases) {
    test(`${action} ${errnoRet ?? ""}`, () => {
      const rule: LinuxSyscall = { names: ["mkdir"], action };
      if (errnoRet !== undefined) rule.errnoRet = errnoRet;
      const profile: LinuxSeccomp = {
        defaultAction: "SCMP_ACT_ERRNO",
        defaultErrnoRet: 99,
        syscalls: [rule],
      };
      expect(run(profile, x86_64, numberOf("mkdir"))).toBe(value);
      expect(run(profile, x86_64, numberOf("read"))).toBe(errno(99));
    });
  }
});

describe("conditions", () => {
  const big = 0x1_0000_0005n;
  const cases: [LinuxSeccompArg["op"], bigint, bigint[], bigint[]][] = [
    ["SCMP_CMP_EQ", big, [big], [5n, 0x1_0000_0004n, 0x2_0000_0005n]],
    ["SCMP_CMP_NE", big, [5n, 0x2_0000_0005n], [big]],
    ["SCMP_CMP_GT", big, [0x1_0000_0006n, 0x2_0000_0000n], [big, 0xffffffffn, 0x1_0000_0004n]],
    ["SCMP_CMP_GE", big, [big, 0x2_0000_0000n], [0xffffffffn, 0x1_0000_0004n]],
    ["SCMP_CMP_LT", big, [0xffffffffn, 0x1_0000_0004n], [big, 0x2_0000_0000n]],
    ["SCMP_CMP_LE", big, [0xffffffffn, big], [0x1_0000_0006n, 0x2_0000_0000n]],
  ];
  for (const [op, value, matching, other] of cases) {
    test(`${op} compares 64 bits`, () => {
      const profile = profileOf(allow("mkdir", { index: 1, value, op }));
      const number = numberOf("mkdir");
      for (const arg of matching) expect(run(profile, x86_64, number, 0n, arg)).toBe(ALLOW);
      for (const arg of other) expect(run(profile, x86_64, number, 0n, arg)).toBe(errno(1));
    });
  }

  test("masked equality", () => {
    const profile = profileOf(
      allow("clone", { index: 0, value: 0x7e020000, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }),
    );
    expect(run(profile, x86_64, numberOf("clone"), 0x11n)).toBe(ALLOW);
    expect(run(profile, x86_64, numberOf("clone"), 0x10000011n)).toBe(errno(1));
  });

  test("conditions of one rule are joined by and, rules by or", () => {
    const both = profileOf(
      allow("socket", { index: 0, value: 1, op: "SCMP_CMP_EQ" }, { index: 1, value: 2, op: "SCMP_CMP_EQ" }),
      allow("socket", { index: 2, value: 9, op: "SCMP_CMP_EQ" }),
    );
    const number = numberOf("socket");
    expect(run(both, x86_64, number, 1n, 2n, 0n)).toBe(ALLOW);
    expect(run(both, x86_64, number, 1n, 3n, 0n)).toBe(errno(1));
    expect(run(both, x86_64, number, 4n, 3n, 9n)).toBe(ALLOW);
  });

  test("one argument twice in a rule means or", () => {
    const either = profileOf(
      allow("socket", { index: 0, value: 1, op: "SCMP_CMP_EQ" }, { index: 0, value: 2, op: "SCMP_CMP_EQ" }),
    );
    expect(run(either, x86_64, numberOf("socket"), 1n)).toBe(ALLOW);
    expect(run(either, x86_64, numberOf("socket"), 2n)).toBe(ALLOW);
    expect(run(either, x86_64, numberOf("socket"), 3n)).toBe(errno(1));
  });

  test("of a 32-bit call only the low halves are compared", () => {
    const profile = {
      ...profileOf(allow("mmap2", { index: 0, value: 0xffff_ffff_ffff_ffffn, op: "SCMP_CMP_EQ" })),
      architectures: ["SCMP_ARCH_X86"],
    };
    expect(run(profile, i386, 192, 0xffffffffn)).toBe(ALLOW);
    expect(run(profile, i386, 192, 0xfffffffen)).toBe(errno(1));
  });
});

describe("rules that contradict each other", () => {
  const isAlg: LinuxSeccompArg = { index: 0, value: 38, op: "SCMP_CMP_EQ" };
  const deny: LinuxSyscall = { names: ["socket"], action: "SCMP_ACT_ERRNO", errnoRet: 97, args: [isAlg] };

  test("a condition that denies holds although the call is allowed, in any order", () => {
    for (const rules of [
      [deny, allow("socket")],
      [allow("socket"), deny],
    ]) {
      expect(run(profileOf(...rules), x86_64, numberOf("socket"), 38n)).toBe(errno(97));
      expect(run(profileOf(...rules), x86_64, numberOf("socket"), 2n)).toBe(ALLOW);
    }
  });

  test("a condition that allows does not open what is denied", () => {
    const profile: LinuxSeccomp = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["socket"], action: "SCMP_ACT_KILL_PROCESS" }, allow("socket", isAlg)],
    };
    expect(run(profile, x86_64, numberOf("socket"), 38n)).toBe(KILL_PROCESS);
  });

  test("of rules without conditions the first counts", () => {
    const profile = profileOf(allow("clone3"), { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 });
    expect(run(profile, x86_64, numberOf("clone3"))).toBe(ALLOW);
  });
});

describe("architectures", () => {
  test("calls of an architecture the profile does not name end the process", () => {
    const profile: LinuxSeccomp = { defaultAction: "SCMP_ACT_ALLOW" };
    expect(run(profile, x86_64, 1)).toBe(ALLOW);
    expect(run(profile, i386, 1)).toBe(KILL_PROCESS);
    expect(run(profile, x86_64, 0x40000001)).toBe(KILL_PROCESS);
    expect(run(profile, aarch64, 1)).toBe(ALLOW);
    expect(run(profile, arm, 1)).toBe(KILL_PROCESS);
  });

  test("-1, by which a tracer skips a call, is no call of x32", () => {
    expect(run({ defaultAction: "SCMP_ACT_ALLOW" }, x86_64, -1)).toBe(ALLOW);
  });

  test("x32 has its own numbers", () => {
    const profile = { ...profileOf(allow(["ioctl", "read"])), architectures: ["SCMP_ARCH_X32"] };
    expect(run(profile, x86_64, 0x40000000 + 514)).toBe(ALLOW);
    expect(run(profile, x86_64, 0x40000000 + 16)).toBe(errno(1));
    expect(run(profile, x86_64, 0x40000000)).toBe(ALLOW);
    expect(run(profile, x86_64, 16)).toBe(ALLOW);
  });

  test("arm's calls far from the others", () => {
    const profile = { ...profileOf(allow(["set_tls", "read"])), architectures: ["SCMP_ARCH_ARM"] };
    expect(run(profile, arm, 0xf0005)).toBe(ALLOW);
    expect(run(profile, arm, 3)).toBe(ALLOW);
    expect(run(profile, arm, 0xf0002)).toBe(errno(38));
  });

  test("socketcall and ipc are ways to the same calls", () => {
    const profile = {
      ...profileOf(allow(["bind", "shmat"]), allow("socket", { index: 0, value: 1, op: "SCMP_CMP_EQ" })),
      architectures: ["SCMP_ARCH_X86"],
    };
    expect(run(profile, i386, 102, 2n)).toBe(ALLOW);
    expect(run(profile, i386, 102, 3n)).toBe(errno(1));
    expect(run(profile, i386, 117, 0x10015n)).toBe(ALLOW);
    // The family lies in memory: the condition cannot be checked, so the way stays closed.
    expect(run(profile, i386, 102, 1n)).toBe(errno(1));
    const denied: LinuxSeccomp = {
      defaultAction: "SCMP_ACT_ALLOW",
      architectures: ["SCMP_ARCH_X86"],
      syscalls: [
        { ...allow("socket", { index: 0, value: 38, op: "SCMP_CMP_EQ" }), action: "SCMP_ACT_ERRNO" },
      ],
    };
    expect(run(denied, i386, 102, 1n)).toBe(errno(1));
    expect(run(denied, i386, 102, 2n)).toBe(ALLOW);
  });
});

describe("calls newer than the profile", () => {
  test("do not exist, if the default denies", () => {
    const profile = profileOf(allow(["read", "openat2"]));
    expect(run(profile, x86_64, numberOf("openat2"))).toBe(ALLOW);
    expect(run(profile, x86_64, numberOf("openat2") - 1)).toBe(errno(1));
    expect(run(profile, x86_64, numberOf("openat2") + 1)).toBe(errno(38));
  });

  test("are as others, if the default permits", () => {
    const profile: LinuxSeccomp = {
      defaultAction: "SCMP_ACT_LOG",
      syscalls: [{ names: ["read"], action: "SCMP_ACT_TRAP" }],
    };
    expect(run(profile, x86_64, 4000)).toBe(0x7ffc0000);
  });
});

describe("size", () => {
  test("programs in which jumps are long", () => {
    const rules = Array.from({ length: 400 }, (_, i) =>
      allow(i % 2 === 0 ? "socket" : "mkdir", { index: i % 6, value: i * 7, op: "SCMP_CMP_EQ" }),
    );
    const profile = { ...profileOf(...rules), architectures: ["SCMP_ARCH_X86"] };
    const { program } = compileSeccomp(profile, "x86_64");
    expect(program.length / 8).toBeGreaterThan(1000);
    for (const i of [0, 2, 200, 398]) {
      const args = Array.from({ length: 6 }, (_, index) => (index === i % 6 ? BigInt(i * 7) : 0xfffffffn));
      expect(runFilter(program, { audit: x86_64, number: numberOf("socket"), args })).toBe(ALLOW);
      expect(runFilter(program, { audit: i386, number: 359, args })).toBe(ALLOW);
    }
    const none = Array.from({ length: 6 }, () => 3n);
    expect(runFilter(program, { audit: x86_64, number: numberOf("socket"), args: none })).toBe(errno(1));
  });

  test("a program the kernel would refuse", () => {
    const rules = Array.from({ length: 2000 }, (_, i) =>
      allow("socket", { index: 0, value: i, op: "SCMP_CMP_EQ" }),
    );
    expect(() => compileSeccomp(profileOf(...rules), "x86_64")).toThrow("more than 4096 instructions");
  });
});

describe("flags", () => {
  test("are the kernel's", () => {
    const flags = ["TSYNC", "LOG", "SPEC_ALLOW", "WAIT_KILLABLE_RECV"].map(
      (name) => `SECCOMP_FILTER_FLAG_${name}`,
    );
    expect(compileSeccomp({ defaultAction: "SCMP_ACT_ALLOW", flags }, "x86_64").flags).toBe(7);
  });

  test("a listener is asked for where there are calls to ask about, and gives way to killing signals only", () => {
    const syscalls: LinuxSyscall[] = [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }];
    const profile = { defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/x", syscalls } as const;
    const { flags, program } = compileSeccomp(profile, "x86_64");
    expect(flags).toBe(8 | 32);
    const audit = 0xc000003e;
    expect(runFilter(program, { number: 83, audit })).toBe(0x7fc00000);
    expect(runFilter(program, { number: 82, audit })).toBe(0x7fff0000);
    const synchronous = { ...profile, flags: ["SECCOMP_FILTER_FLAG_TSYNC"] };
    expect(compileSeccomp(synchronous, "x86_64").flags).toBe(1 | 8 | 16 | 32);
    expect(compileSeccomp({ ...profile, syscalls: [] }, "x86_64").flags).toBe(0);
  });
});

describe("mistakes are named with their place", () => {
  const wrong: [string, unknown, string][] = [
    [
      "default action",
      { defaultAction: "SCMP_ACT_DENY" },
      'seccomp.defaultAction: unknown action "SCMP_ACT_DENY"',
    ],
    ["no default action", {}, "seccomp.defaultAction: unknown action (none)"],
    [
      "notify",
      { defaultAction: "SCMP_ACT_NOTIFY" },
      "seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action",
    ],
    [
      "default errno",
      { defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 5000 },
      "seccomp.defaultErrnoRet: expected",
    ],
    [
      "architecture",
      { architectures: ["SCMP_ARCH_X86_65"] },
      "seccomp.architectures[0]: unknown architecture",
    ],
    ["flag", { flags: ["SECCOMP_FILTER_FLAG_TSYNK"] }, "seccomp.flags[0]: unknown flag"],
    ["metadata", { listenerMetadata: "x" }, "seccomp.listenerMetadata: needs listenerPath"],
    [
      "name",
      { syscalls: [allow("read"), allow(["write", "mont"])] },
      'seccomp.syscalls[1].names[1]: unknown system call "mont"',
    ],
    [
      "action",
      { syscalls: [{ names: ["read"], action: "ALLOW" }] },
      'seccomp.syscalls[0].action: unknown action "ALLOW"',
    ],
    [
      "errno",
      { syscalls: [{ ...allow("read"), errnoRet: 1 }] },
      "seccomp.syscalls[0].errnoRet: SCMP_ACT_ALLOW returns no",
    ],
    [
      "operator",
      { syscalls: [allow("read", { index: 0, value: 1, op: "SCMP_CMP_QE" as never })] },
      "seccomp.syscalls[0].args[0].op: unknown operator",
    ],
    [
      "index",
      { syscalls: [allow("read", { index: 6, value: 1, op: "SCMP_CMP_EQ" })] },
      "seccomp.syscalls[0].args[0].index: expected",
    ],
    [
      "value",
      { syscalls: [allow("read", { index: 0, value: -1, op: "SCMP_CMP_EQ" })] },
      "seccomp.syscalls[0].args[0].value: expected",
    ],
    [
      "inexact",
      { syscalls: [allow("read", { index: 0, value: 2 ** 60, op: "SCMP_CMP_EQ" })] },
      "seccomp.syscalls[0].args[0].value: 1152921504606847000 is above 2^53",
    ],
  ];
  for (const [title, profile, message] of wrong) {
    test(title, () => {
      const whole =
        title.includes("default") || title === "notify"
          ? profile
          : { defaultAction: "SCMP_ACT_ERRNO", ...(profile as object) };
      expect(() => compileSeccomp(whole as LinuxSeccomp, "x86_64")).toThrow(message);
    });
  }

  test("the nearest name is offered", () => {
    try {
      compileSeccomp(profileOf(allow("opneat")), "x86_64");
      throw new Error("compiled");
    } catch (error) {
      expect((error as { hint?: string }).hint).toBe("did you mean openat?");
    }
  });

  test("names of other architectures are no mistakes", () => {
    const names = [
      "riscv_flush_icache",
      "s390_pci_mmio_read",
      "swapcontext",
      "arm_fadvise64_64",
      "set_tls",
      "chown32",
    ];
    expect(compileSeccomp(profileOf(allow(names)), "x86_64").unknown).toEqual([]);
  });

  test("unknown names can be left out, and those are told for which that is weaker", () => {
    const skip = { skipUnknown: true };
    expect(compileSeccomp(profileOf(allow(["read", "new_call"])), "x86_64", skip).unknown).toEqual([
      "new_call",
    ]);
    const denying: LinuxSeccomp = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["new_call"], action: "SCMP_ACT_ERRNO" }],
    };
    expect(compileSeccomp(denying, "x86_64", skip).uncovered).toEqual(["new_call"]);
    expect(() => compileSeccomp(denying, "x86_64")).toThrow("unknown system call");
  });
});
