// husk jail ls: what a jail holds and lacks.
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { husk, makeJail, makeRootfs, needs, run, temporaryFolder } from "./harness/index.ts";

interface Listed {
  programs: {
    path: string;
    names: string[];
    kind: string;
    machine: string;
    lacks: { role: string; name: string }[];
  }[];
  expected: { path: string; present: boolean }[];
}

async function listed(jail: string): Promise<Listed> {
  return JSON.parse((await husk(["jail", "ls", "--format", "json", jail])).stdout);
}

test("programs with what they need, and what is not there", async () => {
  const jail = await makeJail(["bash", "ls"]);
  const { stdout, status } = await husk(["jail", "ls", jail]);
  expect(status).toBe(0);
  expect(stdout).toStartWith(`Jail ${jail}: 2 programs\n`);
  expect(stdout).toMatch(/✓ +\/usr\/bin\/bash +dynamic x86_64 +with 2 libraries/);
  for (const path of ["/bin/sh", "/dev/null", "/proc", "/etc/passwd", "/tmp"])
    expect(stdout).toMatch(new RegExp(`^! +${path} +missing: .* — `, "m"));
});

test("what the mends bring is seen", async () => {
  const jail = await makeJail(["bash", "/bin/sh"]);
  const before = (await listed(jail)).expected;
  const { mend } = before.find(({ path }) => path === "/etc/passwd") as unknown as { mend: string };
  await run(["sh", "-c", mend]);
  mkdirSync(join(jail, "tmp"));
  const after = await listed(jail);
  const present = after.expected.filter((file) => file.present).map(({ path }) => path);
  expect(present).toEqual(["/bin/sh", "/etc/passwd", "/tmp"]);
});

test("a library or loader that was taken away is missed, as the program misses it", async () => {
  const jail = await makeJail(["bash"]);
  const [libtinfo] = (await run(["find", jail, "-name", "libtinfo.so*", "-type", "f"])).stdout.split("\n");
  rmSync(libtinfo!);
  expect((await listed(jail)).programs[0]!.lacks).toMatchObject([{ role: "library", name: "libtinfo.so.6" }]);
  expect((await husk(["chroot", jail, "bash"])).status).toBe(127);
  rmSync(join(jail, "lib64"));
  const { stdout } = await husk(["jail", "ls", jail]);
  expect(stdout).toContain("lacks loader /lib64/ld-linux-x86-64.so.2");
});

test("links to one program are names of it", async () => {
  const jail = makeRootfs();
  const { programs } = await listed(jail);
  expect(programs.map(({ path, kind }) => [path, kind])).toEqual([["/bin/busybox", "static"]]);
  expect(programs[0]!.names.length).toBe(readdirSync(join(jail, "bin")).length - 1);
});

test("links lead only inside", async () => {
  const jail = temporaryFolder("jail");
  symlinkSync("/usr/bin", join(jail, "bin"));
  symlinkSync("/bin/bash", join(jail, "shell"));
  expect((await listed(jail)).programs).toEqual([]);
});

test("strange files do no harm", async () => {
  const jail = temporaryFolder("jail");
  mkdirSync(join(jail, "bin"));
  const file = (name: string, content: Uint8Array | string): void =>
    writeFileSync(join(jail, "bin", name), content, { mode: 0o755 });
  file("empty", "");
  file("text", "text");
  file("short", "\x7fELF");
  file("noise", Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01"), Buffer.alloc(500, 0xff)]));
  file("loop", "#!/bin/loop\n");
  await run(["mkfifo", join(jail, "bin/fifo")]);
  await run(["chmod", "755", join(jail, "bin/fifo")]);
  symlinkSync("circle", join(jail, "bin/circle"));
  const { status, stdout } = await husk(["jail", "ls", jail]);
  expect(status).toBe(0);
  expect(stdout).toContain("lacks interpreter /bin/loop");
});

needs({ root: true })(
  "a whole machine is a jail too",
  async () => {
    expect(existsSync("/usr/bin/bash")).toBe(true);
    const { programs, expected } = await listed("/");
    expect(programs.length).toBeGreaterThan(200);
    expect(expected.every(({ present }) => present)).toBe(true);
  },
  120_000,
);

test("errors name the folder", async () => {
  expect((await husk(["jail", "ls", "/no/such/jail"])).stderr).toStartWith(
    "husk: no jail /no/such/jail: no such folder",
  );
  expect((await husk(["jail", "ls", "/etc/passwd"])).stderr).toStartWith("husk: /etc/passwd is a file");
  expect((await husk(["jail", "list"])).stderr).toContain("did you mean husk jail ls?");
  expect((await husk(["jail", "ls"])).stderr).toContain("the folder is missing");
});
