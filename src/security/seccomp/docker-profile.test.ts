import { describe, expect, test } from "bun:test";
import { compileSeccomp } from "./compile.ts";
import { type ProfileContext, resolveDockerProfile } from "./docker-profile.ts";
import { parseExactJson } from "./parse-profile.ts";

const context: ProfileContext = {
  capabilities: ["CAP_SYS_CHROOT"],
  arch: "x86_64",
  kernel: "6.1.0-18-amd64",
};

function namesIn(rule: object): string[] {
  const json = {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW", ...rule }],
  };
  return resolveDockerProfile(json, context).syscalls!.flatMap((it) => it.names);
}

describe("a profile in Docker's form", () => {
  test("names the machine's architectures by archMap", () => {
    const json = {
      defaultAction: "SCMP_ACT_ERRNO",
      archMap: [
        { architecture: "SCMP_ARCH_AARCH64", subArchitectures: ["SCMP_ARCH_ARM"] },
        { architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86", "SCMP_ARCH_X32"] },
        { architecture: "SCMP_ARCH_RISCV64", subArchitectures: null },
      ],
    };
    expect(resolveDockerProfile(json, context).architectures).toEqual([
      "SCMP_ARCH_X86_64",
      "SCMP_ARCH_X86",
      "SCMP_ARCH_X32",
    ]);
  });

  test("has rules for architectures, capabilities and kernels", () => {
    const cases: [object, boolean][] = [
      [{}, true],
      [{ includes: {}, excludes: {} }, true],
      [{ includes: { arches: ["amd64", "x32"] } }, true],
      [{ includes: { arches: ["arm64"] } }, false],
      [{ excludes: { arches: ["s390", "s390x"] } }, true],
      [{ excludes: { arches: ["amd64"] } }, false],
      [{ includes: { caps: ["CAP_SYS_CHROOT"] } }, true],
      [{ includes: { caps: ["CAP_SYS_CHROOT", "CAP_SYS_ADMIN"] } }, false],
      [{ excludes: { caps: ["CAP_SYS_ADMIN"] } }, true],
      [{ excludes: { caps: ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"] } }, false],
      [{ includes: { minKernel: "4.8" } }, true],
      [{ includes: { minKernel: "6.1" } }, true],
      [{ includes: { minKernel: "6.10" } }, false],
      [{ excludes: { minKernel: "6.10" } }, true],
      [{ excludes: { minKernel: "5.15" } }, false],
    ];
    for (const [rule, counts] of cases) expect([rule, namesIn(rule).length]).toEqual([rule, counts ? 1 : 0]);
  });

  test("may name one call by name", () => {
    expect(namesIn({ names: undefined, name: "openat" })).toEqual(["openat"]);
  });

  test("may name errors, as Podman's does", () => {
    const json = {
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrnoRet: 38,
      defaultErrno: "ENOSYS",
      syscalls: [{ names: ["acct"], action: "SCMP_ACT_ERRNO", errno: "EACCES", errnoRet: 1, args: [] }],
    };
    const profile = resolveDockerProfile(json, context);
    expect(profile.defaultErrnoRet).toBe(38);
    expect(profile.syscalls![0]!.errnoRet).toBe(13);
  });

  test("may be in the form of config.json", () => {
    const json = {
      defaultAction: "SCMP_ACT_ALLOW",
      architectures: ["SCMP_ARCH_X86_64"],
      flags: ["SECCOMP_FILTER_FLAG_LOG"],
      syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_ERRNO", args: null }],
    };
    const compiled = compileSeccomp(resolveDockerProfile(json, context), "x86_64");
    expect(compiled.flags).toBe(2);
  });

  test("keeps 64-bit values exact", () => {
    const text =
      '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ALLOW",' +
      '"args":[{"index":1,"value":18446744073709551614,"op":"SCMP_CMP_EQ"}]}]}';
    const profile = resolveDockerProfile(parseExactJson(text), context);
    expect(profile.syscalls![0]!.args![0]!.value).toBe(18446744073709551614n);
    expect(compileSeccomp(profile, "x86_64").program.length).toBeGreaterThan(0);
  });

  const wrong: [string, unknown, string][] = [
    ["no object", [], "seccomp: expected an object"],
    ["no default", {}, "seccomp.defaultAction: is missing"],
    ["both forms", { defaultAction: "SCMP_ACT_ERRNO", architectures: [], archMap: [] }, "seccomp: has both"],
    [
      "an unknown name, also where it would not count",
      [{ names: ["mont"], includes: { arches: ["arm64"] } }],
      'seccomp.syscalls[0].names[0]: unknown system call "mont"',
    ],
    ["no names", [{ names: [] }], "seccomp.syscalls[0].names: is empty"],
    ["missing names", [{}], "seccomp.syscalls[0].names: is missing"],
    ["both names", [{ name: "read", names: ["read"] }], "seccomp.syscalls[0]: has both name and names"],
    [
      "kernel",
      [{ names: ["read"], includes: { minKernel: "new" } }],
      "seccomp.syscalls[0].includes.minKernel: expected",
    ],
    ["errno", [{ names: ["read"], errno: "EPREM" }], "seccomp.syscalls[0].errno: unknown error name"],
    ["args", [{ names: ["read"], args: [1] }], "seccomp.syscalls[0].args[0]: expected an object, got 1"],
  ];
  for (const [title, json, message] of wrong) {
    test(`mistake: ${title}`, () => {
      const rules = Array.isArray(json) && json.length > 0;
      const whole = rules
        ? {
            defaultAction: "SCMP_ACT_ERRNO",
            syscalls: json.map((rule) => ({ action: "SCMP_ACT_ALLOW", ...rule })),
          }
        : json;
      expect(() => resolveDockerProfile(whole, context)).toThrow(message);
    });
  }
});
