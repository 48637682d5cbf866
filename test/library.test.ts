// husk from TypeScript, in this process.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { chooseFolders, HuskError, type RunOptions, run, start } from "../src/index.ts";
import { repository, temporaryFolder } from "./harness/index.ts";

const engine = {
  folders: chooseFolders({ root: temporaryFolder("root", 0o700), run: temporaryFolder("run", 0o700) }),
  keeper: { path: join(repository, "dist/keeper") },
};
const host = (command: string[], more: Partial<RunOptions> = {}): RunOptions => ({
  source: { kind: "host", with: [] },
  command,
  ...more,
});
const text = (stream: ReadableStream<Uint8Array> | undefined): Promise<string> => new Response(stream).text();

test("run gives the exit code", async () => {
  expect((await run(engine, host(["sh", "-c", "exit 3"]))).exitCode).toBe(3);
});

test("output comes through pipes that the program can open again", async () => {
  const command = ["sh", "-c", "echo out; echo err >&2; echo again > /dev/stdout; readlink /proc/self/fd/1"];
  const container = await start(engine, host(command), { stdout: "pipe", stderr: "pipe" });
  const [out, err, { exitCode }] = await Promise.all([
    text(container.stdout),
    text(container.stderr),
    container.ended,
  ]);
  expect(out).toMatch(/^out\nagain\npipe:\[\d+\]\n$/);
  expect([err, exitCode]).toEqual(["err\n", 0]);
});

test("what is written to stdin arrives, and its end too", async () => {
  const container = await start(engine, host(["wc", "-c"], { interactive: true }), {
    stdin: "pipe",
    stdout: "pipe",
  });
  const writer = container.stdin!.getWriter();
  for (let i = 0; i < 30; i++) await writer.write(new Uint8Array(100_000));
  await writer.close();
  expect(await text(container.stdout)).toBe("3000000\n");
  expect((await container.ended).exitCode).toBe(0);
});

test("much output is complete when the program ends at once", async () => {
  const container = await start(engine, host(["head", "-c", "5000000", "/dev/zero"]), { stdout: "pipe" });
  expect((await text(container.stdout)).length).toBe(5_000_000);
  await container.ended;
});

test("kill ends the container, with SIGKILL too, and the keeper reports it", async () => {
  const container = await start(engine, host(["sleep", "1000"]));
  container.kill(9);
  const { exitCode, signal } = await container.ended;
  expect([exitCode, signal]).toEqual([137, 9]);
});

test("containers run side by side", async () => {
  const results = await Promise.all(
    Array.from({ length: 10 }, (_, i) => run(engine, host(["sh", "-c", `exit ${i}`]))),
  );
  expect(results.map((result) => result.exitCode)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("an error is a HuskError with a code and a hint", async () => {
  const error = await run(engine, host(["no-such-program"])).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(HuskError);
  expect([(error as HuskError).code, (error as HuskError).hint]).toEqual([
    "command-not-found",
    expect.stringContaining("searched in PATH"),
  ]);
});
