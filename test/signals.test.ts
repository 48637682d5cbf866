// Signals that reach husk reach the program, and how it ends is how husk ends.
import { describe, expect, test } from "bun:test";
import { constants } from "node:os";
import { endContainers, firstProcess } from "./harness/control-group.ts";
import { descendants, isAlive, processStat, startHusk, waitFor } from "./harness/index.ts";

/** A container whose program has started; with an init in front of it, signals have their default action. */
async function started(...words: readonly string[]) {
  const container = startHusk(["run", ...words]);
  await waitFor("the program", () => container.stdout().includes("ready\n"));
  return container;
}

describe("with --init, a signal ends the program as on any machine", () => {
  test.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const)(
    "%s: 128 + n",
    async (signal) => {
      const container = await started("--init", "host", "sh", "-c", "echo ready; exec sleep 60");
      const sent = performance.now();
      container.kill(signal);
      const { status, stderr } = await container.result;
      expect([status, stderr]).toEqual([128 + constants.signals[signal], ""]);
      expect(performance.now() - sent).toBeLessThan(2000);
    },
  );
});

test("without one, pid 1 gets what it has a handler for, and the kernel keeps the rest from it", async () => {
  const script =
    'trap "echo term" TERM; trap "echo int; exit 42" INT; echo ready; while :; do sleep 0.05; done';
  const container = await started("host", "sh", "-c", script);
  container.kill("SIGUSR1");
  container.kill("SIGHUP");
  container.kill("SIGTERM");
  await waitFor("the handler", () => container.stdout().includes("term\n"));
  container.kill("SIGINT");
  const { status, stdout } = await container.result;
  expect([status, stdout]).toEqual([42, "ready\nterm\nint\n"]);
});

test("signals that come before the program is there end the container or reach it, and none hangs", async () => {
  for (let round = 0; round < 12; round++) {
    const container = startHusk(["run", "--init", "host", "sleep", "60"]);
    await Bun.sleep(round * 2);
    container.kill("SIGTERM");
    expect([round, (await container.result).status]).toEqual([round, 143]);
  }
});

test("--sig-proxy=false: husk ends by the signal itself", async () => {
  const container = await started(
    "--sig-proxy=false",
    "--init",
    "host",
    "sh",
    "-c",
    "trap : TERM; echo ready; sleep 60",
  );
  const pids = descendants(container.pid).map(({ pid }) => pid);
  container.kill("SIGTERM");
  expect((await container.result).status).toBe(143);
  await waitFor("the container's end", () => !pids.some(isAlive));
});

describe("--init", () => {
  test("reaps what the program leaves to it", async () => {
    const script = "(sleep 0.01 & sleep 0.02 &) ; sleep 0.2; echo ready; sleep 60";
    const container = await started("--init", "host", "sh", "-c", script);
    const init = firstProcess(container)!;
    expect(processStat(init)?.name).toBe("husk-init");
    await waitFor("the program alone", () => {
      const names = descendants(container.pid).map(({ name }) => name);
      return names.join() === "husk-keeper,husk-init,sh,sleep";
    });
    await endContainers(container);
  });

  test("ends when the program ends, and what it left running with it", async () => {
    const container = startHusk(["run", "--init", "host", "sh", "-c", "setsid sleep 60 & exit 9"]);
    const { status, milliseconds } = await container.result;
    expect(status).toBe(9);
    expect(milliseconds).toBeLessThan(2000);
  });
});

test("a program that is stopped and continued goes on", async () => {
  const container = await started(
    "--init",
    "host",
    "sh",
    "-c",
    "echo ready; while :; do sleep 0.02; date +%N; done",
  );
  const sh = descendants(container.pid).find(({ name }) => name === "sh")!.pid;
  process.kill(sh, "SIGSTOP");
  await waitFor("its stop", () => processStat(sh)?.state === "T");
  container.kill("SIGCONT");
  await waitFor("its going on", () => processStat(sh)?.state !== "T");
  await endContainers(container);
});
