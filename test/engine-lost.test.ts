// A keeper is killed, and its container with it: whoever looks next sees that, also the very process that started it.
import { afterAll, expect, test } from "bun:test";
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { openEngine } from "../src/index.ts";
import { ownIdentity } from "../src/platform/process-identity.ts";
import {
  allProcesses,
  commandLine,
  engine,
  huskPath,
  isRoot,
  needs,
  processStat,
  repository,
  start,
  temporaryFile,
  waitFor,
} from "./harness/index.ts";
import { descriptors } from "./kept-container.ts";

const of = engine();
const husk = await openEngine({
  root: of.root,
  run: of.run,
  keeper: join(repository, "dist/keeper"),
  husk: [huskPath],
});

afterAll(async () => {
  const { stdout } = await of.husk(["ps", "-aq"]);
  if (stdout !== "") await of.husk(["rm", "-f", ...stdout.trim().split("\n")]);
});

const inspected = async (name: string, format: string): Promise<string> =>
  (await of.husk(["inspect", "-f", format, name])).stdout.trim();

/** A container's first process and its keeper. */
async function processesOf(id: string): Promise<{ first: number; keeper: number }> {
  const first = await waitFor("the container", () => {
    const file = join(of.run, "containers", `${id}.pid`);
    return existsSync(file) && Number(readFileSync(file, "utf8"));
  });
  const keeper = processStat(first)?.parent ?? 0;
  expect(processStat(keeper)?.name).toBe("husk-keeper");
  return { first, keeper };
}

/** Kills the keeper of a container, and waits until both are gone. */
async function killKeeper(id: string): Promise<void> {
  const { first, keeper } = await processesOf(id);
  process.kill(keeper, "SIGKILL");
  await waitFor("the end of both", () =>
    [keeper, first].every((pid) => "ZX".includes(processStat(pid)?.state ?? "X")),
  );
}

test("the library's own container: shown as lost, can be started again, and removed", async () => {
  const container = await husk.containers.run("host", ["sleep", "1000"], { name: "mine" });
  await killKeeper(container.id);
  const look = () => husk.containers.list({ all: true }).find(({ record }) => record.id === container.id);
  expect(look()).toMatchObject({ status: "exited", exitCode: 137, error: "keeper lost", pid: 0 });
  await container.start();
  expect(look()).toMatchObject({ status: "running", error: "" });
  await killKeeper(container.id);
  await container.remove({ force: true });
  expect([look(), existsSync(join(of.run, "containers", `${container.id}.json`))]).toEqual([
    undefined,
    false,
  ]);
});

test("the next command shows it, too, and starts it at once", async () => {
  const id = (await of.husk(["run", "-d", "--name", "other", "host", "sleep", "1000"])).stdout.trim();
  await killKeeper(id);
  const shown = await of.husk(["ps", "-a", "--format", "{{.Names}} {{.Status}}"]);
  expect(shown.stdout).toMatch(/^other Exited \(137\) /);
  const { status, stderr } = await of.husk(["start", "other"]);
  expect([status, stderr]).toEqual([0, ""]);
  expect((await of.husk(["exec", "other", "echo", "in"])).stdout).toBe("in\n");
});

test("with a caller who waits: the record says keeper lost all the same, and the policy counts", async () => {
  for (const [policy, status] of [
    ["no", "exited 137 keeper lost"],
    ["always", "running 0"],
  ] as const) {
    const name = `attended-${policy}`;
    const attended = of.start(["run", "--name", name, "--restart", policy, "host", "sleep", "1000"]);
    const id = await waitFor("the container", () => inspected(name, "{{.Id}}"));
    await killKeeper(id);
    const { status: code, stderr } = await attended.result;
    expect([code, stderr]).toEqual([125, expect.stringContaining("was killed (SIGKILL)")]);
    const state = "{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}";
    await waitFor(`${name}: ${status}`, async () => (await inspected(name, state)) === status);
    const seen = ["events", "--since", "1m", "--until", "0s", "-f", `container=${name}`, "-f", "event=die"];
    expect((await of.husk([...seen, "--format", "{{.Actor.Attributes.exitCode}}"])).stdout).toBe("137\n");
  }
});

test("one with --rm that cannot be removed, or is being worked on, hinders no other command", async () => {
  const id = (await of.husk(["create", "--rm", "--name", "stuck", "host", "true"])).stdout.trim();
  const record = join(of.root, "containers", id, "container.json");
  const lock = join(of.run, "containers", `${id}.lock`);
  // It ended, and everybody who was to remove it was killed.
  writeFileSync(join(of.run, "containers", `${id}.rm`), "");
  const { pid, startTime } = ownIdentity();
  symlinkSync(`${pid}-${startTime}`, lock);
  const since = performance.now();
  expect((await of.husk(["create", "--name", "bystander", "host", "true"])).stderr).toBe("");
  expect(performance.now() - since).toBeLessThan(10_000);
  unlinkSync(lock);
  const whole = readFileSync(record);
  writeFileSync(record, "{");
  expect((await of.husk(["rm", "bystander"])).stderr).toBe("");
  writeFileSync(record, whole);
  expect((await of.husk(["create", "--name", "bystander", "host", "true"])).stderr).toBe("");
  expect([existsSync(record), existsSync(join(of.run, "containers", `${id}.rm`))]).toEqual([false, false]);
});

test("a keeper that was stopped: stop says so, after it has ended what it can", async () => {
  const id = (await of.husk(["run", "-d", "--name", "frozen", "host", "sleep", "1000"])).stdout.trim();
  const { first, keeper } = await processesOf(id);
  process.kill(keeper, "SIGSTOP");
  try {
    const { status, stderr } = await of.husk(["stop", "-t", "0", "frozen"], { timeout: 60_000 });
    expect([status, stderr]).toEqual([1, expect.stringContaining("its keeper does not answer")]);
    // Without control groups nobody but the keeper has it by the hand.
    if (isRoot) await waitFor("its end", () => "ZX".includes(processStat(first)?.state ?? "X"));
  } finally {
    process.kill(keeper, "SIGCONT");
  }
  expect((await of.husk(["rm", "-f", "frozen"])).stderr).toBe("");
}, 120_000);

test("attaching in vain leaves nothing open", async () => {
  const container = await husk.containers.run("host", ["sleep", "1000"], { name: "deaf" });
  const socket = join(of.run, "containers", `${container.id}.sock`);
  renameSync(socket, `${socket}.away`);
  const open = (): number => readdirSync("/proc/self/fd").length;
  await container.attach().catch(() => {});
  const before = open();
  for (let i = 0; i < 5; i++) await expect(container.attach()).rejects.toThrow("cannot attach to a stopped");
  // Something else of this process may have been closed meanwhile.
  await waitFor("as few open files as before", () => open() <= before);
  renameSync(`${socket}.away`, socket);
  await container.remove({ force: true });
});

test("what a killed command was clearing up is never done to the container's next run", async () => {
  const id = (await of.husk(["run", "-d", "--name", "again", "host", "sleep", "1000"])).stdout.trim();
  // A sweep that was killed after it had taken the record of an earlier run.
  const gone = start(["true"]);
  await gone.result;
  const record = join(of.run, "containers", `${id}.json`);
  await Bun.write(join(of.run, "containers", `.dead-${gone.pid}-1-${id}`), readFileSync(record));
  expect((await of.husk(["create", "--name", "sweeps", "host", "true"])).stderr).toBe("");
  expect((await of.husk(["ps", "--format", "{{.Names}}"])).stdout.split("\n")).toContain("again");
  expect((await of.husk(["exec", "again", "echo", "in"])).stdout).toBe("in\n");
  expect(existsSync(join(of.run, "containers", `.dead-${gone.pid}-1-${id}`))).toBe(false);
});

test("rm never takes away what is just being started", async () => {
  for (let round = 0; round < 5; round++) {
    const running = of.start(["run", "-d", "--name", `fresh${round}`, "host", "sleep", "1000"]);
    let removals = 0;
    while ((await Promise.race([running.result, Bun.sleep(1)])) === undefined) {
      const { status } = await of.husk(["rm", `fresh${round}`]);
      if (status === 0) removals++;
    }
    const { status, stderr } = await running.result;
    expect([round, status, stderr, removals]).toEqual([round, 0, "", 0]);
  }
});

test("who is to start it again leaves a start alone that somebody has begun meanwhile", async () => {
  const id = (await of.husk(["run", "-d", "host", "true"])).stdout.trim();
  await of.husk(["wait", id]);
  expect((await of.husk(["update", "--restart", "always", id])).status).toBe(0);
  const running = join(of.run, "containers", `${id}.json`);
  await waitFor("the end of its keeper", () => !existsSync(running));
  const begun = JSON.stringify({ format: 1, id, creator: ownIdentity(), started: Date.now(), rootfs: "" });
  writeFileSync(running, begun, { mode: 0o600 });
  const { status } = await of.husk(["internal", "restart", id, "0", "0"]);
  expect([status, readFileSync(running, "utf8")]).toEqual([0, begun]);
  unlinkSync(running);
});

needs({ root: true, command: "strace" })(
  "a keeper whose husk was killed and whose container somebody started anew meanwhile gives up, and takes nothing of the new run away",
  async () => {
    const own = engine();
    const id = (await own.must(["create", "--name", "twice", "host", "sleep", "100"])).trim();
    const record = join(own.run, "containers", `${id}.json`);
    // The keeper of the first start has its record open, and locks it only after the second start.
    const slow = ["strace", "-f", "-o", temporaryFile("strace"), "-e", "inject=flock:delay_enter=1500000"];
    const first = start([...slow, huskPath, "start", "twice"], {
      env: { HUSK_ROOT: own.root, HUSK_RUN: own.run },
    });
    const keepers = (): number[] =>
      allProcesses()
        .filter(({ pid, state }) => state !== "Z" && commandLine(pid)[1] === id.slice(0, 12))
        .map(({ pid }) => pid);
    const old = await waitFor("the keepers of the first start", () => keepers().length === 2 && keepers());
    const opened = (pid: number): boolean => descriptors(pid).includes(record);
    await waitFor("one that has the record open", () => old.some(opened));
    process.kill(JSON.parse(readFileSync(record, "utf8")).creator.pid, "SIGKILL");
    await own.must(["start", "twice"]);
    expect(keepers()).toEqual(expect.arrayContaining(old));
    await first.result;
    await waitFor("their end", () => !old.some((pid) => keepers().includes(pid)));
    expect((await own.must(["exec", "twice", "echo", "here"])).trim()).toBe("here");
    await own.must(["rm", "-f", "twice"]);
    await waitFor("the end of all keepers", () => keepers().length === 0);
    expect(readdirSync(join(own.run, "containers"))).toEqual([]);
  },
);
