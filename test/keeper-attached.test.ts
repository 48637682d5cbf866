// A kept container in the foreground: what is printed goes to the caller and into the log, keys go in.
import { expect, test } from "bun:test";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { attachToContainer, keeperStatus, signalContainer } from "../src/platform/keeper-socket.ts";
import { decodeExitRecord } from "./exit-record.ts";
import {
  descendants,
  isAlive,
  openTerminal,
  processStat,
  run,
  temporaryFolder,
  type TerminalSession,
  waitFor,
} from "./harness/index.ts";
import { descriptors, frames, keep } from "./kept-container.ts";

const program = join(import.meta.dirname, "attached-container.ts");
const ctrlPQ = "1011";

function foreground(script: string, keys = ctrlPQ): { terminal: TerminalSession; folder: string } {
  const folder = temporaryFolder("attached", 0o700);
  return { folder, terminal: openTerminal([process.execPath, program, folder, script, keys]) };
}
const logOf = (folder: string): string =>
  frames(folder)
    .filter(({ stream }) => stream === 1)
    .map(({ bytes }) => bytes.toString())
    .join("");
const keeperOf = (pid: number): number => descendants(pid).find(({ name }) => name === "husk-keeper")!.pid;
const exitOf = (folder: string) => {
  const record = decodeExitRecord(new Uint8Array(readFileSync(join(folder, "exit"))));
  if (record === undefined || record === "newer") throw new Error("no exit record");
  return record;
};

test("without a terminal input and output pass through, end of input included, and output is logged", async () => {
  const folder = temporaryFolder("piped", 0o700);
  const { stdout } = await run([process.execPath, program, folder, "cat; echo end; exit 3"], {
    stdin: "some\ninput\n",
  });
  expect(stdout).toBe("some\ninput\nend\nended 3\n");
  expect(logOf(folder)).toBe("some\ninput\nend\n");
});

test("a caller that does not read stops nothing but its own container's output", async () => {
  const folder = temporaryFolder("slow", 0o700);
  const caller = Bun.spawn([process.execPath, program, folder, "head -c 3000000 /dev/zero"], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    // Bun would read it, and so let the program go on to its end.
    lazy: true,
  });
  await waitFor("some output", () => existsSync(join(folder, "log")) && logOf(folder).length > 0);
  await waitFor("its socket", () => existsSync(join(folder, "sock")));
  expect((await keeperStatus(join(folder, "sock"))).state).toBe("running");
  const output = await new Response(caller.stdout).text();
  expect(output.length).toBe(3_000_000 + "ended 0\n".length);
  expect(logOf(folder).length).toBe(3_000_000);
});

test("output that the caller's descriptor refuses is told of, and logged all the same", async () => {
  const full = openSync("/dev/full", "w");
  const container = await keep("echo lost; sleep 0.1; exit 2", { attached: { stdout: full } });
  expect(await container.report()).toMatchObject({ outcome: "ended", exitCode: 2, outputErrno: 28 });
  closeSync(full);
  expect(container.logged()).toBe("lost\n");
});

test("a terminal: keys, echo, log, and the terminal as it was", async () => {
  const { terminal, folder } = foreground("read line; echo got $line; exit 4");
  try {
    await waitFor("raw mode", () => terminal.isRaw());
    terminal.type("keys\r");
    await terminal.shows("ended 4");
    expect(await terminal.exit()).toBe(0);
    expect(terminal.isRaw()).toBe(false);
    expect(logOf(folder)).toBe("keys\r\ngot keys\r\n");
  } finally {
    terminal.close();
  }
});

test("the detach keys leave the container alone, which lives on and can be attached to again", async () => {
  const { terminal, folder } = foreground("echo ready; while read line; do echo got $line; done; exit 6");
  try {
    const before = terminal.modes();
    await terminal.shows("ready");
    const keeper = keeperOf(terminal.pid);
    // The first key alone, with something else behind it, is input.
    terminal.type("a\x10b\r");
    await terminal.shows("got a\x10b");
    terminal.type("c\r\x10");
    await terminal.shows("got c");
    terminal.type("\x11");
    await terminal.shows("left alone");
    expect(await terminal.exit()).toBe(0);
    expect(terminal.modes()).toEqual(before);
    const socket = join(folder, "sock");
    expect((await keeperStatus(socket)).state).toBe("running");
    await waitFor("a session of its own", () => processStat(keeper)?.session === keeper);
    expect(descriptors(keeper).filter((name) => /^\/dev\/(pts\/\d+|tty)$/.test(name))).toEqual([]);
    const client = await attachToContainer(socket, { input: true, grown: () => {} });
    await client.write(Buffer.from("again\r"));
    await waitFor("its answer", () => logOf(folder).includes("got again"));
    await client.write(Buffer.from("\x04"));
    await client.ended;
    await waitFor("the keeper's end", () => !isAlive(keeper));
    expect(exitOf(folder)).toMatchObject({ state: "ended", exitCode: 6 });
  } finally {
    terminal.close();
  }
});

test("other keys can be chosen, one alone too; without any, none detaches", async () => {
  const one = foreground("echo ready; sleep 1000", "01");
  try {
    await one.terminal.shows("ready");
    one.terminal.type("\x01");
    await one.terminal.shows("left alone");
    await signalContainer(join(one.folder, "sock"), 9);
  } finally {
    one.terminal.close();
  }
  const none = foreground("echo ready; read line; echo got $line", "");
  try {
    await none.terminal.shows("ready");
    // The terminal inside takes Ctrl-Q for itself (XON).
    none.terminal.type("\x10\x11x\r");
    await none.terminal.shows("ended 0");
    expect(none.terminal.output()).toContain("got \x10x");
  } finally {
    none.terminal.close();
  }
});

test("the caller killed: its terminal is as it was, and the container ends", async () => {
  const { terminal, folder } = foreground("echo ready; sleep 1000");
  try {
    const before = terminal.modes();
    await terminal.shows("ready");
    expect(terminal.isRaw()).toBe(true);
    const keeper = keeperOf(terminal.pid);
    process.kill(terminal.pid, "SIGKILL");
    await waitFor("the keeper's end", () => !isAlive(keeper));
    expect(terminal.modes()).toEqual(before);
    expect(exitOf(folder)).toMatchObject({ state: "ended", exitCode: 137, callerDied: true });
  } finally {
    terminal.close();
  }
});
