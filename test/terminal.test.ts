// `husk run -t`: the terminal inside behaves as the one outside, which is as it was afterwards, whatever happened.
import { describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  descendants,
  engine,
  husk,
  huskPath,
  isAlive,
  needs,
  openTerminal,
  temporaryFolder,
  type TerminalSession,
  waitFor,
} from "./harness/index.ts";

/** A person's shell, which shows the status of `husk run -it ARGUMENTS` and goes on. */
async function shellWith(...args: readonly string[]): Promise<TerminalSession & { before: number[] }> {
  const { root, run } = engine();
  const quoted = args.map((arg) => `'${arg}'`).join(" ");
  const script = `read go; ${huskPath} run ${quoted}; echo "status $?"; read rest; echo "read $rest"`;
  const terminal = openTerminal(["sh", "-c", script], { env: { HUSK_ROOT: root, HUSK_RUN: run } });
  const before = terminal.modes();
  terminal.type("\r");
  return { ...terminal, before };
}

const pidOf = (terminal: TerminalSession, name: string): number =>
  descendants(terminal.pid).find((process) => process.name === name)!.pid;

describe("the terminal is as it was", () => {
  test.each([
    ["the program ends", "status 0", (terminal) => terminal.type("\x04")],
    ["Ctrl-C", "status 130", (terminal) => terminal.type("\x03")],
    ["Ctrl-\\", "status 131", (terminal) => terminal.type("\x1c")],
    ["kill -9 of husk", "status 137", (terminal) => process.kill(pidOf(terminal, "husk"), "SIGKILL")],
    [
      "kill -9 of the keeper",
      "status 125",
      (terminal) => process.kill(pidOf(terminal, "husk-keeper"), "SIGKILL"),
    ],
    ["kill -9 of the program", "status 137", (terminal) => process.kill(pidOf(terminal, "cat"), "SIGKILL")],
  ] as [string, string, (terminal: TerminalSession) => void][])("after: %s", async (_, status, end) => {
    // Not pid 1, which Ctrl-C would not end.
    const terminal = await shellWith(
      "-it",
      "--init",
      "host",
      "sh",
      "-c",
      "trap : INT QUIT; echo ready; exec cat",
    );
    await terminal.shows("ready");
    await waitFor("raw mode", terminal.isRaw);
    expect(terminal.modes()).not.toEqual(terminal.before);
    await waitFor("cat", () => descendants(terminal.pid).some(({ name }) => name === "cat"));
    end(terminal);
    await terminal.shows(status);
    await waitFor("the terminal", () => !terminal.isRaw());
    expect(terminal.modes()).toEqual(terminal.before);
    terminal.type("typed\r");
    await terminal.shows("read typed");
    expect(await terminal.exit()).toBe(0);
  });

  test("after an error before the program", async () => {
    const terminal = await shellWith("-it", "host", "no-such-program");
    await terminal.shows("status 127");
    expect(terminal.modes()).toEqual(terminal.before);
    terminal.close();
  });
});

test("what is typed reaches the program byte by byte, keys that mean something outside too", async () => {
  const script = "stty raw -echo; echo ready; head -c 8 | od -An -tx1";
  const terminal = await shellWith("-it", "host", "sh", "-c", script);
  await terminal.shows("ready");
  terminal.type("\x03\x1a\x04\x11\x13\x7f\r\xff");
  await terminal.shows("03 1a 04 11 13 7f 0d c3");
  terminal.close();
});

test("the window's size is there from the start, and follows", async () => {
  const script = "trap 'stty size' WINCH; stty size; echo ready; while :; do sleep 0.05; done";
  const { root, run } = engine();
  const terminal = openTerminal([huskPath, "run", "-it", "host", "sh", "-c", script], {
    columns: 132,
    rows: 43,
    env: { HUSK_ROOT: root, HUSK_RUN: run },
  });
  await terminal.shows("43 132\r\nready");
  terminal.resize(100, 30);
  await terminal.shows("30 100");
  // It ends the program that is just waited for; between two of them pid 1 does not get it.
  const exit = terminal.exit();
  while ((await Promise.race([exit, Bun.sleep(50)])) === undefined) terminal.type("\x03");
  expect(await exit).toBe(130);
});

test("much output arrives whole before husk ends", async () => {
  const terminal = await shellWith("-it", "host", "sh", "-c", "seq 1 20000; echo end");
  await terminal.shows("status 0");
  const lines = terminal.output().split("\r\n");
  const first = lines.indexOf("1");
  expect(lines.slice(first, first + 20_001)).toEqual([
    ...Array.from({ length: 20_000 }, (_, index) => `${index + 1}`),
    "end",
  ]);
  terminal.close();
});

test("Ctrl-Z without -t stops husk as any program; the container goes on, and fg waits for it", async () => {
  const { root, run } = engine();
  const terminal = openTerminal(["bash", "--norc", "-i"], {
    env: { HUSK_ROOT: root, HUSK_RUN: run, PS1: "> " },
  });
  await terminal.shows("> ");
  const go = temporaryFolder("go");
  const script = "echo ready; until [ -e /mnt/go ]; do sleep 0.02; done; echo finished; exit 3";
  terminal.type(`${huskPath} run -v ${go}:/mnt host sh -c '${script}'\r`);
  await terminal.shows("ready\r\n");
  terminal.type("\x1a");
  await terminal.shows("Stopped");
  writeFileSync(join(go, "go"), "");
  await terminal.shows("finished\r\n");
  terminal.type("fg\r");
  terminal.type("echo status $?\r");
  await terminal.shows("status 3");
  terminal.type("exit\r");
  await terminal.exit();
});

describe("when nobody is there any more", () => {
  test("a window that is closed ends the shell in the container, and husk", async () => {
    const { root, run } = engine();
    const terminal = openTerminal([huskPath, "run", "-it", "--name", "window", "host", "sh"], {
      env: { HUSK_ROOT: root, HUSK_RUN: run },
    });
    await waitFor("raw mode", terminal.isRaw);
    const below = () => descendants(terminal.pid).map(({ pid }) => pid);
    await waitFor("the shell in the container", () => below().length > 1);
    const pids = below();
    terminal.hangUp();
    await waitFor("their end", () => ![terminal.pid, ...pids].some(isAlive));
    expect(readdirSync(join(run, "containers"))).toEqual([]);
  });

  test("a window that is closed breaks the pipe of a program without a terminal of its own", async () => {
    const { root, run } = engine();
    const terminal = openTerminal([huskPath, "run", "host", "yes"], {
      env: { HUSK_ROOT: root, HUSK_RUN: run },
    });
    await terminal.shows("y\r\ny");
    const pids = descendants(terminal.pid).map(({ pid }) => pid);
    terminal.hangUp();
    await waitFor("their end", () => ![terminal.pid, ...pids].some(isAlive));
    expect(readdirSync(join(run, "containers"))).toEqual([]);
  });

  needs({ command: "head" })("output that nobody reads ends the program", async () => {
    const { root, run } = engine();
    const terminal = openTerminal(["sh", "-c", `${huskPath} run -it host yes | head -1`], {
      env: { HUSK_ROOT: root, HUSK_RUN: run },
    });
    expect(await terminal.exit()).toBe(0);
    expect(terminal.output()).toBe("y\r\n");
    expect(terminal.isRaw()).toBe(false);
  });
});

test("-t without a terminal outside: the program has one, its output comes through", async () => {
  const { status, stdout } = await husk(["run", "-t", "host", "sh", "-c", "tty; echo hello"]);
  expect([status, stdout]).toEqual([0, "/dev/pts/0\r\nhello\r\n"]);
});
