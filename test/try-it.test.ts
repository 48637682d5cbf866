// Try-it mode: what a program would have changed on this machine, and bringing it over.
import { afterEach, beforeEach, expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { husk, needs, run, temporaryFolder } from "./harness/index.ts";

const place = "/usr/local/lib/husk-try";
const name = `try-${process.pid}`;
const asRoot = needs({ root: true });

beforeEach(() => {
  if (process.geteuid?.() !== 0) return;
  mkdirSync(`${place}/old`, { recursive: true });
  writeFileSync(`${place}/changed`, "before\n");
  writeFileSync(`${place}/removed`, "before\n");
  writeFileSync(`${place}/old/file`, "before\n");
});

afterEach(async () => {
  if (process.geteuid?.() !== 0) return;
  await husk(["rm", "-f", name]);
  rmSync(place, { recursive: true, force: true });
});

const script = `cd ${place}
echo new > new; chmod 4751 new; touch -d @1000000000 new; setfattr -n user.color -v red new || exit 9
echo after > changed; rm removed; rm -r old; mkdir deep; ln -s ../new deep/link; mkfifo deep/pipe; echo junk > /tmp/junk`;

async function tryIt(): Promise<void> {
  const { status, stderr } = await husk(["run", "--name", name, "host", "--", "sh", "-c", script]);
  expect([status, stderr]).toEqual([0, ""]);
}

asRoot("husk diff shows what a command would have changed; nothing of it is here", async () => {
  await tryIt();
  const { stdout } = await husk(["diff", name]);
  const lines = stdout.split("\n").filter((line) => line.includes(place));
  expect(lines).toEqual([
    `C ${place}`,
    `C ${place}/changed`,
    `A ${place}/deep`,
    `A ${place}/deep/link`,
    `A ${place}/deep/pipe`,
    `A ${place}/new`,
    `D ${place}/old`,
    `D ${place}/removed`,
  ]);
  expect(stdout).toContain("A /tmp/junk\n");
  expect(existsSync(`${place}/new`)).toBe(false);
});

asRoot("a folder that was added with --with is named once", async () => {
  const folder = temporaryFolder("with");
  writeFileSync(`${folder}/removed`, "before\n");
  const words = ["run", "--name", name, "--with", folder, "-w", folder, "host", "rm", "removed"];
  expect((await husk(words)).stderr).toBe("");
  const lines = (await husk(["diff", name])).stdout.split("\n").filter((line) => line.includes(folder));
  expect(lines).toEqual([`C ${folder}`, `D ${folder}/removed`]);
});

asRoot("husk apply brings it over, with modes, times, attributes and links", async () => {
  await tryIt();
  const dry = await husk(["apply", "--dry-run", name]);
  expect([dry.stdout, dry.stderr]).toEqual([
    expect.stringContaining(`A ${place}/new\n`),
    expect.stringContaining("4 added, 1 changed, 2 removed (not done: --dry-run)"),
  ]);
  expect(existsSync(`${place}/new`)).toBe(false);
  const { status, stderr } = await husk(["apply", name]);
  expect([status, stderr]).toEqual([0, expect.stringContaining("4 added, 1 changed, 2 removed\n")]);
  const stats = statSync(`${place}/new`);
  expect([stats.mode & 0o7777, stats.mtimeMs]).toEqual([0o4751, 1e12]);
  expect((await run(["getfattr", "--only-values", "-n", "user.color", `${place}/new`])).stdout).toBe("red");
  expect(readFileSync(`${place}/changed`, "utf8")).toBe("after\n");
  expect(statSync(`${place}/deep/pipe`).isFIFO()).toBe(true);
  expect((await run(["readlink", `${place}/deep/link`])).stdout).toBe("../new\n");
  expect([existsSync(`${place}/removed`), existsSync(`${place}/old`)]).toEqual([false, false]);
  expect(existsSync("/tmp/junk")).toBe(false);
  expect((await run(["find", place, "-name", ".husk*"])).stdout).toBe("");
  expect((await husk(["apply", name])).stderr).toContain("Nothing to do");
});

asRoot("only what is asked for", async () => {
  await tryIt();
  expect((await husk(["apply", name, `${place}/deep`])).stdout).toBe(
    `A ${place}/deep\nA ${place}/deep/link\nA ${place}/deep/pipe\n`,
  );
  expect(existsSync(`${place}/new`)).toBe(false);
  const missing = await husk(["apply", name, "/usr/nothing"]);
  expect([missing.status, missing.stderr]).toEqual([
    expect.any(Number),
    expect.stringContaining("changed nothing at /usr/nothing"),
  ]);
});

asRoot("never over what changed here meanwhile, and then nothing at all", async () => {
  await tryIt();
  writeFileSync(`${place}/changed`, "mine\n");
  utimesSync(`${place}/changed`, 0, 0);
  writeFileSync(`${place}/old/file`, "mine\n");
  writeFileSync(`${place}/new`, "mine\n");
  const { status, stdout, stderr } = await husk(["apply", name]);
  expect([status === 0, stdout]).toEqual([false, ""]);
  for (const path of ["changed", "old", "new"]) expect(stderr).toContain(`husk: ${place}/${path} `);
  expect(readFileSync(`${place}/changed`, "utf8")).toBe("mine\n");
  expect(existsSync(`${place}/removed`)).toBe(true);
  expect(existsSync(`${place}/deep`)).toBe(false);
});

asRoot("what a killed apply left beside files goes with the next one, or with the container", async () => {
  const list = async (): Promise<string> => (await run(["find", place, "-name", ".husk*"])).stdout;
  await tryIt();
  const { stdout } = await husk(["inspect", "--format", "{{.Id}}", name]);
  const root = (await husk(["info", "--format", "{{.DockerRootDir}}"])).stdout.trim();
  const pending = `${root}/containers/${stdout.trim()}/applying.json`;
  const leave = (): void => {
    mkdirSync(`${place}/.husk-apply-1-0`);
    writeFileSync(`${place}/.husk-apply-1-0/file`, "");
    writeFileSync(`${place}/.husk-apply-1-1`, "");
    const paths = [0, 1].map((i) => Buffer.from(`${place}/.husk-apply-1-${i}`).toString("base64"));
    writeFileSync(pending, JSON.stringify(paths));
  };
  leave();
  await husk(["apply", "--dry-run", name]);
  expect([await list(), existsSync(pending)]).toEqual(["", false]);
  leave();
  expect((await husk(["rm", name])).stderr).toBe("");
  expect(await list()).toBe("");
});

needs({})("a container of something else is not this machine's", async () => {
  const missing = await husk(["apply", "nobody-made-this"]);
  expect([missing.status, missing.stderr]).toEqual([
    expect.any(Number),
    expect.stringContaining("No such container"),
  ]);
});
