// Control groups that tests make by hand: a name of their own, gone afterwards.
import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { husk } from "./husk.ts";

/** `husk cgroup WORDS…`, which has to go well; its output. */
export async function cgroup(...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await husk(["cgroup", ...words]);
  expect([words, status, stderr]).toEqual([words, 0, ""]);
  return stdout;
}

/** `husk cgroup WORDS…`, which has to be refused; what it says. */
export async function refused(...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await husk(["cgroup", ...words]);
  expect([status, stdout]).toEqual([125, ""]);
  return stderr;
}

interface Mounted {
  readonly controllers: string;
  readonly mount: string;
  readonly version: 1 | 2;
}

/** Every mounted hierarchy, by a controller of its own (`unified` for v2). */
export function hierarchies(): Mounted[] {
  const found: Mounted[] = [];
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").trim().split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const mount = before.split(" ")[4] as string;
    const [type, , options = ""] = after.split(" ");
    if (type === "cgroup2") found.push({ controllers: "unified", mount, version: 2 });
    else if (type === "cgroup")
      found.push({ controllers: options.replace(/^r[wo],/, ""), mount, version: 1 });
  }
  return found;
}

/** Folders of a group, one in each hierarchy where it exists. */
export function foldersOf(name: string): string[] {
  return hierarchies()
    .map(({ mount }) => `${mount}/${name}`)
    .filter((path) => existsSync(path));
}

/** Folder of a group in the hierarchy of a controller; of v2's where it has that. */
export function folderWith(name: string, controller: string): string {
  const found =
    hierarchies().find(({ controllers }) => controllers.split(",").includes(controller)) ??
    hierarchies().find(({ version }) => version === 2);
  return `${found?.mount}/${name}`;
}

/** Ends what is in groups whose name begins so, and removes them. */
export async function removeByHand(prefix: string): Promise<void> {
  const folders = hierarchies().flatMap(({ mount }) =>
    readdirSync(mount)
      .filter((entry) => entry.startsWith(prefix))
      .map((entry) => `${mount}/${entry}`),
  );
  for (const path of folders) {
    if (existsSync(`${path}/freezer.state`)) writeFileSync(`${path}/freezer.state`, "THAWED");
    else if (existsSync(`${path}/cgroup.freeze`)) writeFileSync(`${path}/cgroup.freeze`, "0");
  }
  for (const path of folders) await removeTree(path);
}

async function removeTree(path: string): Promise<void> {
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) await removeTree(`${path}/${entry.name}`);
  for (let turn = 0; turn < 200; turn++) {
    const pids = readFileSync(`${path}/cgroup.procs`, "utf8").trim();
    if (pids === "") break;
    for (const pid of pids.split("\n")) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }
    await Bun.sleep(10);
  }
  await removeGroup(path);
}

/** Removes an empty group. One whose last process is just about to be gone is still busy for a moment. */
export async function removeGroup(path: string): Promise<void> {
  for (let turn = 0; ; turn++) {
    try {
      return rmdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EBUSY" || turn === 500) throw error;
    }
    await Bun.sleep(10);
  }
}
