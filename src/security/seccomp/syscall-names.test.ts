import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { abisOf, isSyscall, nativeNumbers } from "./architectures.ts";

const headers = "/usr/include/x86_64-linux-gnu/asm";

/** Numbers of a kernel header by name. */
function headerNumbers(file: string): Map<string, number> {
  const numbers = new Map<string, number>();
  const define = /^#define __NR_(\w+) (?:\(__X32_SYSCALL_BIT \+ )?(\d+)\)?$/gm;
  for (const [, name, number] of readFileSync(file, "utf8").matchAll(define))
    numbers.set(name!, Number(number));
  return numbers;
}

describe("the tables of system calls", () => {
  const cases = [
    ["SCMP_ARCH_X86_64", "unistd_64.h"],
    ["SCMP_ARCH_X86", "unistd_32.h"],
    ["SCMP_ARCH_X32", "unistd_x32.h"],
  ] as const;
  for (const [arch, header] of cases) {
    const file = `${headers}/${header}`;
    test.skipIf(!existsSync(file))(
      `${arch} is the kernel's ${header} (skipped without linux-libc-dev)`,
      () => {
        const abi = abisOf([arch], "x86_64", "").find((one) => one.name === arch)!;
        const expected = headerNumbers(file);
        expect(expected.size).toBeGreaterThan(300);
        for (const [name, number] of expected) {
          const native = nativeNumbers([name], "x86_64")[0]!;
          expect([name, abi.own?.().get(name) ?? (native >= abi.shared ? native : -1)]).toEqual([
            name,
            number,
          ]);
        }
      },
    );
  }

  test("arm has the calls of EABI", () => {
    const abi = abisOf(["SCMP_ARCH_ARM"], "aarch64", "")[1]!;
    const numbers = {
      restart_syscall: 0,
      mmap2: 192,
      socket: 281,
      statx: 397,
      clock_gettime64: 403,
      set_tls: 0xf0005,
    };
    for (const [name, number] of Object.entries(numbers)) expect(abi.own!().get(name)).toBe(number);
    expect(abi.own!().get("sync_file_range2")).toBe(abi.own!().get("arm_sync_file_range"));
  });

  test("names that are none are not known", () => {
    for (const name of ["", " ", "constructor", "__proto__", "read write", "READ", "341", "toString"]) {
      expect([name, isSyscall(name)]).toEqual([name, false]);
    }
  });
});
