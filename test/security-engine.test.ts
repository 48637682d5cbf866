// Attacks of the past on engines: what copies, images and lists do with what a container put in their way.
import { afterEach, beforeEach, expect } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Engine, engine, findCommand, needs, run, temporaryFolder } from "./harness/index.ts";

const test = needs({ command: "busybox" });
let own: Engine;
let here: string;
let outside: string;

beforeEach(() => {
  own = engine();
  here = temporaryFolder("engine-cve");
  outside = join(here, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret"), "of the host\n");
});
afterEach(async () => {
  await own.husk(["rm", "-f", "-v", "one", "other"]);
});

/** An image of busybox with what `add` puts into its root file system. */
async function image(add: (root: string) => void, ...changes: string[]): Promise<void> {
  const root = join(here, "root");
  mkdirSync(join(root, "bin"), { recursive: true });
  copyFileSync(findCommand("busybox") as string, join(root, "bin/busybox"));
  for (const name of ["sh", "ls", "ln", "mv", "rm", "sleep", "pwd", "mkdir", "echo", "cat"])
    symlinkSync("busybox", join(root, "bin", name));
  add(root);
  const { stdout } = await run([
    "tar",
    "--owner=0",
    "--group=0",
    "-C",
    root,
    "-cf",
    join(here, "root.tar"),
    ".",
  ]);
  expect(stdout).toBe("");
  await out("import", ...changes.flatMap((change) => ["--change", change]), join(here, "root.tar"), "box");
}

const out = (...args: string[]): Promise<string> => own.must(args, { cwd: here });

test("CVE-2018-15664, CVE-2019-10152, CVE-2021-41089, CVE-2026-41568: cp while its place is exchanged for a link", async () => {
  await image(() => {});
  const swap = `cd /v; mkdir -p folder; while :; do mv folder kept; ln -s ${outside} folder; rm folder; mv kept folder; done`;
  await out("run", "-d", "--name", "other", "-v", "shared:/v", "box", "sh", "-c", swap);
  await out("run", "-d", "--name", "one", "-v", "shared:/v", "box", "sleep", "100");
  writeFileSync(join(here, "canary"), "canary\n");
  for (let round = 0; round < 12; round++) {
    await own.husk(["cp", "canary", "one:/v/folder/canary"], { cwd: here });
    await own.husk(["cp", "one:/v/folder/.", "taken"], { cwd: here });
    await own.husk(["cp", "-L", "one:/v/folder/secret", "secret"], { cwd: here });
  }
  expect(readdirSync(outside)).toEqual(["secret"]);
  expect(existsSync(join(here, "secret"))).toBe(false);
  expect(existsSync(join(here, "taken/secret"))).toBe(false);
});

test("CVE-2019-14271, CVE-2026-41567: cp runs no program and loads no library of the container", async () => {
  await image((root) => {
    for (const name of ["xz", "unpigz", "gzip", "tar", "zstd"]) {
      writeFileSync(join(root, "bin", name), "#!/bin/sh\necho run > /run-by-cp\n");
      chmodSync(join(root, "bin", name), 0o755);
    }
  });
  await out("run", "-d", "--name", "one", "box", "sleep", "100");
  writeFileSync(join(here, "file"), "content\n");
  await run(["tar", "--owner=0", "--group=0", "-C", here, "-czf", join(here, "archive"), "file"]);
  const { status } = await own.husk(["cp", "-", "one:/"], { stdin: readFileSync(join(here, "archive")) });
  expect(status).toBe(0);
  expect(await out("exec", "one", "sh", "-c", "cat /file; ls /run-by-cp 2>/dev/null || echo none")).toBe(
    "content\nnone\n",
  );
});

test("CVE-2022-23648: a volume of an image at a link is not filled with files of this machine", async () => {
  await image((root) => {
    symlinkSync("/", join(root, "up"));
    symlinkSync(outside, join(root, "link"));
  }, `VOLUME ["/link", "/up${outside}", "/x/../../../..${outside}"]`);
  const { status, stdout } = await own.husk([
    "run",
    "--name",
    "one",
    "box",
    "sh",
    "-c",
    `ls /link ${outside}`,
  ]);
  expect([status > 125, stdout.includes("secret")]).toEqual([false, false]);
  for (const volume of readdirSync(`${own.root}/volumes`).filter((name) => !name.startsWith(".")))
    expect(readdirSync(`${own.root}/volumes/${volume}/_data`)).toEqual([]);
});

test("CVE-2026-55686: a working directory that leads through a link is made in the container alone", async () => {
  await image((root) => symlinkSync("/", join(root, "up")), `WORKDIR /up/../../..${outside}/made`);
  expect(await out("run", "--name", "one", "box", "pwd")).toBe(`${outside}/made\n`);
  expect(readdirSync(outside)).toEqual(["secret"]);
});

test("CVE-2022-1227: top runs no program of the container", async () => {
  await image((root) => {
    writeFileSync(join(root, "bin/ps"), "#!/bin/sh\necho run > /run-by-top\n");
    chmodSync(join(root, "bin/ps"), 0o755);
  });
  await out("run", "-d", "--name", "one", "box", "sleep", "100");
  expect(await out("top", "one")).toContain("sleep 100");
  expect(await out("diff", "one")).not.toContain("run-by-top");
});

test("CVE-2021-21284, CVE-2021-41091, CVE-2024-25621: nobody else reaches files of images, containers and volumes", async () => {
  await image(() => {});
  await out("run", "-d", "--name", "one", "-v", "data:/v", "box", "sleep", "100");
  const open: string[] = [];
  for (const folder of [own.root, own.run]) {
    expect(statSync(folder).mode & 0o077).toBe(0);
    for (const name of ["containers", "layers", "images"])
      if (existsSync(join(folder, name)) && (statSync(join(folder, name)).mode & 0o066) !== 0)
        open.push(name);
  }
  expect(open).toEqual([]);
});
