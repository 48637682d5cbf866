// husk chroot beside chroot(8): the jail alone, and its weakness.
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  compile,
  compileFor,
  husk,
  huskPath,
  isAlive,
  isAsleep,
  makeJail,
  needs,
  openTerminal,
  run,
  start,
  startHusk,
  temporaryFolder,
  waitFor,
} from "./harness/index.ts";

describe("a folder as the root", () => {
  test("S6: the program sees the folder as /, and cannot go above it", async () => {
    const jail = await makeJail(["bash", "ls", "cat"], ["etc"]);
    writeFileSync(join(jail, "etc/hostname"), "jailed\n");
    const script = "pwd; ls /; cat /../../etc/hostname";
    const { status, stdout } = await husk(["chroot", jail, "bash", "-c", script]);
    expect(status).toBe(0);
    expect(stdout.split("\n")).toEqual(["/", ...readdirSync(jail).toSorted(), "jailed", ""]);
  });

  test("S7: a program that is not there is named, with the folder and what would bring it", async () => {
    const jail = temporaryFolder("empty");
    writeFileSync(join(jail, "secret.txt"), "my super secret thing");
    const { status, stdout, stderr } = await husk(["chroot", jail, "bash"]);
    expect([status, stdout]).toEqual([127, ""]);
    expect(stderr).toContain(`cannot run bash in ${jail}: no such program`);
    expect(stderr).toContain(`husk jail make ${jail} bash`);
    expect(readdirSync(jail)).toEqual(["secret.txt"]);
  });

  test("S8: a program without its loader: the loader is named", async () => {
    const jail = await makeJail(["bash"]);
    const loader = (await run(["sh", "-c", "ldd /bin/bash | grep -o '/[^ ]*ld-[^ ]*'"])).stdout.trim();
    rmSync(join(jail, loader));
    const { status, stderr } = await husk(["chroot", jail, "bash"]);
    expect(status).toBe(127);
    expect(stderr).toContain(`its loader ${loader} does not`);
  });

  test("S11: at the end of input the shell ends, and its status is husk's", async () => {
    const jail = await makeJail(["bash"]);
    const { status, stdout } = await husk(["chroot", jail, "bash"], { stdin: "echo typed\nexit 3\n" });
    expect([status, stdout]).toEqual([3, "typed\n"]);
  });

  test("S14: what is written from outside appears inside, and the other way round", async () => {
    const jail = await makeJail(["bash", "cat"]);
    writeFileSync(join(jail, "from-outside"), "out\n");
    const { stdout } = await husk([
      "chroot",
      jail,
      "bash",
      "-c",
      "cat /from-outside; echo in > /from-inside",
    ]);
    expect([stdout, readFileSync(join(jail, "from-inside"), "utf8")]).toEqual(["out\n", "in\n"]);
  });

  needs({ root: true })("S15: chroot alone is left by the classic way, husk run is not", async () => {
    const escape = compile(`
      #include <unistd.h>
      #include <sys/stat.h>
      int main(int n, char **arg) {
        mkdir("/deeper", 0755); chroot("/deeper");
        for (int i = 0; i < 64; i++) chdir("..");
        chroot(".");
        return access(arg[1], F_OK) != 0;
      }`);
    const jail = temporaryFolder("jail");
    const marker = join(temporaryFolder("outside"), "marker");
    writeFileSync(marker, "");
    await run(["cp", escape, join(jail, "escape")]);
    expect((await husk(["chroot", jail, "/escape", marker])).status).toBe(0);
    expect((await run(["chroot", jail, "/escape", marker])).status).toBe(0);
    expect((await husk(["run", "--rootfs", jail, "/escape", marker])).status).toBe(1);
  });

  needs({ root: true, command: "chroot" })("exit statuses are those of chroot(8)", async () => {
    const jail = await makeJail(["bash"]);
    writeFileSync(join(jail, "data"), "");
    const file = join(jail, "data");
    for (const words of [
      [jail, "bash", "-c", "exit 42"],
      [jail, "bash", "-c", "kill -9 $$"],
      [jail, "missing"],
      [jail, "/data"],
      [join(jail, "nowhere"), "bash"],
      [file, "bash"],
      [jail, "bash", "-c", "exit $#", "bash", "-v", "--help"],
    ]) {
      const [ours, theirs] = [await husk(["chroot", ...words]), await run(["chroot", ...words])];
      expect([words, ours.status]).toEqual([words, theirs.status]);
    }
  });

  test("errors name the folder", async () => {
    const missing = await husk(["chroot", "/no/such/jail", "sh"]);
    expect(missing.stderr).toStartWith("husk: cannot chroot to /no/such/jail: no such folder");
    const file = await husk(["chroot", "/etc/passwd", "sh"]);
    expect(file.stderr).toStartWith("husk: cannot chroot to /etc/passwd: it is no folder");
    const none = await husk(["chroot"]);
    expect([none.status, none.stderr]).toEqual([125, expect.stringContaining("the folder is missing")]);
  });

  needs({ command: "aarch64-linux-gnu-gcc" })(
    "a program of another processor: both are named, and the emulator",
    async () => {
      const jail = temporaryFolder("jail");
      await run([
        "cp",
        compileFor("aarch64", "void _start(void) { for (;;); }", ["-static"]),
        join(jail, "program"),
      ]);
      const { status, stderr } = await husk(["chroot", jail, "/program"]);
      expect(status).toBe(126);
      expect(stderr).toMatch(/is a program for aarch64, and this machine is x86_64.*qemu-user/);
    },
  );
});

describe("the program is the caller's", () => {
  test("environment, standard input and open-file limit are as without husk", async () => {
    const jail = await makeJail(["bash"]);
    const script = 'ulimit -n 77; exec "$@"';
    const { stdout } = await run(
      ["bash", "-c", script, "bash", huskPath, "chroot", jail, "bash", "-c", "echo $MARK; ulimit -n"],
      {
        env: {
          MARK: "mark",
          HUSK_ROOT: temporaryFolder("root", 0o700),
          HUSK_RUN: temporaryFolder("run", 0o700),
        },
      },
    );
    expect(stdout).toBe("mark\n77\n");
  });

  test("a signal sent to husk reaches the program", async () => {
    const jail = await makeJail(["bash", "sleep"]);
    const running = startHusk([
      "chroot",
      jail,
      "bash",
      "-c",
      "trap 'echo got; exit 9' TERM; echo ready; while :; do sleep 0.05; done",
    ]);
    await waitFor("the program", () => running.stdout().includes("ready"));
    running.kill("SIGTERM");
    const { status, stdout } = await running.result;
    expect([status, stdout]).toEqual([9, "ready\ngot\n"]);
  });

  test("S11: at a terminal the shell has job control, Ctrl-C and Ctrl-D", async () => {
    const jail = await makeJail(["bash", "sleep"]);
    const session = openTerminal([huskPath, "chroot", jail, "/bin/bash", "--norc", "-i"], {
      env: { HUSK_ROOT: temporaryFolder("root", 0o700), HUSK_RUN: temporaryFolder("run", 0o700) },
    });
    session.type("echo here$((1+1))\r");
    await session.shows("here2");
    session.type("sleep 100\r");
    await waitFor("sleep", () => isAsleep(session.pid, "sleep"));
    session.type("\x03");
    session.type("echo $?=after\r");
    await session.shows("130=after");
    session.type("(exit 5)\r\x04");
    expect(await session.exit()).toBe(5);
    expect(session.output()).not.toContain("no job control");
    session.close();
  });

  test("without a command it is $SHELL -i", async () => {
    const jail = await makeJail(["bash"]);
    const { stdout } = await husk(["explain", "chroot", jail], { env: { SHELL: "/bin/bash" } });
    expect(stdout).toContain('execve("/bin/bash", ["/bin/bash", "-i"]');
    const other = await husk(["explain", "chroot", jail], { env: { SHELL: undefined } });
    expect(other.stdout).toContain('execve("/bin/sh", ["/bin/sh", "-i"]');
  });
});

describe("the weakness of a root alone", () => {
  needs({ root: true })("S13: it sees and ends the host's processes", async () => {
    const jail = await makeJail(["bash", "sleep"]);
    const victim = start(["sleep", "60"]);
    const { status } = await husk(["chroot", jail, "bash", "-c", `kill ${victim.pid}`]);
    expect(status).toBe(0);
    await waitFor("the end of the host's process", () => !isAlive(victim.pid));
    await victim.result;
  });

  test("S13: hostname, network and processes are the host's", async () => {
    const jail = await makeJail(["readlink"], ["proc"]);
    const { stdout } = await husk([
      "chroot",
      "-v",
      "/proc:/proc",
      jail,
      "readlink",
      "/proc/self/ns/pid",
      "/proc/self/ns/uts",
      "/proc/self/ns/net",
    ]);
    const host = await run(["readlink", "/proc/self/ns/pid", "/proc/self/ns/uts", "/proc/self/ns/net"]);
    expect(stdout).toBe(host.stdout);
  });

  needs({ command: "ps" })(
    "S31: the host's /proc in a jail shows the host's processes; an own one does not",
    async () => {
      const jail = await makeJail(["ps"], ["proc"]);
      const ps = ["ps", "-e", "-o", "pid="];
      const listed = async (words: string[]): Promise<string[]> =>
        (await husk([...words, ...ps])).stdout.trim().split(/\s+/);
      const processes = (): string[] => readdirSync("/proc").filter((name) => /^\d+$/.test(name));
      const before = processes();
      const weak = await listed(["chroot", "-v", "/proc:/proc", jail]);
      const after = new Set(processes());
      // Those that were there all the time.
      expect(weak).toEqual(expect.arrayContaining(before.filter((pid) => after.has(pid))));
      expect(await listed(["run", "--rootfs", jail])).toEqual(["1"]);
    },
  );
});

describe("explained", () => {
  test("--explain measures, on stderr", async () => {
    const jail = await makeJail(["echo"]);
    const { stdout, stderr } = await husk(["chroot", "--explain", jail, "echo", "hello"]);
    expect(stdout).toBe("hello\n");
    expect(stderr).toMatch(/\d+ µs .*chroot .* — paths begin at this folder/);
  });

  test("explain --as-shell is a script that does the same", async () => {
    const jail = await makeJail(["bash", "cat"], ["data"]);
    const data = temporaryFolder("data");
    writeFileSync(join(data, "file"), "shown\n");
    const words = [
      "chroot",
      "-v",
      `${data}:/data:ro`,
      jail,
      "bash",
      "-c",
      "cat /data/file; echo $UID; : > /data/new",
    ];
    const script = (await husk(["explain", "--as-shell", ...words])).stdout;
    const byHand = await run(["/bin/sh", "-c", script]);
    const byHusk = await husk(words);
    expect([byHand.status, byHand.stdout]).toEqual([byHusk.status, byHusk.stdout]);
    expect(byHusk.stdout).toBe("shown\n0\n");
    expect(byHand.stderr).toContain("Read-only file system");
    expect(existsSync(join(data, "new"))).toBe(false);
  });

  test("nothing is left behind", async () => {
    const jail = await makeJail(["bash"]);
    mkdirSync(join(jail, "data"));
    const before = readFileSync("/proc/self/mountinfo", "utf8");
    await husk(["chroot", "-v", "/tmp:/data", "--read-only", jail, "bash", "-c", "exit 1"]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).toBe(before);
  });
});
