import { expect, test } from "bun:test";
import {
  compile,
  descendants,
  findUser,
  isAlive,
  needs,
  openTerminal,
  program32,
  run,
  shell,
  start,
  userWithRanges,
  waitFor,
} from "./index.ts";

test("a program's status, output and signal are seen", async () => {
  expect(await shell("echo $1; echo oops >&2; exit 3", ["hello"])).toMatchObject({
    status: 3,
    stdout: "hello\n",
    stderr: "oops\n",
  });
  expect((await shell("kill -TERM $$")).status).toBe(143);
  expect((await run(["cat"], { stdin: "a\0b" })).stdout).toBe("a\0b");
  expect((await run(["cat"])).stdout).toBe("");
  expect((await shell("echo x > /dev/stdout")).stdout).toBe("x\n");
});

test("a program that takes too long is killed and named", async () => {
  await expect(run(["sleep", "60"], { timeout: 50 })).rejects.toThrow("sleep 60: still running after 50 ms");
});

test("descendants are found, and the dead are told from the living", async () => {
  const running = start(["sh", "-c", "sleep 60 & sleep 60 & wait"]);
  await waitFor("two sleeps", () => descendants(running.pid).length === 2);
  const pids = descendants(running.pid).map((stat) => stat.pid);
  running.kill("SIGKILL");
  expect((await running.result).status).toBe(137);
  for (const pid of pids) {
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, "SIGKILL");
    await waitFor("its end", () => !isAlive(pid));
  }
});

test("a terminal echoes, resizes, interrupts and shows raw mode", async () => {
  const script = "stty size; read line; stty size; stty raw -echo; sleep 60";
  const terminal = openTerminal(["sh", "-c", script]);
  await terminal.shows("24 80");
  expect(terminal.isRaw()).toBe(false);
  terminal.resize(100, 40);
  terminal.type("hello\r");
  await terminal.shows("hello\r\n40 100");
  await waitFor("raw mode", terminal.isRaw);
  terminal.close();

  const interrupted = openTerminal(["sleep", "60"]);
  interrupted.type("\x03");
  expect(await interrupted.exit()).toBe(130);
});

needs({ testUser: true })("an ordinary user has no privilege and its own home", async () => {
  const result = await shell("id -u; grep CapEff /proc/self/status; echo $HOME", [], {
    user: findUser(userWithRanges)!,
  });
  const [uid, capabilities, home] = result.stdout.split("\n");
  expect(Number(uid)).toBe(findUser(userWithRanges)!.uid);
  expect(capabilities).toContain("0000000000000000");
  expect(home).toBe(findUser(userWithRanges)!.environment.HOME!);
});

needs({ command: "cc" })("test programs are compiled, 32-bit ones too", async () => {
  const program = compile('#include <stdio.h>\nint main(void) { puts("hello"); }');
  expect((await run([program])).stdout).toBe("hello\n");
  expect(compile('#include <stdio.h>\nint main(void) { puts("hello"); }')).toBe(program);
  const getpid = 20;
  expect((await run([program32(getpid)])).status).toBe(0);
  const noSuchCall = 999;
  expect((await run([program32(noSuchCall)])).status).toBe(38);
});
