// SIGKILL: whatever part of a container is killed, the rest ends with it, and nothing of it is left. Who kills both
// husk and the keeper leaves that to the next husk command.
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { firstProcess, groupFolder, groupFolders, inside } from "./harness/control-group.ts";
import {
  descendants,
  type Engine,
  engine,
  isAlive,
  isRoot,
  isSoak,
  makeRootfs,
  needs,
  type ProcessStat,
  processStat,
  type Running,
  temporaryFile,
  waitFor,
} from "./harness/index.ts";
import { outputHolders } from "./harness/process.ts";

const parts = ["husk", "keeper", "both", "program"] as const;

/** Kills a part of a container that is being made or at work; what does not exist yet, or any more, cannot be. */
function kill(container: Running, part: (typeof parts)[number]): void {
  const keeper = descendants(container.pid)[0]?.pid;
  const pids = {
    husk: [container.pid],
    keeper: [keeper],
    both: [container.pid, keeper],
    program: [firstProcess(container)],
  }[part];
  for (const pid of pids) {
    try {
      if (pid !== undefined) process.kill(pid, "SIGKILL");
    } catch {
      continue;
    }
  }
}

/** Somebody of a container still holds the lock on its run's record: for others it lives. */
function isHeld({ run }: Engine): boolean {
  const folder = join(run, "containers");
  if (!existsSync(folder)) return false;
  const locks = readFileSync("/proc/locks", "latin1");
  // A lock that a dead keeper took is not shown while a process that has it from there is still about to end.
  const sockets = readFileSync("/proc/net/unix", "latin1");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .some((name) => {
      if (sockets.includes(` ${name.slice(0, -".json".length)}.sock\n`)) return true;
      const inode = statSync(join(folder, name), { throwIfNoEntry: false })?.ino;
      return inode !== undefined && locks.includes(`:${inode} `);
    });
}

/** True while one of these very processes lives; a pid may be another process by now. */
const anyAlive = (processes: readonly ProcessStat[]): boolean =>
  processes.some(({ pid, startTime }) => isAlive(pid) && processStat(pid)?.startTime === startTime);

/** Control groups of this name, at the top of any hierarchy. */
const groupsNamed = (name: string): string[] =>
  groupFolders(process.pid)
    .map((folder) => join(folder.split("/").slice(0, 5).join("/"), name))
    .filter((path) => existsSync(path));

const own = dirname(temporaryFile());
/** What containers could leave in the machine's tables; other tests mount things in folders of their own. */
const machine = (): string[] => [
  readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => !line.includes("/husk-test-") || line.includes(own))
    .join("\n"),
  readFileSync("/proc/self/net/dev", "utf8").replaceAll(/:.*/g, ""),
];

/** The files of an engine that are not there before its first container with `--rm`. */
function stateLeft({ root, run }: Engine): string[] {
  const usual = /^(engine\.json|keeper-[0-9a-f]+|containers|names|unfinished|events|events\/log)$/;
  return [root, run].flatMap((folder) => {
    try {
      return (readdirSync(folder, { recursive: true }) as string[])
        .filter((name) => !usual.test(name))
        .map((name) => join(folder, name));
    } catch (error) {
      // What is just being removed, or belongs to another id of this user.
      return [(error as Error).message];
    }
  });
}

const parent = `husk-test-killed-${process.pid}`;
const crowd = ["sh", "-c", "setsid sleep 600 & sleep 600 & wait"];

/** Ways to start a container that lives for long, with all that each makes. */
function forms(): string[][] {
  const all = [
    ["host", "sleep", "600"],
    ["--init", "host", ...crowd],
    ["--name", "storm", "--tmpfs", "/scratch", "host", ...crowd],
    ["-t", "host", ...crowd],
    ["--rootfs", makeRootfs(), ...crowd],
  ];
  if (!isRoot) return all;
  const limited = ["--cgroup-parent", parent, "--pids-limit", "50"];
  return [
    ...all.map((form) => [...limited, ...form]),
    [...limited, "--no-isolate", "pid", "host", ...crowd],
    [...limited, "--no-isolate", "cgroup", "--uidmap", "0:100000:65536", "host", ...crowd],
  ];
}

needs({ command: "busybox" })(
  "at random moments: after the next command nothing of a container is left",
  async () => {
    const of = engine();
    const before = machine();
    const all = forms();
    const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;
    for (let round = 0; round < (isSoak ? 1000 : 42); round++) {
      const [form, part] = [pick(all), pick(parts)];
      // Every second time while the keeper sets the container up.
      const delay = round % 2 === 0 ? Math.random() * 30 : 8 + Math.random() * 10;
      const what = `round ${round}: ${part} after ${delay.toFixed(1)} ms: husk run --rm ${form.join(" ")}`;
      const container = of.start(["run", "--rm", ...form]);
      await Bun.sleep(delay);
      const processes = descendants(container.pid);
      kill(container, part);
      // Too early for that part: then it is husk's turn.
      const ended = await Promise.race([container.result, Bun.sleep(200)]);
      if (ended === undefined) container.kill("SIGKILL");
      await container.result;
      // Without a pid namespace only the first process ends with its keeper; the next command finds the others.
      const left = (): boolean => anyAlive(processes) || outputHolders(container).length > 0 || isHeld(of);
      await waitFor(`the end of ${what}`, () => !(form.includes("pid") ? isHeld(of) : left()));

      const next = await of.husk(["run", "--rm", "host", "true"]);
      expect([what, next.status, next.stderr]).toEqual([what, 0, ""]);
      // The keeper may have left a husk behind that is still at it.
      await waitFor(
        "the end of the tidying",
        () => !left() && stateLeft(of).length === 0 && groupsNamed(parent).length === 0,
      ).catch(() => {});
      expect([what, left(), stateLeft(of), groupsNamed(parent)]).toEqual([what, false, [], []]);
      expect(machine()).toEqual(before);
    }
  },
  600_000,
);

test("husk killed: the keeper ends the container and clears up without further help", async () => {
  const of = engine();
  const container = of.start(["run", "--rm", "--name", "alone", "host", ...crowd]);
  const sleep = await inside(container, "sleep");
  const group = isRoot ? groupFolder(sleep, "pids") : "/nowhere";
  const processes = descendants(container.pid);
  container.kill("SIGKILL");
  await waitFor("the end", () => !anyAlive(processes));
  await waitFor("an empty engine", () => stateLeft(of).length === 0 && !existsSync(group));
});

test("the keeper killed: the container dies, and husk says so and clears up", async () => {
  const of = engine();
  const container = of.start(["run", "--rm", "--name", "orphan", "host", ...crowd]);
  const sleep = await inside(container, "sleep");
  const group = isRoot ? groupFolder(sleep, "pids") : "/nowhere";
  const processes = descendants(container.pid);
  kill(container, "keeper");
  const { status, stderr } = await container.result;
  expect(stderr).toMatch(
    /^husk: the keeper of container [0-9a-f]{12} was killed \(SIGKILL\), and the container with it\n$/,
  );
  expect(status).toBe(125);
  await waitFor("the end", () => !anyAlive(processes));
  expect([stateLeft(of), existsSync(group)]).toEqual([[], false]);
});

test("both killed: many commands at once clear up once, and the name is free", async () => {
  const of = engine();
  for (const attempt of [1, 2, 3]) {
    const container = of.start(["run", "--rm", "--name", "again", "host", ...crowd]);
    await inside(container, "sleep");
    kill(container, "both");
    await container.result;
    const next = await Promise.all([1, 2, 3, 4].map(() => of.husk(["run", "--rm", "host", "true"])));
    expect([attempt, next.map(({ status, stderr }) => `${status}${stderr}`)]).toEqual([
      attempt,
      ["0", "0", "0", "0"],
    ]);
    expect(stateLeft(of)).toEqual([]);
    expect((await of.husk(["run", "--rm", "--name", "again", "host", "true"])).status).toBe(0);
  }
}, 120_000);

needs({ root: true, controller: "freezer", cgroup: "v1" })(
  "both killed, and what they left is frozen",
  async () => {
    const of = engine();
    const container = of.start(["run", "--rm", "--no-isolate", "pid", "host", ...crowd]);
    const sleep = await inside(container, "sleep");
    const group = groupFolder(sleep, "freezer");
    writeFileSync(join(group, "freezer.state"), "FROZEN");
    const processes = descendants(container.pid);
    kill(container, "both");
    await container.result;
    expect((await of.husk(["run", "--rm", "host", "true"])).stderr).toBe("");
    expect([anyAlive(processes), stateLeft(of), existsSync(group)]).toEqual([false, [], false]);
  },
);
