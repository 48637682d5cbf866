// Groups that nobody lives to remove: killed, thawed, removed with what is below them, by many at once.
import { expect } from "bun:test";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeGroups } from "../src/cgroup/index.ts";
import { groupFolders } from "./harness/control-group.ts";
import { isAlive, needs, repository, run, start, waitFor } from "./harness/index.ts";

const asRoot = needs({ root: true });

/** The topmost folder of each hierarchy this process is in. */
const tops = groupFolders(process.pid).map((folder) =>
  folder
    .split("/")
    .slice(0, existsSync("/sys/fs/cgroup/cgroup.controllers") ? 4 : 5)
    .join("/"),
);

/** Groups of a name in every hierarchy, with a process in them and a group below. */
async function occupied(name: string): Promise<{ groups: string[]; pid: number }> {
  const groups = tops.map((top) => `${top}/${name}`);
  for (const group of groups) mkdirSync(group, { recursive: true });
  for (const group of groups) if (!group.includes("/cpuset/")) mkdirSync(`${group}/below`);
  const pid = start(["sleep", "600"], { timeout: 60_000 }).pid;
  for (const group of groups)
    if (!group.includes("/cpuset/")) writeFileSync(`${group}/below/cgroup.procs`, `${pid}`);
  return { groups, pid };
}

asRoot("what runs in the groups is killed and everything is removed", async () => {
  const { groups, pid } = await occupied(`husk-test-removal-${process.pid}`);
  removeGroups({ groups, parents: [] });
  expect(groups.filter((group) => existsSync(group))).toEqual([]);
  await waitFor("the process to end", () => !isAlive(pid));
  removeGroups({ groups, parents: [] });
});

asRoot("frozen processes too", async () => {
  const { groups, pid } = await occupied(`husk-test-frozen-${process.pid}`);
  for (const group of groups) {
    if (existsSync(`${group}/freezer.state`)) writeFileSync(`${group}/freezer.state`, "FROZEN");
    else if (existsSync(`${group}/cgroup.freeze`)) writeFileSync(`${group}/cgroup.freeze`, "1");
  }
  removeGroups({ groups, parents: [] });
  expect(groups.filter((group) => existsSync(group))).toEqual([]);
  await waitFor("the process to end", () => !isAlive(pid));
});

asRoot("several at once", async () => {
  const { groups, pid } = await occupied(`husk-test-many-${process.pid}`);
  const script = `import { removeGroups } from ${JSON.stringify(join(repository, "src/cgroup/index.ts"))};
    removeGroups({ groups: ${JSON.stringify(groups)}, parents: [] });`;
  const results = await Promise.all([1, 2, 3, 4].map(() => run([process.execPath, "-e", script])));
  expect(results.map(({ status, stderr }) => `${status} ${stderr}`)).toEqual(["0 ", "0 ", "0 ", "0 "]);
  expect(groups.filter((group) => existsSync(group))).toEqual([]);
  await waitFor("the process to end", () => !isAlive(pid));
});

asRoot("a parent goes only when nothing else is in it, and what is no control group stays", async () => {
  const parent = `${tops[0]}/husk-test-parent-${process.pid}`;
  mkdirSync(`${parent}/other`, { recursive: true });
  mkdirSync(`${parent}/mine`);
  removeGroups({ groups: [`${parent}/mine`], parents: [parent] });
  expect([existsSync(`${parent}/mine`), existsSync(`${parent}/other`)]).toEqual([false, true]);
  removeGroups({ groups: [`${parent}/other`], parents: [parent] });
  expect(existsSync(parent)).toBe(false);

  const folder = join("/tmp", `husk-test-no-group-${process.pid}`);
  mkdirSync(folder);
  removeGroups({ groups: [folder], parents: [] });
  expect(existsSync(folder)).toBe(true);
  rmdirSync(folder);
});
