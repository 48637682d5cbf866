// husk from TypeScript, in this process.
import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { HuskError, openEngine } from "../src/index.ts";
import { processStatus } from "./harness/process.ts";
import { temporaryFolder } from "./harness/temporary.ts";
import { waitFor } from "./harness/wait-for.ts";

const folders = { root: temporaryFolder("root", 0o700), run: temporaryFolder("run", 0o700) };
const husk = await openEngine(folders);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const containersLeft = (): string[] => readdirSync(`${folders.root}/containers`);

test("run gives the exit code, and removes the container", async () => {
  expect((await husk.run("host", ["sh", "-c", "exit 3"])).exitCode).toBe(3);
  expect(containersLeft()).toEqual([]);
});

test("output comes through pipes that the program can open again", async () => {
  const command = ["sh", "-c", "echo out; echo err >&2; echo again > /dev/stdout; readlink /proc/self/fd/1"];
  const { stdout, stderr, exitCode } = await husk.run("host", command);
  expect(text(stdout)).toMatch(/^out\nagain\npipe:\[\d+\]\n$/);
  expect([text(stderr), exitCode]).toEqual(["err\n", 0]);
});

test("what is written to stdin arrives, and its end too", async () => {
  const pieces = 30;
  let sent = 0;
  const stdin = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent++ < pieces) controller.enqueue(new Uint8Array(100_000));
      else controller.close();
    },
  });
  const { stdout, exitCode } = await husk.run("host", ["wc", "-c"], { stdin });
  expect([text(stdout), exitCode]).toEqual(["3000000\n", 0]);
  expect(text((await husk.run("host", ["cat"], { stdin: "words" })).stdout)).toBe("words");
  // Who does not read to the end is no error.
  expect((await husk.run("host", ["true"], { stdin: new Uint8Array(10_000_000) })).exitCode).toBe(0);
});

test("much output is complete when the program ends at once", async () => {
  const { stdout } = await husk.run("host", ["head", "-c", "5000000", "/dev/zero"]);
  expect(stdout.length).toBe(5_000_000);
});

test("a program that writes without end is killed, and not kept", async () => {
  const error = await husk.run("host", ["yes"], { maxOutput: 1_000_000 }).catch((caught: unknown) => caught);
  expect([(error as HuskError).code, (error as HuskError).message]).toEqual([
    "failed",
    "the program wrote more than 1000000 bytes, and was killed",
  ]);
  expect((await husk.run("host", ["echo", "1234"], { maxOutput: 5 })).stdout.length).toBe(5);
  expect(containersLeft()).toEqual([]);
});

test("an input that never ends does not hold up a program that has", async () => {
  const stdin = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(3)),
  });
  expect(text((await husk.run("host", ["head", "-c", "3"], { stdin })).stdout)).toBe("\0\0\0");
});

test("an aborted run ends the container", async () => {
  const error = await husk
    .run("host", ["sleep", "1000"], { signal: AbortSignal.timeout(300) })
    .catch((caught: unknown) => caught);
  expect((error as Error).name).toBe("TimeoutError");
  expect(containersLeft()).toEqual([]);
  const aborted = husk.run("host", ["true"], { signal: AbortSignal.abort() });
  expect(await aborted.catch((caught: unknown) => (caught as Error).name)).toBe("AbortError");
});

test("containers run side by side", async () => {
  const results = await Promise.all(
    Array.from({ length: 10 }, (_, i) => husk.run("host", ["sh", "-c", `exit ${i}`])),
  );
  expect(results.map((result) => result.exitCode)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("an error is a HuskError with a code and a hint", async () => {
  const error = await husk.run("host", ["no-such-program"]).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(HuskError);
  expect([(error as HuskError).code, (error as HuskError).hint]).toEqual([
    "command-not-found",
    expect.stringContaining("searched in PATH"),
  ]);
  expect(containersLeft()).toEqual([]);
});

test("a container's life: created, started, stopped, started again, removed", async () => {
  const container = await husk.containers.create(
    "host",
    ["sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done"],
    {
      name: "life",
      labels: { colour: "red" },
    },
  );
  expect([container.name, container.state().status]).toEqual(["life", "created"]);
  await container.start();
  expect(container.state().status).toBe("running");
  expect(husk.containers.list().map(({ record }) => record.name)).toEqual(["life"]);
  const waiting = container.wait();
  // Pid 1 does not get what it has no handler for yet.
  const caught = (): number =>
    Number.parseInt(processStatus(container.state().pid, "SigCgt")?.slice(-4) ?? "0", 16);
  await waitFor("its trap", () => (caught() & (1 << 14)) !== 0);
  await container.stop();
  expect([await waiting, container.state().exitCode]).toEqual([7, 7]);
  expect([husk.containers.list(), husk.containers.list({ all: true }).length]).toEqual([[], 1]);
  await container.restart();
  await container.rename("renamed");
  expect(husk.containers.get("renamed").id).toBe(container.id);
  await container.kill();
  expect(await container.wait()).toBe(137);
  expect(existsSync(container.folder)).toBe(true);
  await container.remove();
  expect(() => husk.containers.get("renamed")).toThrow("No such container: renamed");
  expect(existsSync(container.folder)).toBe(false);
});

test("await using removes a container, whatever it does", async () => {
  let id: string;
  {
    await using container = await husk.containers.run("host", ["sleep", "100"]);
    id = container.id;
    expect(container.state().status).toBe("running");
  }
  expect(containersLeft()).not.toContain(id);
});

test("many at once are started, and each by its own; prune removes what has ended", async () => {
  const containers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => husk.containers.run("host", ["sh", "-c", `exit ${i}`])),
  );
  expect(await Promise.all(containers.map((container) => container.wait()))).toEqual(
    Array.from({ length: 20 }, (_, i) => i),
  );
  expect((await husk.containers.prune()).ids.length).toBe(20);
  expect(containersLeft()).toEqual([]);
});

test("two that change one container at once wait for each other", async () => {
  await using container = await husk.containers.create("host", ["sleep", "100"]);
  await Promise.all([container.start(), container.start(), container.start()]);
  expect(container.state().status).toBe("running");
  await Promise.all([container.stop({ timeout: 0 }), container.stop({ timeout: 0 })]);
  expect(container.state().status).toBe("exited");
});

test("a wait can be given up; the container goes on", async () => {
  await using container = await husk.containers.run("host", ["sleep", "100"]);
  const error = await container.wait({ signal: AbortSignal.timeout(100) }).catch((caught: unknown) => caught);
  expect((error as Error).name).toBe("TimeoutError");
  expect(container.state().status).toBe("running");
});

test("events are an async iterable", async () => {
  const seen: string[] = [];
  const abort = new AbortController();
  const watching = (async () => {
    for await (const { Action, Actor } of husk.events({ signal: abort.signal })) {
      if (Actor.Attributes["name"] !== "watched") continue;
      seen.push(Action);
      if (Action === "destroy") return;
    }
  })();
  await husk.run("host", ["true"], { name: "watched" });
  await watching;
  abort.abort();
  expect(seen).toEqual(["create", "start", "die", "destroy"]);
});
