// What a container's program leaves behind for the commands that touch its files.
import { afterEach, beforeEach, describe, expect } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Engine,
  engine,
  huskPath,
  needs,
  openTerminal,
  temporaryFolder,
  waitFor,
} from "./harness/index.ts";

const test = needs({ command: "busybox" });
const asRoot = needs({ root: true, command: "busybox" });
let own: Engine;
let here: string;

beforeEach(async () => {
  own = engine();
  here = temporaryFolder("hostile");
  await own.husk([
    "image",
    "make",
    "-q",
    "box",
    "busybox",
    "--link",
    "sh,cat,echo,ls,stat,sleep,ln,mkdir,mkfifo,chmod,chown,touch,rm,mv,pwd,mknod",
  ]);
});
afterEach(async () => {
  await own.husk(["rm", "-f", "-v", "one"]);
});

const out = (...args: string[]): Promise<string> => own.must(args, { cwd: here });

describe("cp", () => {
  asRoot("a program that runs as its owner does not become one that runs as root, either way", async () => {
    await out(
      "run",
      "--name",
      "one",
      "box",
      "sh",
      "-c",
      "touch /x /r; chown 1000:1000 /x; chmod 6755 /x /r; mknod /disk b 8 0; chmod 666 /disk",
    );
    await out("cp", "one:/x", "x");
    await out("cp", "one:/r", "r");
    const modeOf = (name: string): number => statSync(join(here, name)).mode & 0o7777;
    expect([statSync(join(here, "x")).uid, modeOf("x"), modeOf("r")]).toEqual([0, 0o755, 0o6755]);
    await out("cp", "one:/disk", "disk");
    expect([statSync(join(here, "disk")).isBlockDevice(), modeOf("disk")]).toEqual([true, 0o600]);
    await out("cp", "-a", "one:/x", "kept");
    expect([statSync(join(here, "kept")).uid, modeOf("kept")]).toEqual([1000, 0o6755]);
    writeFileSync(join(here, "host"), "");
    chownSync(join(here, "host"), 1000, 1000);
    chmodSync(join(here, "host"), 0o6755);
    await out("cp", "host", "one:/host");
    await out("cp", "-a", "one:/host", "back");
    expect([statSync(join(here, "back")).uid, modeOf("back")]).toEqual([0, 0o755]);
  });
});

test("a container with thousands of folders in each other is removed in good time", async () => {
  const script = 'mkdir "/opt/x"; chdir "/opt/x"; for (1..2500) { mkdir "a"; chdir "a" }';
  expect((await own.husk(["run", "--name", "deep", "host", "perl", "-e", script])).status).toBe(0);
  expect((await own.husk(["rm", "deep"], { timeout: 20_000 })).stdout).toBe("deep\n");
  expect(readdirSync(join(own.root, "containers"))).toEqual([]);
}, 60_000);

test("cp of a folder's content makes no link of this machine", async () => {
  await out("run", "--name", "one", "box", "ln", "-s", here, "/link");
  for (const args of [
    ["one:/link/.", "copy"],
    ["-L", "one:/link", "copy"],
  ]) {
    const { status, stderr } = await own.husk(["cp", ...args], { cwd: here });
    expect([status, stderr]).toEqual([1, expect.stringContaining("Could not find the file /link")]);
  }
  await out("cp", "one:/link", "link");
  expect(readdirSync(here)).toEqual(["link"]);
});

describe("diff", () => {
  test("names do nothing to a terminal, and are exact elsewhere", async () => {
    await out("run", "--name", "one", "box", "sh", "-c", "touch $(echo -e '/a\\033]0;title\\007')");
    expect(await out("diff", "one")).toContain("A /a\x1b]0;title\x07\n");
    const env = { HUSK_ROOT: own.root, HUSK_RUN: own.run };
    const terminal = openTerminal([huskPath, "diff", "one"], { env });
    expect(await terminal.exit()).toBe(0);
    await terminal.shows("A /a?]0;title?");
    expect(terminal.output()).not.toContain("\x1b");
  });
});

describe("what was never started", () => {
  test("export and commit give the image's files, diff nothing", async () => {
    await out("create", "--name", "one", "box", "true");
    expect(await out("diff", "one")).toBe("");
    await out("export", "-o", "files.tar", "one");
    expect(readFileSync(join(here, "files.tar")).includes("bin/busybox")).toBe(true);
    expect(await out("commit", "one")).toMatch(/^sha256:/);
  });
});

describe("exec", () => {
  test("makes no folder in the container", async () => {
    await out("run", "-d", "--name", "one", "box", "sleep", "100");
    const { status, stderr } = await own.husk(["exec", "-w", "/none", "one", "pwd"]);
    expect([status, stderr]).toEqual([expect.any(Number), expect.stringContaining("/none")]);
    expect(status).not.toBe(0);
    expect(await out("exec", "one", "sh", "-c", "ls -d /none 2>/dev/null || echo gone")).toBe("gone\n");
  });
});

describe("apply", () => {
  const place = `/usr/local/lib/husk-hostile-${process.pid}`;
  beforeEach(() => mkdirSync(`${place}/folder`, { recursive: true }));
  afterEach(() => rmSync(place, { recursive: true, force: true }));
  const tries = async (script: string): Promise<void> => {
    await out("run", "--name", "one", "host", "sh", "-c", `cd ${place}; ${script}`);
  };

  asRoot("a folder that became a link here leads nowhere", async () => {
    await tries("echo 1 > folder/file");
    rmSync(`${place}/folder`, { recursive: true });
    symlinkSync(here, `${place}/folder`);
    for (const paths of [[], [`${place}/folder/file`]]) {
      const { status, stderr } = await own.husk(["apply", "one", ...paths]);
      expect([status === 0, stderr]).toEqual([false, expect.stringContaining("which is no folder here")]);
    }
    expect(existsSync(join(here, "file"))).toBe(false);
  });

  asRoot("a file or link that became a folder is a conflict, and nothing is done", async () => {
    writeFileSync(`${place}/file`, "");
    symlinkSync("folder", `${place}/link`);
    await Bun.sleep(20);
    await tries("rm file link; mkdir file link; echo 1 > link/inside; echo 2 > new");
    const { status, stderr } = await own.husk(["apply", "one"]);
    expect(status).not.toBe(0);
    for (const name of ["file", "link"])
      expect(stderr).toContain(`husk: ${place}/${name} became a folder, and is none here\n`);
    expect([existsSync(`${place}/folder/inside`), existsSync(`${place}/new`)]).toEqual([false, false]);
  });

  asRoot("what runs as its owner is said", async () => {
    await tries("echo 1 > tool; chmod 4755 tool; echo 2 > plain; mknod disk b 8 0");
    const { stderr } = await own.husk(["apply", "--dry-run", "one"]);
    expect(stderr.match(/.*warning.*/g)).toEqual([
      `husk: warning: "${place}/disk" is a device of this machine`,
      `husk: warning: "${place}/tool" runs as its owner or group, whoever starts it (set-user-id)`,
    ]);
  });
});

describe("a keeper that is killed", () => {
  asRoot("takes its container with it, also one without groups that wants to live on", async () => {
    await out(
      "run",
      "-d",
      "--name",
      "one",
      "--no-isolate",
      "limits",
      "host",
      "--",
      "setpriv",
      "--pdeathsig",
      "clear",
      "sleep",
      "100",
    );
    const pid = Number(await out("inspect", "-f", "{{.State.Pid}}", "one"));
    const commandOf = (id: number | string): string => readFileSync(`/proc/${id}/cmdline`, "latin1");
    await waitFor("the program", () => commandOf(pid).startsWith("sleep"));
    const keeper = Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
    expect(commandOf(keeper)).toStartWith("husk-keeper");
    process.kill(keeper, "SIGKILL");
    await waitFor("the end of the keeper", () => !existsSync(`/proc/${keeper}`));
    expect(commandOf(pid)).toStartWith("sleep");
    expect(await out("ps", "-a", "--format", "{{.Status}}")).toStartWith("Exited (137)");
    await waitFor("the end of the container", () => !existsSync(`/proc/${pid}`));
  });
});

describe.each(["created", "running"])("a container whose record is damaged: %s", (state) => {
  test("is named, and rm -f removes it with its name", async () => {
    await out("create", "--name", "one", "box", "sleep", "100");
    if (state === "running") await out("start", "one");
    const id = (await out("inspect", "-f", "{{.Id}}", "one")).trim();
    const pid = Number(await out("inspect", "-f", "{{.State.Pid}}", "one"));
    writeFileSync(join(own.root, "containers", id, "container.json"), "");
    const refused = await own.husk(["rm", "one"]);
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("husk rm -f removes")]);
    expect(await out("rm", "-f", "one")).toBe("one\n");
    await waitFor("its end", () => pid === 0 || !existsSync(`/proc/${pid}`));
    for (const folder of [`${own.root}/containers`, `${own.root}/names`, `${own.run}/containers`])
      expect([folder, readdirSync(folder)]).toEqual([folder, []]);
  });
});

test("a record that is JSON and no record hinders no command", async () => {
  const id = (await out("create", "--name", "one", "box", "true")).trim();
  await out("volume", "create", "data");
  for (const content of ["null", "7", "[]", "{}", '{"a": 1}']) {
    writeFileSync(join(own.root, "containers", id, "container.json"), content);
    writeFileSync(join(own.root, "volumes/data/volume.json"), content);
    for (const line of [
      "ps -a",
      "inspect one",
      "start one",
      "system df",
      "info",
      "image prune -f",
      "volume ls",
    ]) {
      const { stderr } = await own.husk(line.split(" "));
      expect([content, line, stderr.includes("fault of husk")]).toEqual([content, line, false]);
    }
  }
  expect(await out("rm", "-f", "one")).toBe("one\n");
});
