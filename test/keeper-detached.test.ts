// Containers whose starter is gone: what their keepers keep, and what they take up.
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { readLayout } from "../src/cgroup/index.ts";
import { removeGroup } from "./harness/by-hand-group.ts";
import {
  engine,
  huskPath,
  isAlive,
  isRoot,
  needs,
  processStat,
  run,
  temporaryFile,
  temporaryFolder,
  waitFor,
} from "./harness/index.ts";
import { descriptors, endKept, frames, framesOf, holderOf, keep } from "./kept-container.ts";

afterAll(endKept);
import { keeperStatus, signalContainer, waitForContainer } from "../src/platform/keeper-socket.ts";

/** Kilobytes of a process's own memory, what it shares counted by its part. */
const memoryOf = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))?.[1]);

test("a detached container lives on: in a session of its own, with nothing of its starter's", async () => {
  const container = await keep("echo out; echo err >&2; sleep 100");
  const report = await container.report();
  expect([report.outcome, container.exit().state]).toEqual(["launched", "running"]);
  const keeper = container.keeper()!;
  const stat = processStat(keeper)!;
  expect([stat.parent === process.pid, stat.session, readlinkSync(`/proc/${keeper}/cwd`)]).toEqual([
    false,
    keeper,
    "/",
  ]);
  // /dev/null; the program's two pipes; the process it watches, its groups, record, folder, exit record, log, socket, signals.
  const open = await waitFor("what was opened for the start only to be closed", () => {
    const names = descriptors(keeper);
    return names.length <= 3 + 2 + 9 && names;
  });
  expect(open.filter((name) => name === "/dev/null").length).toBe(3);
  expect(Number(readFileSync(join(container.folder, "pid"), "latin1"))).toBe(
    (await keeperStatus(container.socket)).pid,
  );
  await waitFor("its output", () => container.logged(2) !== "");
  await signalContainer(container.socket, 15).catch(() => {});
  await signalContainer(container.socket, 9);
  const exit = await container.ended();
  expect([exit.exitCode, exit.exitSignal]).toEqual([137, 9]);
  expect(readdirSync(container.folder).toSorted()).toEqual(["exit", "log", "record"]);
  expect([container.logged(1), container.logged(2)]).toEqual(["out\n", "err\n"]);
});

needs({ root: true, command: "strace" })(
  "its keeper has left the caller's folder and streams before it tells of the start",
  async () => {
    const own = engine();
    const log = temporaryFile("strace");
    const words = [
      "strace",
      "-f",
      "-o",
      log,
      "-e",
      "trace=chdir,dup3,write",
      huskPath,
      "run",
      "-d",
      "--rm",
      "host",
      "true",
    ];
    const { status } = await run(words, { env: { HUSK_ROOT: own.root, HUSK_RUN: own.run } });
    expect(status).toBe(0);
    const lines = readFileSync(log, "latin1").split("\n");
    const told = lines.findIndex((line) => / write\(\d+, "\\0", 1/.test(line));
    const keeper = `${lines[told]?.split(" ")[0]} `;
    const before = lines
      .slice(0, told)
      .filter((line) => line.startsWith(keeper))
      .join("\n");
    expect(before).toMatch(/ dup3\(\d+, 0, [^]* dup3\(\d+, 1, [^]* dup3\(\d+, 2, [^]* chdir\("\/"/);
  },
);

test("start and end stand in the exit record by the clock of the day, and the frames between them", async () => {
  const before = Date.now();
  const container = await keep("echo a; sleep 0.5; echo b; exit 7");
  const exit = await container.ended();
  expect([exit.state, exit.exitCode, exit.exitSignal, exit.stopped, exit.timedOut]).toEqual([
    "ended",
    7,
    0,
    false,
    false,
  ]);
  const times = [
    before,
    exit.started,
    ...frames(container.folder).map(({ time }) => time),
    exit.ended,
    Date.now() + 1,
  ];
  expect(times.length).toBe(6);
  expect(times.toSorted((a, b) => a - b)).toEqual(times);
  expect(exit.lasted).toBeGreaterThan(300);
  expect(exit.lasted).toBeLessThanOrEqual(exit.ended - exit.started + 50);
  if (isRoot) expect([...exit.exports.keys()]).toContain("cgroup.oom");
});

test("a program that cannot be executed is reported, and nothing of the container is left", async () => {
  const container = await keep(["/no/such/program"]);
  const report = await container.report();
  expect([report.outcome, report.errno]).toEqual(["failed", 2]);
  expect((await container.ended()).state).toBe("failed");
  expect(readdirSync(container.folder).toSorted()).toEqual(["exit", "log", "record"]);
});

test("a program that ends at once was launched all the same", async () => {
  const containers = await Promise.all(Array.from({ length: 5 }, () => keep(["true"])));
  for (const container of containers) {
    expect((await container.report()).outcome).toBe("launched");
    expect((await container.ended()).exitCode).toBe(0);
  }
});

test("the keeper killed: its container dies, and the record says that it had not ended", async () => {
  const container = await keep("sleep 1000");
  await container.report();
  const { pid } = await keeperStatus(container.socket);
  const group = /:(\/husk-.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "latin1"))?.[1];
  process.kill(container.keeper()!, "SIGKILL");
  await waitFor("the container's death", () => !isAlive(pid));
  // The next command would do it, and there is none.
  if (group !== undefined)
    for (const hierarchy of readdirSync("/sys/fs/cgroup")) {
      const folder = `/sys/fs/cgroup/${hierarchy}${group}`;
      if (existsSync(folder)) await removeGroup(folder);
    }
  expect(container.exit().state).toBe("running");
  await expect(keeperStatus(container.socket)).rejects.toMatchObject({ code: "not-found" });
});

test("its starter gone, and its starter's control group killed, it goes on", async () => {
  const folder = temporaryFolder("alone", 0o700);
  const starter = join(import.meta.dirname, "detached-container.ts");
  const command = [process.execPath, starter, folder, "while :; do echo on; sleep 0.05; done"];
  const mounts = isRoot
    ? readLayout().hierarchies.filter(
        ({ version, controllers }) => version === 2 || controllers.includes("name=systemd"),
      )
    : [];
  const groups = mounts.map(({ mount }) => join(mount, `husk-test-${process.pid}`));
  try {
    for (const group of groups) mkdirSync(group);
    const enter = groups.map((group) => `echo $$ > ${group}/cgroup.procs && `).join("");
    const { stdout, stderr } = await run(["sh", "-c", `${enter} exec "$@"`, "sh", ...command]);
    expect([stdout, stderr]).toEqual(["launched\n", ""]);
    const keeper = holderOf(join(folder, "record"))!;
    for (const group of groups)
      await waitFor("an empty group", () => readFileSync(`${group}/cgroup.procs`, "latin1") === "");
    const size = frames(folder).length;
    await waitFor("more output", () => frames(folder).length > size + 3);
    expect(processStat(keeper)?.session).toBe(keeper);
    await signalContainer(join(folder, "sock"), 9);
    await waitFor("the keeper's end", () => !isAlive(keeper));
  } finally {
    for (const group of groups) await removeGroup(group);
  }
});

test("a socket's path may be as long as any", async () => {
  const folder = join(temporaryFolder("long"), "f".repeat(200));
  const container = await keep("sleep 1000", { folder });
  await container.report();
  expect(folder.length).toBeGreaterThan(200);
  expect((await keeperStatus(container.socket)).state).toBe("running");
  const waiting = waitForContainer(container.socket);
  await signalContainer(container.socket, 9);
  await waiting;
  expect((await container.ended()).exitCode).toBe(137);
});

test("the end is an event: whole in the journal, whoever else writes", async () => {
  const journal = join(temporaryFolder("events"), "events");
  const containers = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      keep(`exit ${i}`, { supervision: { died: { journal, before: `{"n":${i},"code":`, after: "}" } } }),
    ),
  );
  for (const container of containers) await container.ended();
  const events = framesOf(readFileSync(journal));
  expect(events.map(({ stream }) => stream)).toEqual(Array(8).fill(9));
  expect(events.map(({ bytes }) => bytes.toString()).toSorted()).toEqual(
    Array.from({ length: 8 }, (_, i) => `{"n":${i},"code":${i}}`),
  );
});

needs({ command: "head" })("a keeper takes up at most 64 kB, however much went through it", async () => {
  const containers = await Promise.all(
    Array.from({ length: 10 }, (_, i) => keep(`head -c ${i * 300_000} /dev/zero; sleep 1000`)),
  );
  for (const container of containers) await container.report();
  for (const container of containers) {
    const keeper = container.keeper()!;
    await waitFor("a quiet keeper", () => memoryOf(keeper) <= 64);
    await signalContainer(container.socket, 9);
  }
  for (const container of containers) await container.ended();
});
