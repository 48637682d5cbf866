// `husk cgroup freeze, thaw, kill, set` on running programs: what they do is measured from outside.
import { afterAll, describe, expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { folderWith, foldersOf, removeByHand } from "./harness/by-hand-group.ts";
import { cpuMilliseconds, processorTime } from "./harness/control-group.ts";
import {
  commandLine,
  descendants,
  husk,
  isAlive,
  needs,
  processStat,
  type Running,
  startHusk,
  waitFor,
} from "./harness/index.ts";

const asRoot = needs({ root: true });
const prefix = `husk-test-life-${process.pid}`;
let count = 0;
afterAll(() => removeByHand(prefix));

async function cgroup(...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await husk(["cgroup", ...words], { timeout: 30_000 });
  expect([words, status, stderr]).toEqual([words, 0, ""]);
  return stdout;
}

/** A group of its own with these limits. */
async function group(...settings: readonly string[]): Promise<string> {
  const name = `${prefix}-${(count += 1)}`;
  await cgroup("create", name);
  if (settings.length > 0) await cgroup("set", name, ...settings);
  return name;
}

/** A program in a group, and its process. */
async function inGroup(
  name: string,
  ...command: readonly string[]
): Promise<{ running: Running; pid: number }> {
  const running = startHusk(["cgroup", "exec", name, ...command], { timeout: 60_000 });
  const program = command[0] === "sh" ? "yes" : (command[0] as string);
  const { pid } = await waitFor(program, () =>
    descendants(running.pid).find(({ pid: candidate }) => commandLine(candidate)[0] === program),
  );
  return { running, pid };
}

const used = async (pid: number, milliseconds: number): Promise<number> =>
  (await processorTime([pid], milliseconds))[0]!;

const procs = (name: string): string[] =>
  readFileSync(`${folderWith(name, "pids")}/cgroup.procs`, "utf8")
    .trim()
    .split("\n")
    .filter(Boolean);

const YES = ["sh", "-c", "exec yes > /dev/null"];

needs({ root: true, controller: "cpu" })(
  "S57: 5 % of one core is 5 % of one core, and periods are throttled",
  async () => {
    const name = await group("cpu.max=5%");
    const { running, pid } = await inGroup(name, ...YES);
    const milliseconds = await used(pid, 3000);
    expect(milliseconds).toBeGreaterThan(100);
    expect(milliseconds).toBeLessThan(210);
    const stat = await cgroup("get", name, "cpu.stat");
    expect(Number(/nr_throttled (\d+)/.exec(stat)?.[1])).toBeGreaterThan(10);
    await cgroup("kill", name);
    await running.result;
  },
);

needs({ root: true, controller: "cpu" })(
  "S56: 5 % of the machine is as many cores' worth, for one thread up to a core",
  async () => {
    const name = await group("cpu.max=5%machine");
    const { running, pid } = await inGroup(name, ...YES);
    const share = Math.min(1, 0.05 * availableParallelism());
    const milliseconds = await used(pid, 3000);
    expect(milliseconds).toBeGreaterThan(3000 * share * 0.6);
    expect(milliseconds).toBeLessThan(3000 * share * 1.4);
    await cgroup("kill", name);
    await running.result;
  },
);

needs({ root: true, controller: ["cpu", "cpuset"] })(
  "S54: two programs on one CPU share it by their weights",
  async () => {
    const heavy = await group("cpuset.cpus=0", "cpu.weight=400");
    const light = await group("cpuset.cpus=0", "cpu.weight=100");
    const [a, b] = [await inGroup(heavy, ...YES), await inGroup(light, ...YES)];
    const [more, less] = await processorTime([a.pid, b.pid], 4000);
    const shares = (weight: string): number => Number(weight);
    const wanted =
      shares(await cgroup("get", heavy, "cpu.shares")) / shares(await cgroup("get", light, "cpu.shares"));
    expect((more ?? 0) / (less ?? 1)).toBeGreaterThan(wanted * 0.6);
    expect((more ?? 0) / (less ?? 1)).toBeLessThan(wanted * 1.6);
    await cgroup("kill", heavy, light);
    await Promise.all([a.running.result, b.running.result]);
  },
  120_000,
);

needs({ root: true, controller: "memory" })(
  "S59: who takes more memory than the group has is killed, and counted",
  async () => {
    const name = await group("memory.max=16M");
    const swap = await husk(["cgroup", "set", name, "memory.swap.max=0"]);
    if (swap.status !== 0) expect(swap.stderr).toContain("memory.memsw.limit_in_bytes");
    const { status } = await husk(["cgroup", "exec", name, "tail", "/dev/zero"], { timeout: 30_000 });
    expect(status).toBe(137);
    const use = JSON.parse(await cgroup("stat", "--format", "json", name)) as { memory: { killed: number } };
    expect(use.memory.killed).toBeGreaterThan(0);
    await cgroup("rm", name);
  },
  120_000,
);

describe("freeze", () => {
  asRoot(
    "S64: everything stops at once, the clock of CPU time stands still, and thaw lets it go on",
    async () => {
      const name = await group();
      const { running, pid } = await inGroup(name, ...YES);
      await cgroup("freeze", name);
      expect(await used(pid, 300)).toBe(0);
      expect(["D", "S", "T"]).toContain(processStat(pid)?.state ?? "");
      expect(await cgroup("get", name, "freezer.state")).toBe("FROZEN\n");
      expect(await cgroup("stat", name)).toContain("(frozen)");
      const frozen = cpuMilliseconds(pid);
      await cgroup("thaw", name);
      await waitFor("use of the processor", () => cpuMilliseconds(pid) - frozen > 50);
      await cgroup("freeze", name);
      await cgroup("kill", name);
      expect((await running.result).status).toBe(137);
      await cgroup("rm", name);
    },
  );

  needs({ root: true, cgroup: "v1" })("a group without a freezer is told how to get one", async () => {
    const name = `${prefix}-${(count += 1)}`;
    await cgroup("create", `cpu:${name}`);
    const { status, stderr } = await husk(["cgroup", "freeze", name]);
    expect(status).toBe(125);
    expect(stderr).toContain(`control group "${name}" has no freezer`);
    expect(stderr).toContain(`husk cgroup create freezer:${name}`);
  });
});

describe("kill", () => {
  asRoot("S55: everything in the group and below it ends, and nothing else", async () => {
    const name = await group();
    await cgroup("create", `${name}/below`);
    const [one, two] = [
      await inGroup(name, "sleep", "66.1"),
      await inGroup(`${name}/below`, "sleep", "66.2"),
    ];
    const outside = startHusk(["unshare", "sleep", "66.3"]);
    await waitFor("sleep", () => descendants(outside.pid).find(({ pid }) => commandLine(pid)[0] === "sleep"));
    await cgroup("kill", name);
    // Out of its group, a process that was killed is about to end.
    await waitFor("their end", () => !isAlive(one.pid) && !isAlive(two.pid));
    expect(isAlive(outside.pid)).toBe(true);
    expect([(await one.running.result).status, (await two.running.result).status]).toEqual([137, 137]);
    outside.kill("SIGTERM");
    await outside.result;
    await cgroup("rm", "-r", name);
    expect(foldersOf(name)).toEqual([]);
  });

  asRoot("a group that was killed can be used again", async () => {
    const name = await group("pids.max=12");
    await cgroup("kill", name);
    expect((await husk(["cgroup", "exec", name, "sh", "-c", "exit 3"])).status).toBe(3);
    expect(await cgroup("get", name, "pids.max")).toBe("12\n");
  });

  needs({ root: true, controller: "pids" })(
    "S71: a fork bomb is contained by pids.max, and killed",
    async () => {
      const name = await group("pids.max=25");
      const bomb = startHusk(["cgroup", "exec", name, "sh", "-c", "b() { b | b & }; b; sleep 20; sleep 20"], {
        timeout: 60_000,
      });
      await waitFor("the limit", () => procs(name).length >= 20 || bomb.stderr().includes("fork"));
      await cgroup("kill", name);
      await bomb.result;
      expect(procs(name)).toEqual([]);
      expect(readFileSync(`${folderWith(name, "pids")}/pids.max`, "utf8")).toBe("25\n");
    },
    120_000,
  );

  asRoot("husk does not kill itself with the group it is in", async () => {
    const name = await group();
    const { status, stderr } = await husk([
      ...["cgroup", "exec", name, "sh", "-c"],
      `${process.cwd()}/dist/husk cgroup kill ${name}; echo $? >&2`,
    ]);
    expect(status).toBe(0);
    expect(stderr).toContain("husk itself is in it — leave it first: husk cgroup attach / $$");
  });
});

needs({ root: true, controller: "pids" })(
  "S70: pids.max=3 lets three in, and fork fails beyond",
  async () => {
    const name = await group("pids.max=3");
    const script = "for i in 1 2 3 4 5; do sleep 1 & done; wait";
    const { stderr } = await husk(["cgroup", "exec", name, "bash", "-c", script], { timeout: 40_000 });
    expect(stderr).toContain("fork: retry: Resource temporarily unavailable");
    const use = JSON.parse(await cgroup("stat", "--format", "json", name)) as { pids: { refused: number } };
    expect(use.pids.refused).toBeGreaterThan(0);
  },
  120_000,
);

needs({ root: true, controller: ["cpu", "pids"] })(
  "S72: limits of a running program change, and so does what is measured",
  async () => {
    // It goes before all others, or a busy machine would limit it, too.
    const name = await group("cpu.max=10%", "cpu.weight=10000");
    const { running, pid } = await inGroup(name, ...YES);
    expect(await used(pid, 1000)).toBeLessThan(200);
    await cgroup("set", name, "cpu.max=max", "pids.max=5");
    await waitFor("more than a tenth", async () => (await used(pid, 1000)) > 400);
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    await cgroup("kill", name);
    await running.result;
  },
);
