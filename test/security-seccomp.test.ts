// System call filters as programs in containers meet them.
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { denials } from "../src/security/index.ts";
import { hostArch, syscallNumbers } from "../src/plan/index.ts";
import { compile, engine, husk, huskPath, makeBundle, needs, run, temporaryFile } from "./harness/index.ts";

const numbers: Readonly<Record<string, number>> = syscallNumbers.x86_64;
const onX86 = process.arch === "x64";
const asRoot = needs({ root: true });
const asRootOnX86 = onX86 ? asRoot : needs({ root: true, file: "an x86-64 machine" });

/** A program that makes the calls given as `NUMBER[,ARGUMENT…]` and prints the error number of each. */
const caller = `
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/syscall.h>
int main(int count, char **words) {
  for (int i = 1; i < count; i++) {
    long a[7] = {0};
    char *at = words[i];
    for (int n = 0; n < 7 && *at; n++) { a[n] = strtoul(at, &at, 0); if (*at == ',') at++; }
    errno = 0;
    long result = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
    printf("%s %d\\n", words[i], result < 0 ? errno : 0);
    fflush(stdout);
  }
}`;

/** The same by int 0x80: the calls of 32-bit programs. */
const caller32 = caller.replace(
  "long result = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);",
  `long result;
   __asm__ volatile("int $0x80" : "=a"(result) : "a"(a[0]), "b"(a[1]), "c"(a[2]), "d"(a[3]) : "memory", "r8", "r9", "r10", "r11");
   if ((int)result < 0) { errno = -(int)result; result = -1; }`,
);

/** Error number of each call made in a container. */
async function errors(
  source: string,
  calls: readonly string[],
  flags: readonly string[] = [],
): Promise<number[]> {
  const program = compile(source);
  const folder = dirname(program);
  const { stdout, stderr } = await husk([
    "run",
    "--rm",
    "-v",
    `${folder}:/programs:ro`,
    ...flags,
    "host",
    "--",
    program.replace(folder, "/programs"),
    ...calls,
  ]);
  expect(stderr).toBe("");
  return stdout
    .trim()
    .split("\n")
    .map((line) => Number(line.split(" ")[1]));
}

function profileFile(profile: unknown): string {
  const path = temporaryFile("profile.json");
  writeFileSync(path, JSON.stringify(profile));
  return path;
}

const [EPERM, EAFNOSUPPORT, ENOSYS] = [1, 97, 38];

asRootOnX86("S206: each call the default profile denies fails in a container", async () => {
  const names = denials
    .filter(({ unless }) => unless !== "CAP_SYS_CHROOT")
    .flatMap((denial) => denial.names.split(" "))
    .filter((name) => name in numbers);
  const outcomes = await errors(
    caller,
    names.map((name) => `${numbers[name]}`),
  );
  expect(names.map((name, i) => [name, outcomes[i]])).toEqual(
    names.map((name) => [name, name === "clone3" ? ENOSYS : EPERM]),
  );
});

asRootOnX86(
  "AF_ALG and AF_VSOCK sockets cannot be made, not even in the ways of 32-bit programs",
  async () => {
    const families = [38n, 40n, 0x100000026n, 0x100000028n];
    for (const flags of [[], ["--cap-add", "NET_RAW", "--cap-add", "NET_ADMIN"]]) {
      const direct = families.map((family) => `${numbers.socket},${family},5,0`);
      expect(await errors(caller, [...direct, `${numbers.socket},2,1,0`], flags)).toEqual([1, 1, 1, 1, 0]);
      expect(await errors(caller32, ["359,38,5,0", "359,40,1,0", "102,1,0", "359,2,1,0"], flags)).toEqual([
        1, 1, 1, 0,
      ]);
    }
    const [open] = await errors(
      caller,
      [`${numbers.socket},38,5,0`],
      ["--security-opt", "seccomp=unconfined"],
    );
    expect([0, EAFNOSUPPORT]).toContain(open!);
  },
);

asRootOnX86("namespaces cannot be made through unshare, clone or clone3", async () => {
  const newUser = 0x10000000;
  const calls = [`${numbers.unshare},${newUser}`, `${numbers.clone},${newUser + 17}`, `${numbers.clone3}`];
  expect(await errors(caller, calls)).toEqual([EPERM, EPERM, ENOSYS]);
});

asRootOnX86("calls newer than the profile do not exist", async () => {
  expect(await errors(caller, ["470", "1000"])).toEqual([ENOSYS, ENOSYS]);
});

asRootOnX86("calls of the x32 ABI end the process", async () => {
  const program = compile(caller);
  const folder = dirname(program);
  const { status } = await husk([
    "run",
    "--rm",
    "-v",
    `${folder}:/programs:ro`,
    "host",
    "--",
    program.replace(folder, "/programs"),
    `${0x40000000 + numbers.getpid!}`,
  ]);
  expect(status).toBe(128 + 31);
});

asRoot("a profile of one's own: errors, conditions, the end of the process", async () => {
  const file = profileFile({
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [
      { names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 28 },
      {
        names: ["kill"],
        action: "SCMP_ACT_KILL_PROCESS",
        args: [{ index: 1, value: 10, op: "SCMP_CMP_EQ" }],
      },
    ],
  });
  const flags = ["run", "--rm", "--security-opt", `seccomp=${file}`, "host", "--"];
  expect((await husk([...flags, "mkdir", "/tmp/x"])).stderr).toContain("No space left on device");
  expect((await husk([...flags, "sh", "-c", "kill -0 $$ && echo allowed"])).stdout).toBe("allowed\n");
  expect((await husk([...flags, "sh", "-c", "kill -USR1 $$"])).status).toBe(128 + 31);
});

asRoot("a profile in Docker's form counts the container's capabilities", async () => {
  const allowAll = { defaultAction: "SCMP_ACT_ALLOW", archMap: [] };
  const denyWithout = {
    names: ["sethostname"],
    action: "SCMP_ACT_ERRNO",
    errnoRet: 28,
    excludes: { caps: ["CAP_SYS_ADMIN"] },
  };
  const file = profileFile({ ...allowAll, syscalls: [denyWithout] });
  const flags = ["--security-opt", `seccomp=${file}`];
  const call = `${syscallNumbers[hostArch].sethostname}`;
  expect(await errors(caller, [call], flags)).toEqual([28]);
  expect(await errors(caller, [call], [...flags, "--cap-add", "SYS_ADMIN"])).toEqual([0]);
});

asRoot("a wrong profile is one line that names the place, and no container", async () => {
  const wrong: [unknown, string][] = [
    [{ defaultAction: "SCMP_ACT_ALOW" }, "seccomp.defaultAction"],
    [
      { defaultAction: "SCMP_ACT_ERRNO", syscalls: [{ names: ["raed"], action: "SCMP_ACT_ALLOW" }] },
      "did you mean read?",
    ],
    [{ defaultAction: "SCMP_ACT_NOTIFY" }, "cannot be used as default action"],
  ];
  for (const [profile, message] of wrong) {
    const file = profileFile(profile);
    const { status, stderr } = await husk(["run", "--security-opt", `seccomp=${file}`, "host", "--", "true"]);
    expect(status).toBe(125);
    expect(stderr).toContain(message);
    expect(stderr.trim().split("\n").length).toBe(1);
  }
});

asRoot("config.json: a filter with and without no_new_privs", async () => {
  for (const noNewPrivileges of [true, false]) {
    const bundle = makeBundle(
      ["sh", "-c", "mkdir /tmp/x; grep -E 'Seccomp:|NoNewPrivs' /proc/self/status"],
      (config) => {
        config.process.noNewPrivileges = noNewPrivileges;
        config.linux.seccomp = {
          defaultAction: "SCMP_ACT_ALLOW",
          architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64"],
          syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO" }],
        };
      },
    );
    const { root, run: runFolder } = engine();
    const id = `seccomp-${process.pid}-${noNewPrivileges}`;
    const result = await run([huskPath, "oci", "run", "--bundle", bundle.path, id], {
      env: { HUSK_ROOT: root, HUSK_RUN: runFolder },
    });
    expect(result.stdout.match(/\d/g)).toEqual([noNewPrivileges ? "1" : "0", "2"]);
    expect(result.stderr).toContain("Operation not permitted");
  }
});
