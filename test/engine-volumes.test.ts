// Volumes: folders that outlive containers.
import { afterEach, beforeEach, describe, expect } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type Engine, engine, isRoot, needs } from "./harness/index.ts";

let own: Engine;
beforeEach(() => {
  own = engine();
});
afterEach(async () => {
  await own.husk(["rm", "-f", "-v", "one", "two"]);
});

const out = (...args: string[]): Promise<string> => own.must(args);
const sh = (script: string): string[] => ["host", "--", "sh", "-c", script];
const names = async (): Promise<string[]> =>
  (await out("volume", "ls", "-q")).split("\n").filter((name) => name !== "");

const test = needs({});

describe("named volumes", () => {
  test("are made when first used, keep what is written, and are shared", async () => {
    await out("run", "--rm", "-v", "data:/data", ...sh("echo kept > /data/file"));
    expect(await out("run", "--rm", "--mount", "src=data,dst=/other", ...sh("cat /other/file"))).toBe(
      "kept\n",
    );
    expect(await names()).toEqual(["data"]);
    const [volume] = JSON.parse(await out("volume", "inspect", "data")) as [Record<string, unknown>];
    expect(volume).toMatchObject({
      Name: "data",
      Driver: "local",
      Scope: "local",
      Labels: null,
      Options: null,
    });
    expect(existsSync(`${volume["Mountpoint"]}/file`)).toBe(true);
  });

  test("read-only is read-only", async () => {
    const { stderr } = await own.husk(["run", "--rm", "-v", "data:/data:ro", ...sh("echo x > /data/file")]);
    expect(stderr).toContain("Read-only file system");
  });

  test("cannot be removed while a container, even a stopped one, uses them", async () => {
    const id = (await out("create", "--name", "one", "-v", "data:/data", ...sh("true"))).trim();
    const { status, stderr } = await own.husk(["volume", "rm", "data"]);
    expect([status, stderr]).toEqual([1, expect.stringContaining(`remove data: volume is in use - [${id}]`)]);
    expect((await own.husk(["volume", "prune", "-af"])).stdout).toBe("Total reclaimed space: 0B\n");
    await out("rm", "one");
    expect(await out("volume", "rm", "data")).toBe("data\n");
    expect(await names()).toEqual([]);
  });

  test("a subpath is looked up inside of the volume, links and all", async () => {
    await out(
      "run",
      "--rm",
      "-v",
      "data:/data",
      ...sh("mkdir /data/sub; echo in > /data/sub/file; ln -s /etc /data/evil; ln -s /sub /data/good"),
    );
    const mount = (subpath: string): Promise<{ stdout: string; stderr: string }> =>
      own.husk(["run", "--rm", "--mount", `src=data,dst=/m,volume-subpath=${subpath}`, ...sh("ls /m")]);
    expect((await mount("sub")).stdout).toBe("file\n");
    expect((await mount("good")).stdout).toBe("file\n");
    // In the volume there is no /etc.
    expect((await mount("evil")).stderr).toContain("does not exist");
    expect((await mount("../data")).stderr).toContain("not a path in the volume");
  });
});

describe("volumes of one container", () => {
  test("go with --rm and with rm -v, and stay otherwise", async () => {
    await out("run", "--rm", "-v", "/own", ...sh("touch /own/file"));
    expect(await names()).toEqual([]);
    await out("run", "--name", "one", "-v", "/own", ...sh("touch /own/file"));
    expect(await names()).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    await out("rm", "one");
    expect(await names()).toHaveLength(1);
    expect((await own.husk(["volume", "prune", "-f"])).stdout).toMatch(/^Deleted Volumes:\n[0-9a-f]{64}\n\n/);
    await out("run", "--name", "one", "-v", "/own", ...sh("true"));
    await out("rm", "-v", "one");
    expect(await names()).toEqual([]);
  });

  test("a container that comes to nothing takes its own volumes back", async () => {
    const { status } = await own.husk([
      "run",
      "--rm",
      "-v",
      "/own",
      "-v",
      "named:/n",
      "host",
      "--",
      "no-such-program",
    ]);
    expect(status).toBe(127);
    expect(await names()).toEqual(["named"]);
  });
});

test("what a container is just being made of is not pruned, nor removed", async () => {
  await out("volume", "create", "named");
  const anonymous = (await out("volume", "create")).trim();
  const holder = Bun.spawn(["sleep", "100"]);
  try {
    const startTime = readFileSync(`/proc/${holder.pid}/stat`, "latin1").split(") ")[1]?.split(" ")[19];
    for (const name of ["named", anonymous])
      writeFileSync(`${own.root}/volumes/${name}/held-${holder.pid}-${startTime}`, "");
    expect((await own.husk(["volume", "prune", "-af"])).stdout).toBe("Total reclaimed space: 0B\n");
    expect((await own.husk(["volume", "rm", "named"])).stderr).toContain("a container is being made of it");
  } finally {
    holder.kill();
    await holder.exited;
  }
  expect((await own.husk(["volume", "prune", "-af"])).stdout).toContain(anonymous);
  expect(await names()).toEqual([]);
  await out("create", "--name", "one", "-v", "/own", "-v", "data:/data", ...sh("true"));
  for (const name of await names())
    expect(readdirSync(`${own.root}/volumes/${name}`).toSorted()).toEqual(["_data", "volume.json"]);
});

test("--volumes-from: the same volumes, read-only if wished", async () => {
  await out(
    "run",
    "--name",
    "one",
    "-v",
    "/own",
    "-v",
    "data:/data",
    ...sh("echo 1 > /own/f; echo 2 > /data/f"),
  );
  expect(await out("run", "--rm", "--volumes-from", "one", ...sh("cat /own/f /data/f"))).toBe("1\n2\n");
  const { stderr } = await own.husk(["run", "--rm", "--volumes-from", "one:ro", ...sh("touch /own/g")]);
  expect(stderr).toContain("Read-only file system");
  const missing = await own.husk(["run", "--rm", "--volumes-from", "nobody", ...sh("true")]);
  expect([missing.status, missing.stderr]).toEqual([
    125,
    expect.stringContaining("No such container: nobody"),
  ]);
});

test("a name may be as long as a file's", async () => {
  const name = "v".repeat(255);
  expect(await out("volume", "create", name)).toBe(`${name}\n`);
  await out("volume", "rm", name);
  expect(await names()).toEqual([]);
});

test("what makes no sense is one clear error and makes nothing", async () => {
  for (const [words, message] of [
    [["volume", "create", "a/b"], "includes invalid characters for a local volume name"],
    [["volume", "create", "--opt", "type=tmpfs", "fast"], "missing required option"],
    [["volume", "create", "--opt", "colour=red", "fast"], "invalid option"],
    [["volume", "create", "--driver", "nfs", "fast"], "there is no volume driver nfs"],
    [["volume", "rm", "nothing"], "No such volume: nothing"],
    [["volume", "inspect", "nothing"], "No such volume: nothing"],
  ] as const) {
    const { status, stderr } = await own.husk(words);
    expect([words, status !== 0, stderr]).toEqual([words, true, expect.stringContaining(message)]);
  }
  expect(await names()).toEqual([]);
});

test("lists: filters, labels, layouts", async () => {
  await out("volume", "create", "--label", "tier=db", "red");
  await out("volume", "create", "green");
  await out("create", "--name", "one", "-v", "green:/g", ...sh("true"));
  const ls = (...flags: string[]): Promise<string> => out("volume", "ls", "--format", "{{.Name}}", ...flags);
  expect(await ls()).toBe("green\nred\n");
  expect(await ls("--filter", "label=tier=db")).toBe("red\n");
  expect(await ls("--filter", "dangling=true")).toBe("red\n");
  expect(await ls("--filter", "name=ree")).toBe("green\n");
  expect(await out("volume", "ls")).toBe("DRIVER    VOLUME NAME\nlocal     green\nlocal     red\n");
});

needs({ root: true })("volumes of a file system are mounted in the container alone", async () => {
  await out("volume", "create", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=1m", "fast");
  expect(await out("run", "--rm", "-v", "fast:/fast", ...sh("findmnt -no FSTYPE,SIZE /fast"))).toMatch(
    /^tmpfs +1M\n$/,
  );
});

describe("volumes of images", () => {
  const makeImage = async (volume: boolean): Promise<void> => {
    const folder = `${own.root}/content`;
    mkdirSync(folder);
    writeFileSync(`${folder}/file`, "of the image\n");
    chmodSync(`${folder}/file`, 0o640);
    symlinkSync("file", `${folder}/link`);
    const flags = volume ? ["--volume", "/content"] : [];
    await own.husk([
      "image",
      "make",
      "-q",
      ...flags,
      "--include",
      `${folder}:/content`,
      "box",
      "busybox",
      "--link",
      "sh,ls,cat,stat",
    ]);
  };

  needs({ command: "busybox" })("a new one is filled with what the image has at its place", async () => {
    await makeImage(false);
    const look = "stat -c '%a %s %F %n' /content/file /content/link; cat /content/link";
    const shown = "640 13 regular file /content/file\n777 4 symbolic link /content/link\nof the image\n";
    expect(await out("run", "--rm", "-v", "filled:/content", "box", "sh", "-c", look)).toBe(shown);
    const { stdout } = await own.husk([
      "run",
      "--rm",
      "-v",
      "empty:/content:nocopy",
      "box",
      "ls",
      "/content",
    ]);
    expect(stdout).toBe("");
    // What is there is never written over.
    await out("run", "--rm", "-v", "filled:/content", "box", "sh", "-c", "echo mine > /content/file");
    expect(await out("run", "--rm", "-v", "filled:/content", "box", "cat", "/content/file")).toBe("mine\n");
  });

  needs({ command: "busybox" })("one that a running container has is filled before its eyes", async () => {
    await makeImage(false);
    await out(
      "run",
      "-d",
      "--name",
      "one",
      "-v",
      "shared:/mnt",
      "box",
      "sh",
      "-c",
      "while ls / >/dev/null; do :; done",
    );
    await out("run", "--rm", "-v", "shared:/content", "box", "ls", "/content");
    expect(await out("exec", "one", "cat", "/mnt/file")).toBe("of the image\n");
    await out("exec", "one", "sh", "-c", "echo more > /mnt/more");
    expect(await out("run", "--rm", "-v", "shared:/content", "box", "cat", "/content/more")).toBe("more\n");
  });

  needs({ command: "busybox" })("VOLUME makes one, unless something is mounted there", async () => {
    await makeImage(true);
    await out("run", "--name", "one", "box", "sh", "-c", "echo more > /content/more");
    expect(await names()).toHaveLength(1);
    expect(await out("diff", "one")).not.toContain("more");
    await out("run", "--name", "two", "-v", "named:/content", "box", "cat", "/content/file");
    expect(await names()).toHaveLength(2);
    await out("rm", "-v", "one", "two");
    expect(await names()).toEqual(["named"]);
    if (isRoot) expect(statSync(`${own.root}/volumes/named/_data`).uid).toBe(0);
  });
});

test("events tell of volumes and images", async () => {
  await out("volume", "create", "told");
  await out("volume", "rm", "told");
  await own.husk(["image", "make", "-q", "box", "true"]);
  await out("tag", "box", "again:1");
  await out("rmi", "again:1");
  const { stdout } = await own.husk([
    "events",
    "--since",
    "1h",
    "--until",
    "0s",
    "--format",
    "{{.Type}} {{.Action}} {{.Actor.ID}}",
  ]);
  expect(stdout.replaceAll(/sha256:\w+/g, "ID")).toBe(
    "volume create told\nvolume destroy told\nimage tag ID\nimage untag ID\n",
  );
});
