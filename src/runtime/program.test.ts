import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { hostArch } from "../plan/index.ts";
import { readElfHeader } from "./elf.ts";
import { type ExecFailure, explainExecFailure } from "./program.ts";

const failure: ExecFailure = {
  program: "bash",
  paths: ["/bin/bash"],
  path: 0,
  errno: 2,
  mode: 0o100755,
  bytes: new Uint8Array(),
  rootfs: "/my-new-root",
};

function explain(change: Partial<ExecFailure>): string {
  const { code, message, hint } = explainExecFailure({ ...failure, ...change });
  return `${code} | ${message} | ${hint}`;
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const ELF = readFileSync("/bin/sh").subarray(0, 4096);

test("S7: a missing program is named with its root file system and the PATH searched", () => {
  expect(explain({ path: -1, paths: ["/usr/bin/bash", "/bin/bash"] })).toBe(
    "command-not-found | cannot run bash in /my-new-root: no such program | searched in PATH: /usr/bin:/bin",
  );
  expect(explain({ path: -1, program: "/x/y" })).toContain("cannot run /x/y in /my-new-root: no such file");
});

test("S8: a missing loader is told apart from a missing program", () => {
  const loader = readElfHeader(ELF)?.interpreter as string;
  expect(loader).toMatch(/^\/lib.*ld-linux/);
  expect(explain({ bytes: ELF })).toContain(
    `command-not-found | cannot run bash (/bin/bash) in /my-new-root: the file exists, but its loader ${loader} does not`,
  );
});

test("a script's missing interpreter, also one with a carriage return", () => {
  expect(explain({ bytes: text("#! /usr/bin/python3 -u\nprint()") })).toContain(
    "interpreter /usr/bin/python3 ",
  );
  expect(explain({ bytes: text("#!/bin/sh\r\nid\r\n") })).toContain("dos2unix");
});

test("what exists and cannot be executed is code cannot-execute", () => {
  expect(explain({ errno: 13, mode: 0o040755 })).toContain("cannot-execute");
  expect(explain({ errno: 13, mode: 0o040755 })).toContain("is a directory");
  expect(explain({ errno: 13, mode: 0o100644 })).toContain("chmod +x /bin/bash");
  expect(explain({ errno: 13, noexec: true })).toContain("noexec");
  expect(explain({ errno: 13, mode: 0o100700 })).toContain("mode 0700");
  expect(explain({ errno: 8 })).toContain("the file is empty");
  expect(explain({ errno: 8, bytes: text("echo hello\n") })).toContain("run: sh /bin/bash");
});

test("a program for another processor is named", () => {
  const foreign = Uint8Array.from(ELF);
  foreign[18] = hostArch === "x86_64" ? 183 : 62;
  expect(explain({ errno: 8, bytes: foreign })).toContain(
    `a program for ${hostArch === "x86_64" ? "aarch64" : "x86_64"}, and this machine is ${hostArch}`,
  );
});

test("no damaged header breaks the reader", () => {
  for (let length = 0; length < 300; length++) readElfHeader(ELF.subarray(0, length));
  for (let at = 4; at < 64; at++) {
    const damaged = Uint8Array.from(ELF);
    damaged[at] = 0xff;
    readElfHeader(damaged);
  }
});
