// A keeper is as old as its container: one of the first, in binary, is managed by husk as it is now.
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeExitRecord, type ExitRecord } from "./exit-record.ts";
import {
  attachToContainer,
  keeperStatus,
  signalContainer,
  stopContainer,
  waitForContainer,
} from "../src/platform/keeper-socket.ts";
import { isAlive, repository, temporaryFolder, waitFor } from "./harness/index.ts";
import { frames } from "./kept-container.ts";

const old = join(repository, "test/old-keeper");
const onX86 = test.skipIf(process.arch !== "x64");

/** Starts a shell script, kept by the old keeper, in a new folder. */
function keepOld(script: string): string {
  const folder = temporaryFolder("old", 0o700);
  writeFileSync(join(folder, "program"), script);
  writeFileSync(join(folder, "record"), "");
  const nothing = openSync("/dev/null", "r+");
  const report = openSync(join(folder, "report"), "w+");
  const { status, stderr } = spawnSync(join(old, "keeper"), ["old"], {
    cwd: folder,
    input: readFileSync(join(old, "plan")),
    stdio: ["pipe", nothing, "pipe", nothing, report],
    timeout: 10_000,
    encoding: "utf8",
  });
  closeSync(nothing);
  closeSync(report);
  expect([status, stderr]).toEqual([0, ""]);
  return folder;
}
const exitOf = (folder: string): ExitRecord => {
  const record = decodeExitRecord(new Uint8Array(readFileSync(join(folder, "exit"))));
  if (record === undefined || record === "newer") throw new Error("no exit record");
  return record;
};
const logOf = (folder: string, stream: number): string =>
  frames(folder)
    .filter((frame) => frame.stream === stream)
    .map(({ bytes }) => bytes.toString())
    .join("");

onX86("what it says, logs and records is understood", async () => {
  const folder = keepOld("echo out; echo err >&2; read word; echo got $word; sleep 0.3; exit 3");
  const socket = join(folder, "sock");
  const { pid, state } = await keeperStatus(socket);
  expect([state, isAlive(pid), exitOf(folder).state]).toEqual(["running", true, "running"]);
  let grown = false;
  const client = await attachToContainer(socket, {
    input: true,
    grown: () => {
      grown = true;
    },
  });
  expect(client.takesInput).toBe(true);
  const waiting = waitForContainer(socket);
  await client.write(Buffer.from("it\n"));
  await Promise.all([waiting, client.ended]);
  expect(grown).toBe(true);
  expect([logOf(folder, 1), logOf(folder, 2)]).toEqual(["out\ngot it\n", "err\n"]);
  expect(exitOf(folder)).toMatchObject({ state: "ended", exitCode: 3, exitSignal: 0, stopped: false });
});

onX86("it passes on signals, and stops", async () => {
  const folder = keepOld("trap 'echo usr' USR1; echo ready; while :; do sleep 0.02; done");
  const socket = join(folder, "sock");
  await waitFor("its trap", () => logOf(folder, 1).includes("ready"));
  await signalContainer(socket, 10);
  await waitFor("the signal", () => logOf(folder, 1).includes("usr"));
  const waiting = waitForContainer(socket);
  await stopContainer(socket, 15);
  await waiting;
  expect(exitOf(folder)).toMatchObject({ state: "ended", exitCode: 143, exitSignal: 15, stopped: true });
  await expect(keeperStatus(socket)).rejects.toMatchObject({ code: "not-found" });
});
