// `husk cgroup create, attach, exec, show, rm` beside libcgroup's tools, compared in the file system and /proc.
import { afterAll, describe, expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import {
  cgroup,
  foldersOf,
  folderWith,
  hierarchies,
  refused,
  removeByHand,
} from "./harness/by-hand-group.ts";
import {
  engine,
  findUser,
  husk,
  needs,
  procFile,
  run,
  type Running,
  start,
  startHusk,
  temporaryFile,
  waitFor,
} from "./harness/index.ts";

const asRoot = needs({ root: true });
const withTools = needs({ root: true, cgroup: "v1", command: ["cgcreate", "cgexec", "cgclassify"] });

const prefix = `husk-test-hand-${process.pid}`;
let count = 0;
const newName = (): string => `${prefix}-${(count += 1)}`;

afterAll(() => removeByHand(prefix));

const running: Running[] = [];
async function sleeper(): Promise<number> {
  const child = start(["sleep", "77"], { timeout: 90_000 });
  running.push(child);
  await waitFor("sleep", () => procFile(child.pid, "cmdline")?.startsWith("sleep"));
  return child.pid;
}
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await Promise.all(running.map((child) => child.result));
});

/** /proc/PID/cgroup without the numbers of the hierarchies. */
const groupsOf = (pid: number | "self", text = procFile(pid as number, "cgroup")): string[] =>
  (text ?? "")
    .trim()
    .split("\n")
    .map((line) => line.replace(/^\d+:/, ""));

describe("create", () => {
  asRoot(
    "S51: a group of a name in every hierarchy, with the kernel's files, and rm takes it away",
    async () => {
      const name = newName();
      await cgroup("create", name);
      expect(foldersOf(name)).toHaveLength(hierarchies().length);
      await cgroup("create", name);
      await cgroup("rm", name);
      expect(foldersOf(name)).toEqual([]);
    },
  );

  withTools("S51: in the hierarchies that are named, as cgcreate makes it", async () => {
    const [ours, real] = [newName(), newName()];
    await cgroup("create", "-g", `cpu,memory,blkio,devices,freezer:/${ours}`);
    await run(["cgcreate", "-g", `cpu,memory,blkio,devices,freezer:/${real}`]);
    expect(foldersOf(ours)).toEqual(foldersOf(real).map((path) => path.replace(real, ours)));
    await cgroup("rm", `cpu,memory,blkio,devices,freezer:${ours}`);
    expect(foldersOf(ours)).toEqual([]);
  });

  asRoot("S66: groups nest, and those above are made too", async () => {
    const name = newName();
    await cgroup("create", `${name}/a/b`);
    expect(foldersOf(`${name}/a/b`)).toHaveLength(hierarchies().length);
    expect(await refused("rm", name)).toContain(
      `has groups below it: ${name}/a/b, ${name}/a — husk cgroup rm -r ${name}`,
    );
    await cgroup("rm", "-r", name);
    expect(foldersOf(name)).toEqual([]);
  });

  needs({ root: true, cgroup: "v1", controller: "cpuset" })(
    "a new v1 cpuset can be used at once",
    async () => {
      const name = newName();
      await cgroup("create", `cpuset:${name}`);
      const cpus = readFileSync(`${folderWith(name, "cpuset")}/cpuset.cpus`, "utf8");
      expect(cpus).toBe(readFileSync(`${folderWith("", "cpuset")}/cpuset.cpus`, "utf8"));
    },
  );

  asRoot("a controller this machine does not have, and names that are none", async () => {
    expect(await refused("create", "nonsense:x")).toContain("the nonsense controller is not available");
    expect(await refused("create", "/")).toContain("the top of the control groups cannot be made");
    expect(await refused("create", "cpu:")).toContain('control group "cpu:": the name is missing');
    expect(await refused("create")).toContain("the group's name is missing");
    expect(await refused("crate", "x")).toContain(
      "unknown command: husk cgroup crate — did you mean husk cgroup create?",
    );
  });
});

describe("attach", () => {
  withTools(
    "S52, S67: a process moves into the group, as cgclassify moves it, and leaves the one it was in",
    async () => {
      const [ours, real] = [newName(), newName()];
      for (const name of [ours, real]) await cgroup("create", "-g", `cpu,memory:${name}`);
      const [mine, other] = [await sleeper(), await sleeper()];
      await cgroup("attach", ours, `${mine}`);
      await run(["cgclassify", "-g", `cpu,memory:${real}`, `${other}`]);
      expect(groupsOf(mine)).toEqual(groupsOf(other).map((line) => line.replace(real, ours)));
      const top = readFileSync(`${folderWith("", "cpu")}/cgroup.procs`, "utf8").split("\n");
      expect(top).not.toContain(`${mine}`);
    },
  );

  asRoot("S52: children are born in the group of their parent", async () => {
    const name = newName();
    await cgroup("create", name);
    const gate = temporaryFile("gate");
    await run(["mkfifo", gate]);
    const child = start(["sh", "-c", 'read go < "$1"; cat /proc/self/cgroup', "sh", gate]);
    await cgroup("attach", name, `${child.pid}`);
    writeFileSync(gate, "go\n");
    for (const line of groupsOf("self", (await child.result).stdout)) expect(line).toEndWith(`/${name}`);
  });

  asRoot("S68: every process of a group moves with --from, and / takes them back", async () => {
    const [from, to] = [newName(), newName()];
    await cgroup("create", from, to);
    // In the order in which they are named, whichever number the second one got.
    const pids = [await sleeper(), await sleeper()].toSorted((a, b) => a - b);
    await cgroup("attach", from, ...pids.map(String));
    await cgroup("attach", to, "--from", from);
    for (const pid of pids) for (const line of groupsOf(pid)) expect(line).toEndWith(`/${to}`);
    expect(await refused("rm", to)).toMatch(
      new RegExp(
        `control group "${to}" still has processes: ${pids[0]}, ${pids[1]} .*husk cgroup kill ${to} ends them`,
      ),
    );
    await cgroup("attach", "/", ...pids.map(String));
    await cgroup("rm", from, to);
  });

  asRoot("a process that is none, a group that is none", async () => {
    const name = newName();
    await cgroup("create", name);
    expect(await refused("attach", name, "4194304")).toContain("process 4194304 into");
    expect(await refused("attach", name, "4194304")).toContain("ps -e lists them");
    expect(await refused("attach", name, "x")).toContain('"x" is not the number of a process');
    expect(await refused("attach", `${name}-no`, "1")).toBe(
      `husk: there is no control group "${name}-no" — husk cgroup create ${name}-no\n`,
    );
  });
});

describe("exec", () => {
  withTools(
    "S52: the program is in the group before its first instruction, as cgexec starts it",
    async () => {
      const [ours, real] = [newName(), newName()];
      for (const name of [ours, real]) await cgroup("create", "-g", `cpu,memory,pids:${name}`);
      const mine = await husk(["cgroup", "exec", ours, "cat", "/proc/self/cgroup"]);
      const other = await run(["cgexec", "-g", `cpu,memory,pids:${real}`, "cat", "/proc/self/cgroup"]);
      expect([mine.status, mine.stdout, mine.stderr]).toEqual([0, other.stdout.replaceAll(real, ours), ""]);
    },
  );

  asRoot("husk stays outside, status and descriptors are the program's", async () => {
    const name = newName();
    await cgroup("create", name);
    const script = `cat ${folderWith(name, "pids")}/cgroup.procs; cat; exit 4`;
    const result = await husk(["cgroup", "exec", name, "--", "sh", "-c", script], { stdin: "typed" });
    expect(result.status).toBe(4);
    expect(result.stdout).toMatch(/^\d+\n\d+\ntyped$/);
    expect((await husk(["cgroup", "exec", name, "no-such"])).status).toBe(127);
    const long = startHusk(["cgroup", "exec", name, "sleep", "60"]);
    await waitFor("the program", () => readFileSync(`${folderWith(name, "pids")}/cgroup.procs`, "utf8"));
    long.kill("SIGTERM");
    expect((await long.result).status).toBe(143);
  });
});

describe("show", () => {
  asRoot("S53: show prints folders, processes and values; tasks are readable", async () => {
    const name = newName();
    await cgroup("create", name);
    const pid = await sleeper();
    await cgroup("attach", name, `${pid}`);
    const text = await cgroup("show", name);
    for (const folder of foldersOf(name)) expect(text).toContain(folder);
    expect(text).toContain(`processes: ${pid}\n`);
    const data = JSON.parse(await cgroup("show", "--format", "json", name)) as {
      groups: { folder: string; processes: number[]; values: Record<string, string> }[];
    };
    for (const { folder, processes, values } of data.groups) {
      expect(processes).toEqual([pid]);
      if ("cgroup.clone_children" in values)
        expect(`${values["cgroup.clone_children"]}\n`).toBe(
          readFileSync(`${folder}/cgroup.clone_children`, "utf8"),
        );
    }
    expect(await cgroup("get", name, "tasks")).toBe(`${pid}\n`);
  });

  asRoot("the top is shown as well", async () => {
    expect(await cgroup("show", "/")).toContain("processes: ");
  });
});

needs({ root: true, testUser: true, cgroup: "v1" })(
  "an ordinary user uses what is delegated, and is told how to have it delegated",
  async () => {
    const user = findUser("husk-test");
    if (user === undefined) throw new Error("no test user");
    const mine = engine(user);
    const denied = await mine.husk(["cgroup", "create", "-g", "pids:x"]);
    expect(denied.status).toBe(125);
    expect(denied.stderr).toContain(`no pids control group is delegated to user ${user.uid}`);
    expect(denied.stderr).toContain(`chown -R ${user.uid}`);
    const folder = `${folderWith("", "pids")}husk-${user.uid}`;
    const existed = existsSync(folder);
    if (!existed) mkdirSync(folder);
    try {
      await run(["chown", "-R", `${user.uid}`, folder]);
      for (const words of [
        ["create", "pids:x"],
        ["set", "pids:x", "pids.max=7"],
        ["rm", "pids:x"],
      ]) {
        const { stderr, status } = await mine.husk(["cgroup", ...words]);
        expect([words, stderr, status]).toEqual([words, "", 0]);
        if (words[0] === "set") expect(readFileSync(`${folder}/x/pids.max`, "utf8")).toBe("7\n");
      }
    } finally {
      if (!existed) await removeByHand(`husk-${user.uid}`);
    }
  },
);

describe("explain", () => {
  asRoot("as a shell script a plan does the same, and --explain measures it", async () => {
    const [shellName, ours] = [newName(), newName()];
    const script = await husk(["explain", "--as-shell", "cgroup", "create", shellName]);
    expect(foldersOf(shellName)).toEqual([]);
    expect((await run(["sh", "-c", script.stdout])).stderr).toBe("");
    const { stderr } = await husk(["cgroup", "create", "--explain", ours]);
    expect(stderr).toMatch(/\d+ µs .*group .*a folder is a group/);
    expect(foldersOf(shellName)).toEqual(foldersOf(ours).map((path) => path.replace(ours, shellName)));
    const exec = await husk(["explain", "--as-shell", "cgroup", "exec", ours, "cat", "/proc/self/cgroup"]);
    const real = await husk(["cgroup", "exec", ours, "cat", "/proc/self/cgroup"]);
    expect((await run(["sh", "-c", exec.stdout])).stdout).toBe(real.stdout);
    expect((await husk(["explain", "cgroup", "get", ours])).stderr).toContain("there is no plan to explain");
  });
});
