// Being at a running container's input and output: husk attach, and container.attach() of the library.
import { afterAll, expect, test } from "bun:test";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { openEngine } from "../src/index.ts";
import { engine, huskPath, openTerminal, repository, run, temporaryFile, waitFor } from "./harness/index.ts";

const { root, run: runFolder, husk, start } = engine();
const env = { HUSK_ROOT: root, HUSK_RUN: runFolder };
const started: string[] = [];
async function begin(name: string, flags: string[], ...command: string[]): Promise<void> {
  const { status, stderr } = await husk(["run", "-d", "--name", name, ...flags, "host", ...command]);
  expect([status, stderr]).toEqual([0, ""]);
  started.push(name);
}
afterAll(async () => {
  if (started.length > 0) await husk(["rm", "-f", ...started]);
});

test("output comes to the streams it is written to, and the exit status", async () => {
  await begin(
    "out",
    [],
    "sh",
    "-c",
    "while [ ! -e /tmp/go ]; do echo wait; sleep 0.05; done; echo out; echo err >&2; exit 6",
  );
  const attached = start(["attach", "out"]);
  await waitFor("output", () => attached.stdout().includes("wait\n"));
  await husk(["exec", "out", "touch", "/tmp/go"]);
  const { status, stdout, stderr } = await attached.result;
  expect([status, stdout.replaceAll("wait\n", ""), stderr]).toEqual([6, "out\n", "err\n"]);
});

test("two persons at one terminal see the same; keys leave it alone, exit ends it", async () => {
  await begin("shell", ["-i", "-t", "-e", "PS1=> "], "sh");
  const one = openTerminal([huskPath, "attach", "shell"], { env, columns: 100, rows: 30 });
  await waitFor("raw mode", one.isRaw);
  one.type("stty size\r");
  await one.shows("30 100\r\n");
  const two = openTerminal([huskPath, "attach", "shell"], { env });
  await waitFor("raw mode", two.isRaw);
  two.type("echo from two\r");
  await one.shows("from two\r\n> ");
  await two.shows("from two\r\n> ");
  one.type("\x10\x11");
  expect(await one.exit()).toBe(0);
  expect(one.output()).toContain("read escape sequence");
  expect(one.isRaw()).toBe(false);
  two.type("sleep 30\r");
  await Bun.sleep(100);
  two.type("\x03");
  two.type("exit 9\r");
  expect(await two.exit()).toBe(9);
  expect(two.isRaw()).toBe(false);
});

test("other keys detach if asked for", async () => {
  await begin("keys", ["-i", "-t"], "sh");
  const terminal = openTerminal([huskPath, "attach", "--detach-keys", "ctrl-a,d", "keys"], { env });
  await waitFor("raw mode", terminal.isRaw);
  terminal.type("echo \x10\x11 still\r");
  await terminal.shows("still");
  terminal.type("\x01d");
  expect(await terminal.exit()).toBe(0);
  expect((await husk(["ps", "-q", "-f", "name=keys"])).stdout).not.toBe("");
});

test("input goes to a container that was started with -i", async () => {
  await begin("cat", ["-i"], "sh", "-c", "head -n 2; echo done");
  const { status, stdout } = await husk(["attach", "cat"], { stdin: "one\ntwo\n" });
  expect([status, stdout]).toEqual([0, "one\ntwo\ndone\n"]);
});

test("signals go to the program, unless --sig-proxy=false", async () => {
  const script = "trap 'echo got; exit 3' TERM; while :; do echo tick; sleep 0.05; done";
  await begin("signals", [], "sh", "-c", script);
  const watcher = start(["attach", "--no-stdin", "--sig-proxy=false", "signals"]);
  await waitFor("output", () => watcher.stdout().includes("tick"));
  watcher.kill("SIGTERM");
  expect((await watcher.result).status).toBe(143);
  const attached = start(["attach", "--no-stdin", "signals"]);
  await waitFor("output", () => attached.stdout().includes("tick"));
  attached.kill("SIGTERM");
  const { status, stdout } = await attached.result;
  expect([status, stdout.replaceAll("tick\n", "")]).toEqual([3, "got\n"]);
});

test("a client that does not read holds up neither the container nor others", async () => {
  const script =
    "while [ ! -e /tmp/go ]; do echo wait; sleep 0.05; done; seq 1 200000; touch /tmp/written; sleep 100";
  await begin("busy", [], "sh", "-c", script);
  const fifo = temporaryFile("fifo");
  const slow = start(["attach", "busy"]);
  await run(["mkfifo", fifo]);
  const unread = openSync(fifo, "r+");
  const glance = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const stuck = Bun.spawn([huskPath, "attach", "busy"], {
    stdout: unread,
    env: { ...process.env, ...env },
  });
  await waitFor("a reader", () => slow.stdout().includes("wait\n"));
  // One byte tells that this one is there, too.
  await waitFor("one who will not read on", () => {
    try {
      return readSync(glance, new Uint8Array(1)) === 1;
    } catch {
      return false; // Nothing is in it yet.
    }
  });
  await husk(["exec", "busy", "touch", "/tmp/go"]);
  await waitFor("all of it", () => slow.stdout().endsWith("200000\n"));
  await waitFor("the program", async () => (await husk(["exec", "busy", "ls", "/tmp/written"])).status === 0);
  slow.kill("SIGKILL");
  stuck.kill("SIGKILL");
  await Promise.allSettled([slow.result, stuck.exited]);
  for (const descriptor of [unread, glance]) closeSync(descriptor);
});

test("a container that does not run is refused in docker's words", async () => {
  await husk(["create", "--name", "asleep", "host", "true"]);
  started.push("asleep");
  const { status, stderr } = await husk(["attach", "asleep"]);
  expect(status).not.toBe(0);
  expect(stderr).toStartWith("husk: You cannot attach to a stopped container, start it first");
  expect((await husk(["attach", "nobody"])).stderr).toStartWith("husk: No such container: nobody");
});

test("from the library: output, input, resizing, the end", async () => {
  const opened = await openEngine({
    root,
    run: runFolder,
    keeper: join(repository, "dist/keeper"),
    husk: [huskPath],
  });
  await using container = await opened.containers.run("host", ["sh"], { interactive: true, tty: true });
  const attachment = await container.attach({ input: true });
  let shown = "";
  const reading = (async () => {
    for await (const { bytes } of attachment.output()) shown += new TextDecoder().decode(bytes);
  })();
  await attachment.resize(40, 120);
  await attachment.write(new TextEncoder().encode("stty size; exit 2\r"));
  expect(await attachment.ended).toBe(2);
  await reading;
  expect(shown).toContain("40 120\r\n");
});
