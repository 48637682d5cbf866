// What comes after a container's end: another start, tidying up; and checks of its health before.
import { afterAll, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  keeperStatus,
  signalContainer,
  stopContainer,
  waitForContainer,
} from "../src/platform/keeper-socket.ts";
import { isAlive, processStat, temporaryFolder, waitFor } from "./harness/index.ts";
import { framesOf, endKept, keep } from "./kept-container.ts";

afterAll(endKept);

/** A program in husk's place that writes down how it was started. */
function husk(folder: string): string[] {
  const script = `{ echo pid $$; echo args "$@"; echo fds $(ls /proc/self/fd); readlink /proc/self/fd/3; readlink /proc/self/fd/0
    pwd; env; } > ${folder}/said.new; mv ${folder}/said.new ${folder}/said`;
  return ["/bin/sh", "-c", script, "husk", "internal", "it"];
}
const environment = ["PATH=/usr/bin:/bin", "HUSK=1"];

test("with a restart policy the keeper waits, keeps the lock, and becomes husk", async () => {
  const folder = temporaryFolder("restart");
  const container = await keep("exit 3", {
    supervision: {
      environment,
      restart: { applies: "on-failure", delayMilliseconds: 2500, command: husk(folder) },
    },
  });
  await container.report();
  await waitFor("its end", () => container.exit().state === "ended");
  const keeper = container.keeper()!;
  expect(await keeperStatus(container.socket)).toEqual({ pid: 0, state: "restarting" });
  await expect(signalContainer(container.socket, 15)).rejects.toMatchObject({ code: "conflict" });
  expect(existsSync(join(folder, "said"))).toBe(false);
  const said = await waitFor(
    "husk",
    () => existsSync(join(folder, "said")) && readFileSync(join(folder, "said"), "utf8"),
  );
  const lines = said.trim().split("\n");
  expect(lines.slice(0, 6)).toEqual([
    `pid ${keeper}`,
    "args internal it",
    "fds 0 1 2 3 4", // 1 is its own file, 4 ls's own
    join(container.folder, "record"),
    "/dev/null",
    "/",
  ]);
  expect(
    lines
      .slice(6)
      .filter((line) => !/^(PWD|_|SHLVL|OLDPWD)=/.test(line))
      .toSorted(),
  ).toEqual(environment.toSorted());
  // It will be started again: socket and process id are still to be found.
  expect(existsSync(container.socket)).toBe(true);
});

test("success is no reason to start it again on failure; stop is none at all", async () => {
  const folder = temporaryFolder("no-restart");
  const restart = { delayMilliseconds: 1, command: husk(folder) };
  const well = await keep("exit 0", { supervision: { restart: { applies: "on-failure", ...restart } } });
  await well.ended();
  const stopped = await keep("sleep 100", { supervision: { restart: { applies: "always", ...restart } } });
  await stopped.report();
  await stopContainer(stopped.socket, 9);
  expect(await stopped.ended()).toMatchObject({ exitCode: 137, stopped: true });
  const unlaunched = await keep(["/no/such"], {
    supervision: { restart: { applies: "always", ...restart } },
  });
  expect((await unlaunched.ended()).state).toBe("failed");
  await Bun.sleep(100);
  expect(existsSync(join(folder, "said"))).toBe(false);
});

test("stop ends the wait for the next start at once", async () => {
  const folder = temporaryFolder("backoff");
  const container = await keep("exit 1", {
    supervision: { restart: { applies: "always", delayMilliseconds: 60_000, command: husk(folder) } },
  });
  await container.report();
  await waitFor("its end", () => container.exit().state === "ended");
  const waiting = waitForContainer(container.socket);
  await stopContainer(container.socket, 0);
  await waiting;
  await waitFor("the keeper's end", () => container.keeper() === undefined);
  expect([existsSync(container.socket), existsSync(join(folder, "said"))]).toEqual([false, false]);
});

test("a detached keeper becomes the program that tidies up; the socket is gone by then", async () => {
  const folder = temporaryFolder("finish");
  const journal = join(folder, "events");
  const container = await keep("exit 4", {
    supervision: { environment, finish: husk(folder), died: { journal, before: "<", after: ">" } },
  });
  const exit = await container.ended();
  expect(exit.exitCode).toBe(4);
  await waitFor("husk", () => existsSync(join(folder, "said")));
  expect(existsSync(container.socket)).toBe(false);
  expect(framesOf(readFileSync(journal)).map(({ bytes }) => bytes.toString())).toEqual(["<4>"]);
});

test("health is looked at again and again, one at a time, until the end", async () => {
  const folder = temporaryFolder("health");
  const tick = `echo start >> ${folder}/ticks; sleep 0.05; echo end >> ${folder}/ticks; [ -e ${folder}/well ] && touch ${folder}/seen`;
  const container = await keep("sleep 100", {
    supervision: {
      environment,
      health: {
        command: ["/bin/sh", "-c", tick],
        intervalMilliseconds: 60_000,
        startPeriodMilliseconds: 60_000,
        startIntervalMilliseconds: 20,
      },
    },
  });
  await container.report();
  const ticks = (): string[] =>
    existsSync(join(folder, "ticks")) ? readFileSync(join(folder, "ticks"), "utf8").trim().split("\n") : [];
  await waitFor("some", () => ticks().length >= 8);
  // The start is over with the first success: from then on it is once a minute.
  writeFileSync(join(folder, "well"), "");
  await waitFor("the first success", () => existsSync(join(folder, "seen")));
  const count = ticks().length;
  await Bun.sleep(300);
  expect(ticks()).toEqual(Array.from({ length: count }, (_, i) => (i % 2 === 0 ? "start" : "end")));
  await signalContainer(container.socket, 9);
  await container.ended();
});

test("a check that takes for ever ends with its container", async () => {
  const folder = temporaryFolder("long-check");
  const container = await keep("sleep 1000", {
    supervision: {
      environment,
      health: {
        command: ["/bin/sh", "-c", `echo $$ > ${folder}/pid; exec sleep 1000`],
        intervalMilliseconds: 1,
        startPeriodMilliseconds: 0,
        startIntervalMilliseconds: 1,
      },
    },
  });
  await container.report();
  const pid = await waitFor(
    "the check",
    () => existsSync(join(folder, "pid")) && Number(readFileSync(join(folder, "pid"), "utf8")),
  );
  expect(processStat(pid)?.parent).toBe(container.keeper());
  await signalContainer(container.socket, 9);
  await container.ended();
  await waitFor("the check's end", () => !isAlive(pid));
});

test("an attached caller learns of the end at once; who starts it again is a keeper of its own", async () => {
  const folder = temporaryFolder("attached-restart");
  const container = await keep("echo hello; exit 5", {
    attached: { stdout: "pipe" },
    supervision: {
      environment,
      restart: { applies: "always", delayMilliseconds: 2500, command: husk(folder) },
    },
  });
  const output = new Response(container.launched.keeper.stdout).text();
  const report = await container.report();
  expect([report.outcome, report.exitCode]).toEqual(["ended", 5]);
  expect(existsSync(join(folder, "said"))).toBe(false);
  expect((await keeperStatus(container.socket)).state).toBe("restarting");
  expect(processStat(container.keeper()!)?.parent).not.toBe(process.pid);
  await waitFor("husk", () => existsSync(join(folder, "said")));
  expect([await output, container.logged()]).toEqual(["hello\n", "hello\n"]);
});

test("the program that tidies up is not needed while the caller is there", async () => {
  const folder = temporaryFolder("attached-finish");
  const container = await keep("exit 0", {
    attached: {},
    supervision: { environment, finish: husk(folder) },
  });
  expect((await container.report()).exitCode).toBe(0);
  await Bun.sleep(100);
  expect(existsSync(join(folder, "said"))).toBe(false);
});
