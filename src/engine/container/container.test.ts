import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { ownIdentity, startTimeOf } from "../../platform/process-identity.ts";
import { newId } from "../id.ts";
import { findId } from "./find.ts";
import { makeFolder, takeFolder } from "./folder.ts";
import { lockContainer, withContainer } from "./lock.ts";
import { claimName, nameHolder } from "./names.ts";
import { containerPaths } from "./paths.ts";
import { readRecord } from "./read-record.ts";
import type { ContainerRecord } from "./record.ts";
import { claimRun, readRun } from "./run-record.ts";
import { readState } from "./state.ts";
import { sweep, type Sweeper } from "./sweep.ts";

let folders: { root: string; run: string };
beforeEach(() => {
  const base = mkdtempSync(join(tmpdir(), "husk-container-"));
  folders = { root: join(base, "root"), run: join(base, "run") };
});
afterEach(() => rmSync(join(folders.root, ".."), { recursive: true, force: true }));

const groups: string[] = [];
const lost: string[] = [];
const removed: string[] = [];
const sweeper: Sweeper = {
  removeGroups: (found) => void groups.push(...found.groups),
  lost: async (id) => void lost.push(id),
  removeFolder: async (path) => void removed.push(path),
};
const clear = (): Promise<string[]> => {
  for (const list of [groups, lost, removed]) list.length = 0;
  return sweep(folders, async () => sweeper);
};
const runs = (): string[] => readdirSync(`${folders.run}/containers`);

const record = (name: string, id = newId()): ContainerRecord => ({
  format: 1,
  id,
  name,
  created: 1,
  source: { kind: "host", with: [] },
  inputOnce: false,
  options: { command: ["true"] },
});
const made = (name: string): ContainerRecord => {
  const whole = record(name);
  makeFolder(folders, whole);
  return whole;
};
const about = (id: string) => ({
  id,
  started: Date.now(),
  rootfs: "/x",
  cgroups: { groups: [`/husk/${id}`], parents: [] },
  restarts: 0,
  delay: 100,
});

/** Makes a run's record as a process that has ended since. */
function deadRun(id = newId()): string {
  claimRun(folders, about(id));
  const file = containerPaths(folders, id).running;
  const gone = spawnSync("true").pid;
  writeFileSync(file, JSON.stringify({ ...readRun(file), creator: { pid: gone, startTime: "1" } }));
  return id;
}

test("a container is found by name, id and the beginning of its id, in docker's words", () => {
  const web = made("web");
  expect(findId(folders, "web")).toBe(web.id);
  expect(findId(folders, "/web")).toBe(web.id);
  expect(findId(folders, web.id)).toBe(web.id);
  expect(findId(folders, web.id.slice(0, 5))).toBe(web.id);
  for (const text of ["nothing", "", "../web", "w/eb", "."])
    expect(() => findId(folders, text)).toThrow(`No such container: ${text}`);
  makeFolder(folders, record("two", `${web.id.slice(0, 5)}x`));
  expect(() => findId(folders, web.id.slice(0, 4))).toThrow(
    `multiple IDs found with provided prefix: ${web.id.slice(0, 4)}`,
  );
});

test("two containers cannot have one name or id, and nothing is left of the second", () => {
  const web = made("web");
  expect(() => made("web")).toThrow(
    `the container name "web" is already in use by container ${web.id.slice(0, 12)}`,
  );
  expect(() => makeFolder(folders, record("other", web.id))).toThrow(
    `the container id "${web.id}" is in use`,
  );
  expect(readdirSync(`${folders.root}/containers`)).toEqual([web.id]);
  expect(readdirSync(`${folders.root}/names`)).toEqual(["web"]);
  expect(readdirSync(`${folders.root}/unfinished`)).toEqual([]);
});

test("a name that a killed command left is free", () => {
  made("real");
  symlinkSync("0123456789ab", `${folders.root}/names/ghost`);
  claimName(folders, "ghost", "new");
  expect(nameHolder(folders, "ghost")).toBe("new");
  const renamed = made("before");
  symlinkSync(renamed.id, `${folders.root}/names/after`);
  claimName(folders, "after", "new");
  expect(nameHolder(folders, "after")).toBe("new");
  // Somebody is just working on it: it may become true.
  symlinkSync(renamed.id, `${folders.root}/names/soon`);
  const release = lockContainer(folders, renamed.id);
  expect(() => claimName(folders, "soon", "new")).toThrow("is already in use by container");
  release?.();
});

test("what is removed is gone at once, with its name", () => {
  const web = made("web");
  const taken = takeFolder(folders, web.id, "web");
  expect(() => findId(folders, "web")).toThrow("No such container");
  expect(readRecord(`${taken}/container.json`)?.name).toBe("web");
});

test("folders that a killed process made or removed go with the next sweep, and their names are free", async () => {
  const gone = spawnSync("true").pid;
  const [half, whole] = [record("half"), record("whole")];
  for (const [what, of] of [
    ["new", half],
    ["dead", whole],
  ] as const) {
    makeFolder(folders, of);
    spawnSync("mv", [
      `${folders.root}/containers/${of.id}`,
      `${folders.root}/unfinished/${what}-${gone}-1-${of.id}`,
    ]);
  }
  mkdirSync(`${folders.root}/unfinished/new-${ownIdentity().pid}-${ownIdentity().startTime}-mine`);
  await clear();
  expect(removed.map((path) => path.slice(path.lastIndexOf("-") + 1)).toSorted()).toEqual(
    [half.id, whole.id].toSorted(),
  );
  expect(readdirSync(`${folders.root}/names`)).toEqual([]);
});

test("a newer record is refused, a damaged one is named", () => {
  const web = made("web");
  const file = containerPaths(folders, web.id).record;
  writeFileSync(file, JSON.stringify({ ...web, format: 2 }));
  expect(() => readRecord(file)).toThrow("unknown format 2");
  writeFileSync(file, "{");
  expect(() => readRecord(file)).toThrow("is damaged");
});

test("a sweep removes dead runs with their groups, and leaves living ones", async () => {
  const alive = newId();
  claimRun(folders, about(alive));
  const web = made("web");
  deadRun(web.id);
  const alone = deadRun();
  expect((await clear()).toSorted()).toEqual([web.id, alone].toSorted());
  expect(groups.toSorted()).toEqual([`/husk/${web.id}`, `/husk/${alone}`].toSorted());
  expect(lost).toEqual([web.id]);
  expect(runs()).toEqual([`${alive}.json`]);
});

test("a sweep leaves a run whose keeper holds the lock, and one somebody works on", async () => {
  const dead = deadRun();
  const lock = containerPaths(folders, dead).running;
  const keeper = spawn("flock", ["--no-fork", lock, "sleep", "10"]);
  try {
    while (!readFileSync("/proc/locks", "latin1").includes(` FLOCK  ADVISORY  WRITE ${keeper.pid} `))
      await Bun.sleep(5);
    expect(await clear()).toEqual([]);
    expect(runs()).toEqual([`${dead}.json`]);
  } finally {
    keeper.kill("SIGKILL");
  }
  const busy = deadRun();
  const release = lockContainer(folders, busy);
  expect(await clear()).not.toContain(busy);
  release?.();
  expect(await clear()).toContain(busy);
});

test("a sweep finishes what a killed sweep or a killed start left", async () => {
  const dead = deadRun();
  const gone = spawnSync("true").pid;
  const abandoned = `${folders.run}/containers/.dead-${gone}-1-${dead}`;
  spawnSync("mv", [containerPaths(folders, dead).running, abandoned]);
  writeFileSync(`${folders.run}/containers/.new-${gone}-1-${newId()}`, "{");
  await clear();
  expect(groups).toEqual([`/husk/${dead}`]);
  expect(runs()).toEqual([]);
});

test("what cannot be removed is tried again by the next sweep", async () => {
  deadRun();
  const failing: Sweeper = {
    ...sweeper,
    removeGroups() {
      throw new Error("busy");
    },
  };
  expect(await sweep(folders, async () => failing)).toEqual([]);
  expect(runs()).toHaveLength(1);
});

test("a sweep of nothing loads nothing", async () => {
  expect(await sweep(folders, () => Promise.reject(new Error("loaded")))).toEqual([]);
});

test("one at a time changes a container, in this process, too; a dead one's lock is taken over", async () => {
  let inside = 0;
  let most = 0;
  const body = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    await Bun.sleep(5);
    inside--;
  };
  await Promise.all([1, 2, 3].map(() => withContainer(folders, "x", body)));
  expect(most).toBe(1);
  const { lock } = containerPaths(folders, "x");
  expect(existsSync(lock)).toBe(false);
  symlinkSync(`${spawnSync("true").pid}-1`, lock);
  await withContainer(folders, "x", body);
  const abort = AbortSignal.timeout(20);
  await withContainer(folders, "x", async () => {
    const waiting = withContainer(folders, "x", body, abort).catch((error: unknown) => (error as Error).name);
    expect(await waiting).toMatch(/AbortError|TimeoutError/);
  });
});

/** An exit record as a keeper writes it. */
function exitRecord(state: number, code: number): Uint8Array {
  const bytes = Buffer.alloc(64);
  bytes.writeUInt32LE(0x54584548, 0);
  bytes.writeUInt32LE(1, 4);
  bytes.writeUInt32LE(2, 8);
  bytes.writeUInt32LE(66, 12);
  bytes.writeBigUInt64LE(1_000_000_000n, 16);
  bytes.writeInt32LE(code, 40);
  bytes.writeUInt32LE(state, 60);
  return Buffer.concat([bytes, Buffer.from("[]")]);
}

test("a container is created, running, restarting or exited by what its files say", async () => {
  const { id } = made("web");
  const { exit, running, pid } = containerPaths(folders, id);
  const status = (): string => readState(folders, id).status;
  expect(status()).toBe("created");
  writeFileSync(exit, exitRecord(3, 7));
  expect(readState(folders, id)).toMatchObject({ status: "exited", exitCode: 7, started: 1000 });
  writeFileSync(exit, exitRecord(4, 127));
  expect(readState(folders, id)).toMatchObject({ status: "created", exitCode: 127 });
  // Neither a record of a run nor of its end: the machine was restarted.
  writeFileSync(exit, exitRecord(2, 0));
  expect(readState(folders, id)).toMatchObject({
    status: "exited",
    exitCode: 137,
    error: "the machine was restarted",
  });
  deadRun(id);
  expect(readState(folders, id)).toMatchObject({ status: "exited", exitCode: 137, error: "keeper lost" });
  writeFileSync(pid, "4711");
  const keeper = spawn("flock", ["--no-fork", running, "sleep", "10"]);
  try {
    while (status() !== "running") await Bun.sleep(5);
    expect(readState(folders, id)).toMatchObject({ pid: 4711, exitCode: 0, started: 1000 });
    writeFileSync(exit, exitRecord(3, 7));
    expect(readState(folders, id)).toMatchObject({ status: "restarting", pid: 0, exitCode: 7 });
  } finally {
    keeper.kill("SIGKILL");
  }
});

test("one whose keeper has tidied up, and only has to leave, has ended", async () => {
  const { id } = made("web");
  const { exit, running, socket } = containerPaths(folders, id);
  deadRun(id);
  writeFileSync(exit, exitRecord(3, 7));
  // As the keeper does it: the path may be too long.
  const before = process.cwd();
  process.chdir(dirname(socket));
  const listener = Bun.listen({ unix: basename(socket), socket: { data() {} } });
  process.chdir(before);
  try {
    expect(readState(folders, id).status).toBe("restarting");
    rmSync(running);
    expect(readState(folders, id)).toMatchObject({ status: "exited", exitCode: 7 });
  } finally {
    listener.stop(true);
  }
});

test("a process is told by pid and start time", () => {
  expect(startTimeOf(999999999)).toBeUndefined();
  expect(startTimeOf(process.pid)).toBe(startTimeOf("self"));
});
