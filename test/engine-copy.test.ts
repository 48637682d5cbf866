// cp, commit and export: files between containers, images and this machine.
import { afterEach, beforeEach, describe, expect } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Engine, engine, isRoot, needs, shell, temporaryFolder } from "./harness/index.ts";

const test = needs({ command: "busybox" });
let own: Engine;
let here: string;

beforeEach(async () => {
  own = engine();
  here = temporaryFolder("copy");
  mkdirSync(join(here, "site/sub"), { recursive: true });
  writeFileSync(join(here, "site/file"), "content\n");
  chmodSync(join(here, "site/file"), 0o640);
  symlinkSync("file", join(here, "site/link"));
  symlinkSync("/etc/passwd", join(here, "site/out"));
  await own.husk(["image", "make", "-q", "box", "busybox", "--link", "sh,cat,echo,ls,stat,sleep,ln,mkdir"]);
});
afterEach(async () => {
  await own.husk(["rm", "-f", "-v", "one"]);
});

const out = (...args: string[]): Promise<string> => own.must(args, { cwd: here });
const fails = async (...args: string[]): Promise<string> => {
  const { status, stderr } = await own.husk(args, { cwd: here });
  expect([args.join(" "), status === 0]).toEqual([args.join(" "), false]);
  return stderr;
};

test("what may not be read or written is named, and nothing of it is begun", async () => {
  await out("run", "-d", "--name", "one", "host", "sleep", "100");
  // The image host keeps back what other users may not read.
  expect(await fails("cp", "one:/etc/shadow", "copy")).toContain('husk: cannot read "shadow": EACCES');
  expect(existsSync(join(here, "copy"))).toBe(false);
  expect(await fails("cp", "one:/etc/shadow", "-")).toContain('husk: cannot read "shadow": EACCES');
});

needs({ ordinaryUser: true })("an ordinary user's own rights count on this side", async () => {
  await out("run", "-d", "--name", "one", "host", "sleep", "100");
  chmodSync(join(here, "site/file"), 0);
  expect(await fails("cp", "site/file", "one:/tmp/copy")).toContain('husk: cannot read "file": EACCES');
  expect((await own.husk(["exec", "one", "ls", "/tmp"])).stdout).toBe("");
  chmodSync(join(here, "site"), 0);
  expect(await fails("cp", "site/sub", "one:/tmp")).toContain("site/sub: EACCES");
  expect(await fails("cp", "one:/etc/hostname", "site/sub/copy")).toContain("site/sub/copy: EACCES");
  chmodSync(join(here, "site"), 0o755);
});

describe.each(["created", "running", "stopped"])("a container that is %s", (state) => {
  beforeEach(async () => {
    await out("create", "--name", "one", "-v", "data:/data", "box", "sleep", "100");
    if (state !== "created") await out("start", "one");
    if (state === "stopped") {
      await out("kill", "one");
      await own.husk(["wait", "one"]);
    }
  });
  const look = async (script: string): Promise<string> => {
    if (state !== "running") await out("start", "one");
    return out("exec", "one", "sh", "-c", script);
  };

  test("takes folders, their content and files, in volumes too; they belong to its root", async () => {
    await out("cp", "site", "one:/srv");
    await out("cp", "site/.", "one:/data");
    await out("cp", "site/file", "one:/data/other");
    await out("cp", "site/file", "one:/srv/");
    expect(await look("stat -c '%u %a %n' /srv/file /srv/sub /data/other; cat /data/link; ls /data")).toBe(
      "0 640 /srv/file\n0 755 /srv/sub\n0 640 /data/other\ncontent\nfile\nlink\nother\nout\nsub\n",
    );
  });

  test("gives files, folders and archives", async () => {
    await out("cp", "site", "one:/srv");
    await out("cp", "one:/srv", "copy");
    expect(readFileSync(join(here, "copy/file"), "utf8")).toBe("content\n");
    expect([readlinkSync(join(here, "copy/link")), readlinkSync(join(here, "copy/out"))]).toEqual([
      "file",
      "/etc/passwd",
    ]);
    await out("cp", "one:/srv/file", ".");
    expect(statSync(join(here, "file")).mode & 0o777).toBe(0o640);
    await out("cp", "one:/srv/.", "copy/sub");
    expect(existsSync(join(here, "copy/sub/sub"))).toBe(true);
    await out("cp", "-L", "one:/srv/link", "followed");
    expect(readFileSync(join(here, "followed"), "utf8")).toBe("content\n");
    const { stdout } = await own.husk(["cp", "one:/srv", "-"], { cwd: here });
    expect(stdout).toContain("srv/sub/");
  });

  test("what is not there is one clear error, and changes nothing", async () => {
    expect(await fails("cp", "nothing", "one:/x")).toContain("nothing: no such file or directory");
    expect(await fails("cp", "one:/nothing", ".")).toContain("Could not find the file /nothing in container");
    expect(await fails("cp", "site/file", "one:/no/such/")).toContain(
      "Could not find the file /no/such/ in container",
    );
    expect(await fails("cp", "site", "one:/etc/hostname")).toContain("cannot copy a directory onto");
    expect(await fails("cp", "one:/etc/hostname", "none/such/file")).toContain("no such folder");
    expect(await fails("cp", "one:/a", "one:/b")).toContain("copying between containers is not supported");
    expect(await fails("cp", "a", "b")).toContain("must specify at least one container source");
  });
});

test("links in a container lead nowhere outside of it", async () => {
  await out(
    "run",
    "-d",
    "--name",
    "one",
    "box",
    "sh",
    "-c",
    "ln -s /etc /srv-link; ln -s ../../../../../../../../etc up; echo ready; sleep 100",
  );
  await out("exec", "one", "sh", "-c", "while ! ls /up > /dev/null 2>&1; do sleep 0.02; done");
  const before = readFileSync("/etc/passwd", "utf8");
  writeFileSync(join(here, "passwd"), "taken\n");
  await out("cp", "passwd", "one:/srv-link/passwd");
  await out("cp", "passwd", "one:/up/");
  expect(await out("exec", "one", "cat", "/etc/passwd")).toBe("taken\n");
  expect(readFileSync("/etc/passwd", "utf8")).toBe(before);
  await out("cp", "one:/up/passwd", "back");
  expect(readFileSync(join(here, "back"), "utf8")).toBe("taken\n");
});

test("archives on standard input and output", async () => {
  await out("create", "--name", "one", "box", "cat", "/file", "/.wh.name");
  writeFileSync(join(here, "site/.wh.name"), "no whiteout\n");
  const archive = (await shell(`tar -C ${here}/site -cf - . | base64 -w0`)).stdout;
  const { status } = await own.husk(["cp", "-", "one:/"], { stdin: Buffer.from(archive, "base64") });
  expect(status).toBe(0);
  expect(await out("start", "-a", "one")).toBe("content\nno whiteout\n");
});

describe("commit", () => {
  test("an image of a container, with its way to run and changes", async () => {
    await out("create", "--name", "one", "-e", "A=1", "--workdir", "/srv", "box", "cat", "file");
    await out("cp", "site", "one:/srv");
    const id = await out("commit", "-m", "made", "-a", "me", "-c", "LABEL x=y", "one", "mine:1");
    expect(id).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    expect(await out("run", "--rm", "mine:1")).toBe("content\n");
    const shown =
      "{{.Author}} {{.Comment}} {{.Config.Cmd}} {{.Config.Env}} {{.Config.Labels}} {{.Config.WorkingDir}}";
    expect(await out("image", "inspect", "-f", shown, "mine:1")).toMatch(
      /^me made \[cat file\] \[.*A=1.*\] map\[x:y\] \/srv\n$/,
    );
  });

  test("not of a container of host", async () => {
    await out("create", "--name", "one", "host", "--", "true");
    expect(await fails("commit", "one", "mine:1")).toContain("is not a container of an image");
  });
});

test("export writes what the container shows", async () => {
  await out("run", "--name", "one", "box", "sh", "-c", "echo new > /new; mkdir /d");
  await out("export", "-o", "root.tar", "one");
  const { stdout } = await shell(`tar -tvf ${here}/root.tar`);
  expect(stdout).toMatch(/ d\/$/m);
  expect(stdout).toMatch(/ new$/m);
  expect(stdout).toMatch(/ usr\/bin\/busybox$/m);
  if (isRoot) expect(stdout).toMatch(/^-rw-r--r-- (root\/root|0\/0) .* new$/m);
  await out("import", "root.tar", "again:1");
  expect(await out("run", "--rm", "again:1", "cat", "/new")).toBe("new\n");
});
