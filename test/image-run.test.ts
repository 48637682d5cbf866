// Images from the command line: pulled, listed, run, pushed, removed.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Engine,
  engine,
  findCommand,
  missing,
  needs,
  temporaryFile,
  temporaryFolder,
  waitFor,
} from "./harness/index.ts";
import type { EntryChanges } from "./image-archive.ts";
import { makeImage, type RealRegistry, sha, startDouble, startRegistry } from "./image-registry.ts";

const double = startDouble();
let registry: RealRegistry | undefined;
let own: Engine;
beforeAll(async () => {
  own = engine();
  if (missing({ command: "docker-registry" }).length === 0) registry = await startRegistry();
});
afterAll(async () => {
  await double.stop();
  await registry?.stop();
});

const busybox: EntryChanges[] = [
  { name: "bin/" },
  { name: "bin/busybox", mode: 0o755, content: readFileSync(findCommand("busybox")!) },
  ...["sh", "cat", "id", "ls", "env", "pwd", "stat", "echo", "rm", "touch", "hostname"].map(
    (name): EntryChanges => ({ name: `bin/${name}`, type: "symlink", linkName: "busybox", mode: 0o777 }),
  ),
  { name: "etc/" },
  { name: "etc/passwd", content: "root:x:0:0::/root:/bin/sh\nold:x:7:7::/old:/bin/sh\n" },
  { name: "etc/group", content: "root:x:0:\n" },
  { name: "gone", content: "lower" },
  { name: "opaque/" },
  { name: "opaque/lower", content: "" },
];
const upper: EntryChanges[] = [
  { name: "etc/" },
  { name: "etc/passwd", content: "root:x:0:0::/root:/bin/sh\nsomebody:x:1000:1000::/home:/bin/sh\n" },
  { name: ".wh.gone" },
  { name: "opaque/" },
  { name: "opaque/.wh..wh..opq" },
  { name: "opaque/upper", content: "" },
];
const image = makeImage([busybox, upper], {
  config: {
    Entrypoint: ["/bin/sh", "-c"],
    Cmd: ["echo default; pwd; echo $GREETING"],
    Env: ["GREETING=hello", "PATH=/bin"],
    WorkingDir: "/etc",
  },
});
double.add("app", "1", image);
const name = `${double.host}/app:1`;
const imageId = sha([...image.blobs].find(([, bytes]) => bytes.includes("rootfs"))![1]);

// Each test finds the image, whichever ran before.
beforeEach(() => own.husk(["pull", "-q", name]));

describe("husk run IMAGE", () => {
  test("pulls what is missing, and runs what the image says", async () => {
    // Containers of other tests may have it.
    expect((await own.husk(["rmi", "-f", name])).status).toBe(0);
    const first = await own.husk(["run", name]);
    expect(first.stderr).toContain(`there is no image ${name} yet: pulling it`);
    expect([first.status, first.stdout]).toEqual([0, "default\n/etc\nhello\n"]);
    double.requests.length = 0;
    const second = await own.husk(["run", "-e", "GREETING=other", "-w", "/", name]);
    expect([second.stdout, second.stderr]).toEqual(["default\n/\nother\n", ""]);
    expect(double.requests).toEqual([]);
  });

  test("with a command, another entrypoint, a user of the topmost layer", async () => {
    expect((await own.husk(["run", name, "echo $0-$1", "a", "b"])).stdout).toBe("a-b\n");
    expect((await own.husk(["run", "--entrypoint", "echo", name, "x", "y"])).stdout).toBe("x y\n");
    const nobody = await own.husk(["run", "--entrypoint", "echo", "-u", "old", name]);
    expect([nobody.status, nobody.stderr]).toEqual([125, expect.stringContaining('no user "old"')]);
  });

  test("shows the layers as one, and keeps what is written away from them", async () => {
    const script = "ls / /opaque; cat /etc/hostname; touch /new /opaque/x; rm /etc/passwd; ls /new";
    const { stdout, stderr } = await own.husk(["run", "-h", "box", name, script]);
    expect(stderr).toBe("");
    expect(stdout).not.toContain("gone");
    expect(stdout).not.toContain("lower");
    expect(stdout).toContain("upper");
    expect(stdout).toContain("box\n");
    expect(stdout).toEndWith("/new\n");
    expect((await own.husk(["run", name, "ls /new /opaque; cat /etc/passwd"])).stdout).toBe(
      `/opaque:\nupper\n${upper[1]!.content as string}`,
    );
  });

  needs({ idRange: true })("as a user of the image", async () => {
    expect((await own.husk(["run", "-u", "somebody", name, "id -u"])).stdout).toBe("1000\n");
  });

  needs({ root: true })(
    "with mapped ids shows files with the container's, and keeps what layers hide",
    async () => {
      const maps = ["--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536"];
      const script =
        "cat /proc/self/uid_map; ls / /opaque; stat -c %u:%g /etc/passwd; touch /new; chown 7:8 /new; stat -c %u:%g /new";
      const { stdout, stderr } = await own.husk(["run", ...maps, name, script]);
      expect(stderr).toBe("");
      expect(stdout).toMatch(/^ +0 +100000 +65536\n/);
      expect(stdout).not.toContain("gone");
      expect(stdout).not.toContain("lower");
      expect(stdout).toEndWith("upper\n0:0\n7:8\n");
    },
  );

  needs({ idRange: true })("has files of the owners the image names, and can be removed", async () => {
    const owned = makeImage([
      busybox,
      [
        { name: "data/", uid: 33, gid: 34, mode: 0o700 },
        { name: "data/in/", uid: 1000, gid: 1000, mode: 0o700 },
        { name: "data/in/file", uid: 1000, gid: 5, mode: 0o4600, content: "x" },
        { name: "link", uid: 7, gid: 8, type: "symlink", linkName: "data" },
      ],
    ]);
    double.add("owned", "1", owned);
    const target = `${double.host}/owned:1`;
    const script = "stat -c '%u:%g %a' /data /data/in /data/in/file /link /bin/busybox; cat /data/in/file";
    const { stdout, stderr } = await own.husk([
      "run",
      "--rm",
      "--pull",
      "always",
      "-q",
      target,
      "/bin/sh",
      "-c",
      script,
    ]);
    expect(stderr).toBe("");
    expect(stdout.split("\n")).toEqual([
      "33:34 700",
      "1000:1000 700",
      "1000:5 4600",
      "7:8 777",
      "0:0 755",
      "x",
    ]);
    expect((await own.husk(["rmi", target])).stdout).toContain(`Deleted: ${owned.diffIds[1]}`);
    expect((await own.husk(["images", "-q", target])).stdout.trim()).toBe("");
  });

  test("fails with words", async () => {
    const fails = async (...args: string[]) => (await own.husk(args)).stderr;
    expect(await fails("run", "--pull", "never", `${double.host}/none`)).toContain("there is no image");
    expect(await fails("run", `${double.host}/none`)).toContain("the registry has no such thing");
    expect(await fails("run", "Not/An:Image")).toContain("has capital letters");
    expect(await fails("run", "--platform", "linux/s390x", `${double.host}/none`)).toContain("no such thing");
    expect(await fails("run", "--entrypoint", "x", "host", "true")).toContain(
      "--entrypoint is for images only",
    );
  });

  test("starts with fifty layers as with one", async () => {
    const layers = Array.from({ length: 50 }, (_, i): EntryChanges[] => [
      { name: `layer${i}`, content: `${i}` },
    ]);
    double.add("many", "1", makeImage([busybox, ...layers]));
    const { stdout, stderr, status } = await own.husk(
      ["run", "-q", `${double.host}/many:1`, "/bin/sh", "-c", "ls -d /layer* | busybox wc -l; cat /layer49"],
      {
        timeout: 60_000,
      },
    );
    expect([stderr, stdout.trim().split(/\s+/), status]).toEqual(["", ["50", "49"], 0]);
  });

  test("can be explained, and read as a script", async () => {
    expect((await own.husk(["explain", name])).stdout).toContain("root of layers");
    expect((await own.husk(["explain", "--as-shell", name])).stdout).toContain("mount -t overlay");
  });
});

describe("the store", () => {
  test("keeps the layers that a container stands on", async () => {
    const gate = temporaryFile("gate");
    Bun.spawnSync(["mkfifo", gate]);
    const waiting = own.start([
      "run",
      "-v",
      `${gate}:/gate`,
      name,
      "echo up; cat /gate; cat /bin/busybox | busybox wc -c",
    ]);
    await waitFor("the container", () => waiting.stdout().includes("up"));
    expect((await own.husk(["rmi", name])).stderr).toContain("is used by the running container");
    expect((await own.husk(["rmi", "-f", name])).stdout).toBe(`Untagged: ${name}\n`);
    writeFileSync(gate, "go\n");
    const { stdout, status } = await waiting.result;
    expect([status, stdout]).toEqual([0, `up\ngo\n${(busybox[1]!.content as Buffer).length}\n`]);
    const removed = await own.husk(["rmi", "-f", imageId.slice(7)]);
    expect(removed.stdout).toStartWith(`Deleted: ${imageId}\n`);
    await own.husk(["pull", "-q", name]);
  });

  test("is listed", async () => {
    const { stdout } = await own.husk(["images", "--digests"]);
    expect(stdout).toMatch(/^REPOSITORY +TAG +DIGEST +IMAGE ID +CREATED +SIZE\n/);
    expect(stdout).toContain(image.digest);
    const json = (await own.husk(["images", "--format", "json", name])).stdout;
    expect(JSON.parse(json)).toMatchObject({
      Repository: `${double.host}/app`,
      Tag: "1",
      Digest: image.digest,
    });
    const history = (await own.husk(["history", name])).stdout.split("\n");
    expect(history[1]).toContain("step 1");
    expect(history[2]).toContain("step 0");
  });

  test("gives and takes names", async () => {
    expect((await own.husk(["tag", name, "other:2"])).stderr).toBe("");
    expect((await own.husk(["images", "-q", "other"])).stdout.trim()).toHaveLength(12);
    expect((await own.husk(["rmi", "other:2"])).stdout).toBe("Untagged: other:2\n");
    expect((await own.husk(["rmi", "other:2"])).stderr).toContain("there is no image other:2");
    expect((await own.husk(["rmi", "-f", "other:2"])).status).toBe(0);
    expect((await own.husk(["tag", name, "host"])).stderr).toContain("this machine");
  });

  test("loses what is removed, and pulls it again", async () => {
    const removed = await own.husk(["rmi", "-f", imageId.slice(7, 19)]);
    expect(removed.stdout).toContain(`Untagged: ${name}`);
    expect(removed.stdout).toContain(`Deleted: ${imageId}`);
    expect((await own.husk(["pull", "-q", name])).stdout).toBe(`${name}\n`);
    expect((await own.husk(["run", name])).stdout).toContain("default");
  });
});

needs({ command: "docker-registry" })("all tags of a repository are pushed and pulled", async () => {
  const repository = `${registry!.host}/several`;
  for (const tag of ["2", "1"]) await own.husk(["tag", name, `${repository}:${tag}`]);
  await own.husk(["tag", name, `${repository}/other:3`]);
  const pushed = await own.husk(["push", "-a", repository]);
  expect([pushed.status, pushed.stdout.split("\n").map((line) => line.split(": ")[0])]).toEqual([
    0,
    [`${repository}:1`, `${repository}:2`, ""],
  ]);
  const other = engine();
  const pulled = await other.husk(["pull", "-a", "-q", repository]);
  expect([pulled.status, pulled.stdout.split("\n").toSorted()]).toEqual([
    0,
    ["", `${repository}:1`, `${repository}:2`],
  ]);
  for (const command of ["push", "pull"]) {
    const { status, stderr } = await own.husk([command, "--all-tags", `${repository}:1`]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("tag can't be used with --all-tags/-a")]);
  }
  expect((await own.husk(["push", "-a", `${registry!.host}/none`])).stderr).toContain("there is no image of");
  await own.husk(["rmi", `${repository}:1`, `${repository}:2`, `${repository}/other:3`]);
});

needs({ command: "docker-registry" })("push and pull through a registry, logged in", async () => {
  const target = `${registry!.host}/pushed:1`;
  const config = temporaryFolder("docker");
  const env = { DOCKER_CONFIG: config };
  await own.husk(["tag", name, target]);
  const pushed = await own.husk(["push", target], { env });
  expect([pushed.status, pushed.stdout]).toEqual([
    0,
    `${target}: digest: ${image.digest} size: ${image.manifest.length}\n`,
  ]);
  const other = engine();
  expect((await other.husk(["run", "-q", target], { env })).stdout).toContain("default");
  const login = await own.husk(["login", "-u", "me", "--password-stdin", registry!.host], {
    env,
    stdin: "secret\n",
  });
  expect(login.stdout).toContain("Login Succeeded");
  const kept = JSON.parse(readFileSync(join(config, "config.json"), "utf8"));
  expect(kept.auths[registry!.host].auth).toBe(btoa("me:secret"));
  expect((await own.husk(["logout", registry!.host], { env })).stdout).toContain("Removing");
  await own.husk(["rmi", target]);
});
