// Which control groups a container is in, and that they go with it.
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { endContainers, groupFolder, groupFolders, inside } from "./harness/control-group.ts";
import {
  commandLine,
  descendants,
  findUser,
  engine,
  husk,
  needs,
  procFile,
  startHusk,
} from "./harness/index.ts";

const asRoot = needs({ root: true });

asRoot("S51: a container is in a group of its own in every hierarchy, which goes with it", async () => {
  const container = startHusk(["run", "host", "--", "sleep", "30"]);
  const pid = await inside(container, "sleep");
  const folders = groupFolders(pid);
  expect(folders.length).toBeGreaterThan(0);
  for (const folder of folders) {
    expect(folder).not.toBe(groupFolder(process.pid, "memory"));
    expect(readFileSync(`${folder}/cgroup.procs`, "utf8").split("\n")).toContain(`${pid}`);
  }
  expect(new Set(folders.map((folder) => folder.split("/").at(-1))).size).toBe(1);
  await endContainers(container);
  expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
});

asRoot("S52: the program is in its groups before its first instruction", async () => {
  const { stdout } = await husk(["run", "--cgroupns", "host", "host", "--", "cat", "/proc/self/cgroup"]);
  const paths = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(":").slice(2).join(":"));
  expect(new Set(paths).size).toBe(1);
  expect(paths[0]).not.toBe("/");
});

asRoot("S67: a process is in exactly one group of a hierarchy", async () => {
  const container = startHusk(["run", "host", "--", "sleep", "30"]);
  const pid = await inside(container, "sleep");
  const folder = groupFolder(pid, "pids");
  const top = folder.slice(0, folder.indexOf("/", "/sys/fs/cgroup/x".length));
  expect(readFileSync(`${folder}/cgroup.procs`, "utf8").split("\n")).toContain(`${pid}`);
  expect(readFileSync(`${top}/cgroup.procs`, "utf8").split("\n")).not.toContain(`${pid}`);
  await endContainers(container);
});

asRoot("husk itself and the keeper are not in the container's groups", async () => {
  const container = startHusk(["run", "host", "--", "sleep", "30"]);
  const pid = await inside(container, "sleep");
  const members = readFileSync(`${groupFolder(pid, "pids")}/cgroup.procs`, "utf8")
    .trim()
    .split("\n");
  expect(members).toEqual([`${pid}`]);
  await endContainers(container);
});

needs({ root: true, controller: "pids" })(
  "S66: --cgroup-parent puts the container below a group, whose limit it cannot exceed",
  async () => {
    const name = `/husk-test-${process.pid}`;
    const mine = groupFolder(process.pid, "pids");
    const top = mine.slice(
      0,
      mine.length - (procFile(process.pid, "cgroup")?.match(/pids[^:]*:\/(.*)/)?.[1]?.length ?? 0),
    );
    const parent = `${top.replace(/\/$/, "")}${name}`;
    mkdirSync(parent);
    try {
      writeFileSync(`${parent}/pids.max`, "3");
      const script = "cat /proc/self/cgroup; (sleep 2 & sleep 2 & sleep 2 & sleep 2 & wait)";
      const args = ["run", "--cgroupns", "host", "--cgroup-parent", name, "--pids-limit", "100"];
      const { stdout, stderr, status } = await husk([...args, "host", "--", "sh", "-c", script]);
      expect(stdout).toContain(`:${name}/`);
      expect(stderr).toContain("fork");
      expect(status).not.toBe(0);
      expect(existsSync(parent)).toBe(true);
    } finally {
      rmdirSync(parent);
    }
  },
);

asRoot("a parent that was missing goes with its last container", async () => {
  const name = `husk-test-new-${process.pid}`;
  const args = ["run", "--cgroupns", "host", "--cgroup-parent", `/${name}/deep`, "host", "--"];
  const { stdout, stderr } = await husk([...args, "cat", "/proc/self/cgroup"]);
  expect(stdout + stderr).toContain(`/${name}/deep/`);
  for (const folder of groupFolders(process.pid)) expect(existsSync(`${folder}/${name}`)).toBe(false);
});

asRoot("S65: husk info says which version each controller has", async () => {
  const { stdout, status } = await husk(["info", "--format", "json"]);
  expect(status).toBe(0);
  const facts = JSON.parse(stdout) as { cgroupControllers: { controller: string; version?: number }[] };
  const versions = Object.fromEntries(
    facts.cgroupControllers.map(({ controller, version }) => [controller, version]),
  );
  for (const controller of ["memory", "cpu", "pids"]) {
    if (existsSync(`/sys/fs/cgroup/${controller}/tasks`)) expect(versions[controller]).toBe(1);
    else if (existsSync("/sys/fs/cgroup/cgroup.controllers")) expect(versions[controller]).toBe(2);
  }
});

asRoot("processes that the first one leaves behind end with the container", async () => {
  const mark = `${Math.floor(1e6 + Math.random() * 1e6)}`;
  const args = ["run", "--pid", "host", "host", "--"];
  const { status } = await husk([...args, "sh", "-c", `setsid sleep ${mark} & exit 3`]);
  expect(status).toBe(3);
  expect(descendants(1).filter(({ pid }) => commandLine(pid)[1] === mark)).toEqual([]);
});

needs({ root: true, testUser: true, cgroup: "v1" })(
  "an ordinary user without delegated groups gets no limit, but the command that mends it",
  async () => {
    const user = findUser("husk-test");
    if (user === undefined) throw new Error("no test user");
    const mine = engine(user);
    const { status, stderr } = await mine.husk(["run", "-m", "64m", "host", "--", "true"]);
    expect(status).toBe(125);
    expect(stderr).toContain("memory limit 64 MiB");
    expect(stderr).toContain(`chown -R ${user.uid}`);
    expect((await mine.husk(["run", "host", "--", "true"])).status).toBe(0);
  },
);

test("a limit that is refused makes nothing", async () => {
  const id = `husk-test-refused-${process.pid}`;
  const { status, stderr } = await husk(["run", "--name", id, "-m", "1m", "host", "--", "true"]);
  expect(status).toBe(125);
  expect(stderr).toContain("memory limit 1 MiB: the minimum is 6 MiB");
});
