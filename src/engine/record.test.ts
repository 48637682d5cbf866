import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GroupFolders } from "../cgroup/index.ts";
import { ownIdentity, startTimeOf } from "../platform/process-identity.ts";
import { chooseFolders, openFolders } from "./folders.ts";
import { checkContainerId, newId } from "./id.ts";
import { claimContainer, nameHolder, readRecord, releaseContainer } from "./record.ts";
import { sweep } from "./sweep.ts";

let run: string;
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "husk-record-"));
});
afterEach(() => rmSync(run, { recursive: true, force: true }));

const groups: string[] = [];
const removeGroups = async () => (folders: GroupFolders) => void groups.push(...folders.groups);
const containers = (): string[] => readdirSync(`${run}/containers`);

/** Makes a record as a process that has ended since. */
function deadContainer(name?: string): string {
  const id = newId();
  claimContainer(run, { id, name, rootfs: "/x", cgroups: { groups: [`/husk/${id}`], parents: [] } });
  const file = `${run}/containers/${id}.json`;
  const gone = spawnSync("true").pid;
  const record = { ...readRecord(file), creator: { pid: gone, startTime: "1" } };
  writeFileSync(file, JSON.stringify(record));
  return id;
}

test("a record is there from its claim to its release, and so is the name", () => {
  const id = newId();
  claimContainer(run, { id, name: "web", rootfs: "/x" });
  expect(readRecord(`${run}/containers/${id}.json`)).toEqual({
    format: 1,
    creator: ownIdentity(),
    id,
    name: "web",
    rootfs: "/x",
  });
  expect(nameHolder(run, "web")).toBe(id);
  releaseContainer(run, id, "web");
  expect(containers()).toEqual([]);
  expect(nameHolder(run, "web")).toBeUndefined();
});

test("two containers cannot have one name: the error names the holder", () => {
  const id = newId();
  claimContainer(run, { id, name: "web", rootfs: "/x" });
  expect(() => claimContainer(run, { id: newId(), name: "web", rootfs: "/x" })).toThrow(
    `the container name "web" is in use by container ${id.slice(0, 12)}`,
  );
  expect(containers()).toEqual([`${id}.json`]);
});

test.each(["", "a", "-ab", "a/b", "..", "a b", "ä1", "a\n"])("name %j is refused", (name) => {
  expect(() => claimContainer(run, { id: newId(), name, rootfs: "/x" })).toThrow("not a usable name");
});

test.each(["", ".", "..", "a/b", "../x", "a b", "a\0", "x".repeat(201)])("id %j is refused", (id) => {
  expect(() => checkContainerId(id)).toThrow("not a usable id");
});

test("a sweep removes dead containers with their groups and names, and leaves living ones", async () => {
  const alive = newId();
  claimContainer(run, { id: alive, name: "alive", rootfs: "/x" });
  const dead = deadContainer("web");
  groups.length = 0;
  expect(await sweep(run, removeGroups)).toEqual([dead]);
  expect(groups).toEqual([`/husk/${dead}`]);
  expect(containers()).toEqual([`${alive}.json`]);
  expect(nameHolder(run, "web")).toBeUndefined();
  expect(nameHolder(run, "alive")).toBe(alive);
});

test("a sweep leaves a container whose keeper holds the lock", async () => {
  const dead = deadContainer();
  const lock = `${run}/containers/${dead}.json`;
  const keeper = spawn("flock", ["--no-fork", lock, "sleep", "10"]);
  try {
    while (!readFileSync("/proc/locks", "latin1").includes(` FLOCK  ADVISORY  WRITE ${keeper.pid} `))
      await Bun.sleep(5);
    expect(await sweep(run, removeGroups)).toEqual([]);
    expect(containers()).toEqual([`${dead}.json`]);
  } finally {
    keeper.kill("SIGKILL");
  }
});

test("a sweep finishes what a killed sweep or a killed start left", async () => {
  const dead = deadContainer("web");
  writeFileSync(`${run}/containers/.new-999999999-1-${newId()}`, "{");
  const gone = spawnSync("true").pid;
  const abandoned = `${run}/containers/.dead-${gone}-1-${dead}`;
  spawnSync("mv", [`${run}/containers/${dead}.json`, abandoned]);
  expect((await sweep(run, removeGroups)).toSorted()[0]).toBeDefined();
  expect(containers()).toEqual([]);
  expect(nameHolder(run, "web")).toBeUndefined();
});

test("what cannot be removed is tried again by the next sweep", async () => {
  deadContainer();
  const failing = async () => () => {
    throw new Error("busy");
  };
  expect(await sweep(run, failing)).toEqual([]);
  expect(containers()).toHaveLength(1);
});

test("a sweep of nothing loads nothing", async () => {
  expect(await sweep(`${run}/missing`, () => Promise.reject(new Error("loaded")))).toEqual([]);
});

test("folders: made 0700, of one root, of this user", () => {
  const folders = { root: `${run}/root`, run: `${run}/run` };
  openFolders(folders);
  openFolders(folders);
  expect(() => openFolders({ root: `${run}/other`, run: folders.run })).toThrow(
    `husk's folder ${run}/run belongs to the root folder ${run}/root, not ${run}/other`,
  );
  chmodSync(folders.run, 0o777);
  expect(() => openFolders(folders)).toThrow("is a link or writable for others");
  symlinkSync(folders.root, `${run}/link`);
  expect(() => openFolders({ root: folders.root, run: `${run}/link` })).toThrow("is a link");
  chmodSync(folders.run, 0o700);
  writeFileSync(`${folders.run}/engine.json`, '{"format":2}');
  expect(() => openFolders(folders)).toThrow("unknown format 2");
});

test("folders: a root brings its own run folder", () => {
  expect(chooseFolders({ root: "/x/" }, {})).toEqual({ root: "/x", run: "/x/run" });
  expect(chooseFolders({ root: "/x", run: "/y" }, {})).toEqual({ root: "/x", run: "/y" });
  const env = { HUSK_ROOT: "/e", HUSK_RUN: "/f" };
  expect(chooseFolders({}, env)).toEqual({ root: "/e", run: "/f" });
  expect(chooseFolders({ root: "/x" }, env)).toEqual({ root: "/x", run: "/x/run" });
  expect(chooseFolders({ run: "/y" }, env)).toEqual({ root: "/e", run: "/y" });
});

test("a process is told by pid and start time", () => {
  expect(startTimeOf(999999999)).toBeUndefined();
  expect(startTimeOf(process.pid)).toBe(startTimeOf("self"));
});
