import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { syscallNumbers } from "../../plan/index.ts";
import { capabilityNames, defaultCapabilities } from "../capability-names.ts";
import { isSyscall } from "./architectures.ts";
import { compileSeccomp } from "./compile.ts";
import { defaultProfile } from "./default-profile.ts";
import { denials } from "./denials.ts";
import { resolveDockerProfile } from "./docker-profile.ts";
import { runFilter } from "./machine.ts";
import { parseExactJson } from "./parse-profile.ts";

const x86_64 = 0xc000003e;
const i386 = 0x40000003;
const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;

function programWith(...more: string[]): Uint8Array {
  return compileSeccomp(defaultProfile([...defaultCapabilities, ...more], "x86_64"), "x86_64").program;
}

function outcome(program: Uint8Array, name: string, ...args: bigint[]): number {
  const number = (syscallNumbers.x86_64 as Record<string, number>)[name];
  if (number === undefined) throw new Error(`no ${name}`);
  return runFilter(program, { audit: x86_64, number, args });
}

describe("the default profile", () => {
  const program = programWith();

  test("is the one compiled beforehand", () => {
    for (const arch of ["x86_64", "aarch64"] as const) {
      const profile = defaultProfile(defaultCapabilities, arch);
      const compiled = compileSeccomp({ ...profile }, arch).program;
      // Otherwise: bun scripts/precompile-seccomp.ts
      expect(Buffer.from(compileSeccomp(profile, arch).program).equals(Buffer.from(compiled))).toBe(true);
    }
  });

  test("cannot be changed where its program would not follow", () => {
    const profile = defaultProfile(defaultCapabilities, "x86_64");
    expect(() => profile.syscalls!.push({ names: ["mount"], action: "SCMP_ACT_ALLOW" })).toThrow();
    expect(() => profile.syscalls![0]!.names.push("mount")).toThrow();
    expect(() => profile.architectures!.push("SCMP_ARCH_X32")).toThrow();
    expect(() => (profile.defaultAction = "SCMP_ACT_ALLOW")).toThrow();
    const own = { ...profile, defaultAction: "SCMP_ACT_ALLOW" as const };
    expect(outcome(compileSeccomp(own, "x86_64").program, "mount")).toBe(ALLOW);
  });

  test("allows what programs need", () => {
    for (const name of [
      "read",
      "execve",
      "fork",
      "futex",
      "openat2",
      "statx",
      "rseq",
      "uretprobe",
      "close_range",
    ]) {
      expect([name, outcome(program, name)]).toEqual([name, ALLOW]);
    }
  });

  for (const { names, unless } of denials) {
    test(`denies ${names}${unless === undefined ? "" : ` without ${unless}`}`, () => {
      const granted = unless === undefined || defaultCapabilities.includes(unless);
      for (const name of names.split(" ")) {
        expect([name, isSyscall(name)]).toEqual([name, true]);
        if (!(name in syscallNumbers.x86_64)) continue;
        const without = programOf(capabilityNames.filter((it) => it !== unless && it !== "CAP_SYS_ADMIN"));
        expect([name, outcome(without, name)]).toEqual([name, name === "clone3" ? ENOSYS : EPERM]);
        if (unless !== undefined) {
          expect([name, outcome(programOf([unless]), name)]).toEqual([name, ALLOW]);
          if (!granted) expect(outcome(program, name)).not.toBe(ALLOW);
        }
      }
    });
  }

  function programOf(capabilities: string[]): Uint8Array {
    return compileSeccomp(defaultProfile(capabilities, "x86_64"), "x86_64").program;
  }

  test("denies sockets of AF_ALG and AF_VSOCK, also with bits the kernel does not read", () => {
    for (const filter of [program, programWith("CAP_NET_RAW"), programWith("CAP_NET_ADMIN")]) {
      for (const family of [38n, 40n, 0x1_0000_0026n, 0x1_0000_0028n, 0xffff_ffff_0000_0026n]) {
        expect(outcome(filter, "socket", family)).toBe(EPERM);
        expect(runFilter(filter, { audit: i386, number: 359, args: [family & 0xffffffffn] })).toBe(EPERM);
      }
      // socketcall(SYS_SOCKET) hides the family.
      expect(runFilter(filter, { audit: i386, number: 102, args: [1n] })).toBe(EPERM);
      expect(runFilter(filter, { audit: i386, number: 102, args: [3n] })).toBe(ALLOW);
    }
  });

  test("allows the families of the net, others with a capability for it", () => {
    for (const family of [1n, 2n, 10n, 16n]) expect(outcome(program, "socket", family)).toBe(ALLOW);
    for (const family of [17n, 29n, 39n, 41n, 44n]) {
      expect(outcome(program, "socket", family)).toBe(EPERM);
      expect(outcome(programWith("CAP_NET_RAW"), "socket", family)).toBe(ALLOW);
    }
  });

  test("allows clone without new namespaces", () => {
    expect(outcome(program, "clone", 0x3d0f00n)).toBe(ALLOW);
    for (const flag of [
      0x20000n,
      0x2000000n,
      0x4000000n,
      0x8000000n,
      0x10000000n,
      0x20000000n,
      0x40000000n,
    ]) {
      expect(outcome(program, "clone", flag | 0x11n)).toBe(EPERM);
      expect(outcome(programWith("CAP_SYS_ADMIN"), "clone", flag | 0x11n)).toBe(ALLOW);
    }
  });

  test("does not let programs switch off address randomization", () => {
    expect(outcome(program, "personality", 0xffffffffn)).toBe(ALLOW);
    expect(outcome(program, "personality", 0x40000n)).toBe(EPERM);
  });

  test("tells programs that calls newer than it do not exist", () => {
    expect(runFilter(program, { audit: x86_64, number: 470 })).toBe(ENOSYS);
    expect(runFilter(program, { audit: i386, number: 470 })).toBe(ENOSYS);
  });

  test("needs few steps for common calls", () => {
    expect(program.length / 8).toBeLessThan(400);
  });
});

const podman = "/usr/share/containers/seccomp.json";

describe.skipIf(!isReadable(podman))(`${podman} (skipped without podman)`, () => {
  test("is compiled without complaint", () => {
    const context = { capabilities: [...defaultCapabilities], arch: "x86_64", kernel: "6.1.0" } as const;
    const profile = resolveDockerProfile(parseExactJson(readFileSync(podman, "utf8")), context);
    const { program, unknown } = compileSeccomp(profile, "x86_64");
    expect(unknown).toEqual([]);
    expect(outcome(program, "read")).toBe(ALLOW);
    expect(outcome(program, "acct")).toBe(EPERM);
  });
});

function isReadable(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}
