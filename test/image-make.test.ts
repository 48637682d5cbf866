// Images of programs of this machine: what is in them, that they run, and that equal ones have equal digests.
import { beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Engine, engine, needs, program32, run, temporaryFolder } from "./harness/index.ts";

let own: Engine;
beforeAll(() => {
  own = engine();
});

const digestOf = (stderr: string): string => /Digest: (sha256:[0-9a-f]{64})/.exec(stderr)![1]!;

async function make(...args: string[]): Promise<string> {
  const { stdout, stderr, status } = await own.husk(["image", "make", ...args]);
  expect([stderr.replace(/^.*\nDigest: .*\n$/, ""), status]).toEqual(["", 0]);
  expect(stdout).toBe(`docker.io/library/${args[0]}:latest\n`);
  return digestOf(stderr);
}

describe("husk image make", () => {
  test("a program with its loader and libraries, and nothing else", async () => {
    await make("bash", "bash", "ls");
    expect((await own.husk(["run", "bash", "bash", "-c", "echo $((6*7)); ls /usr"])).stdout).toStartWith(
      "42\n",
    );
    const history = await own.husk(["history", "--no-trunc", "bash"]);
    expect(history.stdout).toContain("husk image make /");
    const { stdout } = await own.husk(["run", "bash", "ls", "-R", "/"]);
    expect(stdout).not.toContain("python");
    expect(stdout).toMatch(/ld-linux/);
  });

  needs({ command: "busybox" })("busybox is about a megabyte, with further names", async () => {
    await make("box", "busybox", "--link", "sh,cat", "--link", "/opt/echo");
    const { stdout } = await own.husk(["run", "box", "sh", "-c", "/opt/echo yes; cat /etc/hostname"]);
    expect(stdout).toMatch(/^yes\n[0-9a-f]{12}\n$/);
    const [image] = (await own.husk(["images", "--format", "json", "box"])).stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const size = image.size ?? image.Size;
    expect(typeof size === "number" ? size : Number.parseFloat(size) * 1e6).toBeLessThan(2_500_000);
  });

  test("what the configuration says", async () => {
    const config = ["--entrypoint", "printenv", "-e", "A=b c", "-e", "TERM_TEST", "--cmd", '["A"]'];
    await make("env", "printenv", ...config);
    expect((await own.husk(["run", "env"])).stdout).toBe("b c\n");
    expect((await own.husk(["run", "env", "PATH"])).stdout).toStartWith("/usr/local/sbin");
    await make("plain", "printenv");
    expect((await own.husk(["run", "-e", "X=1", "plain", "X"])).stdout).toBe("1\n");
  });

  test("further files stay inside, whatever links the image has", async () => {
    const outside = temporaryFolder("outside");
    const folder = temporaryFolder("site");
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub/page"), "hello");
    symlinkSync("page", join(folder, "sub/link"));
    const links = temporaryFolder("links");
    symlinkSync(outside, join(links, "way"));
    await make("files", "cat", "--include", `${folder}:/srv`, "--include", `${links}:/l`);
    expect((await own.husk(["run", "files", "/srv/sub/link"])).stdout).toBe("hello");
    const through = [
      "image",
      "make",
      "bad",
      "cat",
      "--include",
      `${links}:/l`,
      "--include",
      `${folder}:/l/way/x`,
    ];
    expect((await own.husk(through)).status).toBe(1);
    expect((await run(["ls", "-A", outside])).stdout).toBe("");
    expect((await own.husk(["images", "-q", "bad"])).stdout.trim()).not.toMatch(/^[0-9a-f]{12}$/m);
  });

  test("equal programs give an equal digest, whenever and by whomever", async () => {
    const file = join(temporaryFolder("include"), "file");
    writeFileSync(file, "content");
    utimesSync(file, 1_600_000_000, 1_600_000_000);
    const words = ["cat", "--include", `${file}:/etc/file`];
    const first = await make("one", ...words);
    await Bun.sleep(1100);
    expect(await make("two", ...words)).toBe(first);
    const other = engine();
    const { stderr } = await other.husk(["image", "make", "three", ...words]);
    expect(digestOf(stderr)).toBe(first);
    const { stderr: dated } = await own.husk(["image", "make", "four", ...words], {
      env: { SOURCE_DATE_EPOCH: "1000" },
    });
    expect(digestOf(dated)).not.toBe(first);
    const made = JSON.parse((await own.husk(["images", "--format", "json", "four"])).stdout);
    expect(JSON.stringify(made)).toContain("1970");
  });

  needs({ root: true })("who ran as somebody else does not run as root", async () => {
    const folder = temporaryFolder("setid");
    const cat = (await run(["sh", "-c", "command -v cat"])).stdout.trim();
    await run(["cp", cat, join(folder, "games")]);
    await run(["chown", "5:60", join(folder, "games")]);
    chmodSync(join(folder, "games"), 0o6755);
    await make("setid", "stat", join(folder, "games"));
    const { stdout } = await own.husk(["run", "setid", "-c", "%a %u", join(folder, "games")]);
    expect(stdout).toBe("755 0\n");
  });

  needs({ root: true, command: "cc" })("for another processor", async () => {
    const root = temporaryFolder("root32");
    mkdirSync(join(root, "bin"));
    await run(["cp", program32(20), join(root, "bin/hello")]);
    await make("hello32", "/bin/hello", "--from", root);
    // It asks for its process id by the 32-bit call, and ends with the error, if there is one.
    expect((await own.husk(["run", "--platform", "linux/386", "hello32"])).status).toBe(0);
    expect((await own.husk(["run", "--pull", "never", "--platform", "linux/s390x", "hello32"])).status).toBe(
      125,
    );
  });

  test("fails with words, and leaves nothing", async () => {
    const fails = async (...args: string[]): Promise<string> => {
      const { status, stderr } = await own.husk(["image", "make", ...args]);
      expect(status).toBe(1);
      return stderr;
    };
    expect(await fails("none", "no-such-program")).toContain("no program no-such-program");
    expect(await fails("none", "/etc/passwd")).toContain("is no program");
    expect(await fails("none", "cat", "--include", "/not/there")).toContain(
      "--include /not/there: no such file",
    );
    expect(await fails("none")).toContain("the programs are missing");
    expect(await fails("Bad:Name", "cat")).toContain("capital letters");
    const left = await run([
      "sh",
      "-c",
      `ls ${own.root}/layers | grep -c '^new-'; ls -A ${own.root}/downloads ${own.root}/claims | grep -v :`,
    ]);
    expect(left.stdout.trim()).toBe("0");
  });
});
