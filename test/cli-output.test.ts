// Where output goes: pipes that nobody reads, or late; full disks; several things of which some fail.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, constants, openSync } from "node:fs";
import { engine, huskPath, needs, run, shell, temporaryFile, waitFor } from "./harness/index.ts";

const { root, run: runFolder, husk, start } = engine();
const env = { ...process.env, HUSK_ROOT: root, HUSK_RUN: runFolder };

beforeAll(async () => {
  const begun = await husk([
    "run",
    "-d",
    "--name",
    "on",
    "host",
    "sh",
    "-c",
    "touch /new; echo said; exec sleep 100",
  ]);
  expect(begun.stderr).toBe("");
  await waitFor("its words", async () => (await husk(["logs", "on"])).stdout === "said\n");
});
afterAll(() => husk(["rm", "-f", "on"]));

/** A command whose output nobody reads: the reader has gone before it begins. */
async function intoNothing(words: readonly string[]): Promise<{ status: number; stderr: string }> {
  const path = temporaryFile("fifo");
  await run(["mkfifo", path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  closeSync(reader);
  const child = Bun.spawn([huskPath, ...words], { env, stdio: ["ignore", writer, "pipe"] });
  closeSync(writer);
  return { status: await child.exited, stderr: await child.stderr.text() };
}

describe("a pipe that nobody reads any more ends husk without a word, as SIGPIPE does", () => {
  test.each([
    "ps -a",
    "ps -aq",
    "inspect on",
    "logs on",
    "diff on",
    "top on",
    "stats --no-stream on",
    "images",
    "volume ls",
    "system df",
    "events --since 1h --until 0s",
  ])("husk %s", async (line) => {
    expect(await intoNothing(line.split(" "))).toEqual({ status: 141, stderr: "" });
  });
});

test("what a full disk does not take is an error", async () => {
  for (const words of [["ps"], ["inspect", "on"], ["logs", "on"], ["images"]]) {
    const full = openSync("/dev/full", "w");
    const child = Bun.spawn([huskPath, ...words], { env, stdio: ["ignore", full, "pipe"] });
    closeSync(full);
    const [status, stderr] = [await child.exited, await child.stderr.text()];
    expect([words, status, stderr]).toEqual([words, 1, expect.stringContaining("the disk is full")]);
    expect(stderr).not.toContain("fault of husk");
  }
});

needs({ command: "perl" })("a pipe that is read late, and does not block, gets all of it", async () => {
  const names = Array.from({ length: 60 }, () => "on").join(" ");
  const nonBlocking = "perl -MFcntl -e 'fcntl(STDOUT, F_SETFL, O_WRONLY | O_NONBLOCK) or die'";
  const { stdout } = await shell(
    `{ ${nonBlocking}; "$1" inspect ${names}; } | { sleep 0.3; wc -c; }`,
    [huskPath],
    {
      env,
    },
  );
  const one = (await husk(["inspect", "on"])).stdout.length;
  expect(Number(stdout)).toBeGreaterThan(50 * one);
});

test("wait tells of each container as it ends, in the order of the words", async () => {
  const names = ["first", "second"];
  for (const name of names)
    await husk([
      "run",
      "-d",
      "--name",
      name,
      "host",
      "sh",
      "-c",
      "while [ ! -e /go ]; do sleep 0.05; done; exit 3",
    ]);
  const waiting = start(["wait", ...names]);
  await husk(["exec", "first", "touch", "/go"]);
  await waitFor("the first one's end", () => waiting.stdout() === "3\n");
  await husk(["exec", "second", "touch", "/go"]);
  expect((await waiting.result).stdout).toBe("3\n3\n");
  await husk(["rm", ...names]);
});

test("every thing that is not there is named", async () => {
  const inspected = await husk(["inspect", "--format", "{{.Name}}", "nothing", "on", "nobody"]);
  expect([inspected.status, inspected.stdout]).toEqual([1, "/on\n"]);
  expect(inspected.stderr).toMatch(/^husk: No such object: nothing .*\nhusk: No such object: nobody .*\n$/);
  const removed = await husk(["rmi", "nothing", "nobody"]);
  expect([removed.status, removed.stderr.split("\n").length]).toEqual([1, 3]);
  const forced = await husk(["rmi", "-f", "nothing"]);
  expect([forced.status, forced.stderr]).toEqual([0, expect.stringContaining("nothing")]);
});

test("words may be as many as a command line holds", async () => {
  const { status, stderr } = await husk(["logs", ...Array.from({ length: 50_000 }, () => "a")]);
  expect([status, stderr]).toEqual([1, expect.stringContaining("requires exactly 1 argument")]);
});

test("a template that does not fit is said once; one that does not fit a thing, of that", async () => {
  const wrong = await husk(["inspect", "--format", "{{.Name", "on", "on"]);
  expect([wrong.status, wrong.stdout, wrong.stderr.split("\n").length]).toEqual([1, "", 2]);
  const { status, stdout } = await husk(["inspect", "--format", "{{.Bogus}}", "on"]);
  expect([status, stdout]).toEqual([1, ""]);
});
