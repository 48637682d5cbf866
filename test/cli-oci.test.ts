// `husk oci run` and husk-oci: what callers of runc and crun rely on.
import { describe, expect } from "bun:test";
import { existsSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  descendants,
  engine,
  husk,
  huskOciPath,
  makeBundle,
  needs,
  processStatus,
  run,
  startHusk,
  temporaryFile,
  temporaryFolder,
  waitFor,
} from "./harness/index.ts";

const needed = { root: true, command: "busybox" } as const;

describe("oci run", () => {
  needs(needed)("runs the bundle in the current folder, and its status is the program's", async () => {
    const { path } = makeBundle(["sh", "-c", "cat; echo err >&2; exit 9"]);
    const { status, stdout, stderr } = await run([huskOciPath, "run", "here"], {
      cwd: path,
      stdin: "in",
      env: { HUSK_ROOT: temporaryFolder("root", 0o700), HUSK_RUN: temporaryFolder("run", 0o700) },
    });
    expect([status, stdout, stderr]).toEqual([9, "in", "err\n"]);
  });

  needs(needed)("--pid-file holds the process id as the host counts", async () => {
    const { path } = makeBundle(["sleep", "60"]);
    const file = temporaryFile("pid");
    const running = startHusk(["oci", "run", "--bundle", path, "--pid-file", file, "pids"]);
    await waitFor("the pid file", () => existsSync(file));
    const pid = Number(readFileSync(file, "utf8"));
    expect(readFileSync(file, "utf8")).toBe(String(pid));
    await waitFor("the program", () => descendants(running.pid).some(({ name }) => name === "sleep"));
    expect(processStatus(pid, "NSpid")?.split("\t").at(-1)).toBe("1");
    running.kill("SIGTERM");
    process.kill(pid, "SIGKILL");
    expect((await running.result).status).toBe(137);
  });

  needs(needed)("--preserve-fds hands on descriptors from 3 on, and no others", async () => {
    const { path } = makeBundle(["sh", "-c", "cat <&3; ls /proc/self/fd"]);
    const file = temporaryFile("handed");
    writeFileSync(file, "handed on\n");
    const folders = [temporaryFolder("root", 0o700), temporaryFolder("run", 0o700)];
    const handed = openSync(file, "r");
    const output = temporaryFile("output");
    const child = Bun.spawn([huskOciPath, "run", "--bundle", path, "--preserve-fds", "1", "fds"], {
      stdio: ["ignore", Bun.file(output), "inherit", handed],
      env: { PATH: process.env.PATH!, HUSK_ROOT: folders[0]!, HUSK_RUN: folders[1]! },
    });
    expect(await child.exited).toBe(0);
    // 4 is the folder that ls itself has open.
    expect(readFileSync(output, "utf8")).toBe("handed on\n0\n1\n2\n3\n4\n");
  });

  needs(needed)("--no-pivot changes the root by another way", async () => {
    const { path } = makeBundle(["ls", "/"]);
    const { status, stdout } = await husk(["oci", "run", "--no-pivot", "--bundle", path, "moved"]);
    expect([status, stdout.includes("proc"), stdout.includes("boot")]).toEqual([0, true, false]);
  });

  needs(needed)("an id is taken once at a time, and is no path", async () => {
    const { path } = makeBundle(["sleep", "60"]);
    const { husk, start } = engine();
    const running = start(["oci", "run", "--bundle", path, "one"]);
    await waitFor("the program", () => descendants(running.pid).some(({ name }) => name === "sleep"));
    const second = await husk(["oci", "run", "--bundle", path, "one"]);
    expect([second.status, second.stderr]).toEqual([
      1,
      expect.stringContaining("container with given ID already exists"),
    ]);
    for (const id of ["../one", "a/b", "..", ""]) {
      const { status, stderr } = await husk(["oci", "run", "--bundle", path, id]);
      expect([status, stderr]).toEqual([1, expect.stringContaining("invalid container ID format")]);
    }
    running.kill("SIGKILL");
    await running.result;
  });

  needs(needed)("nothing is left after it", async () => {
    const { path } = makeBundle(["true"]);
    const { husk, run } = engine();
    expect((await husk(["oci", "run", "--bundle", path, "gone"])).status).toBe(0);
    expect(readdirSync(join(run, "oci"))).toEqual([]);
    const { stdout } = await husk(["check", "--format", "json"]);
    expect(stdout).not.toContain("gone");
  });
});

describe("the log of a caller", () => {
  needs({})("--log FILE gets the error, as logfmt or as JSON", async () => {
    const file = temporaryFile("log");
    const line = ["--log", file, "run", "--bundle", "/no/such/bundle", "x"];
    expect((await husk(["oci", ...line])).status).toBe(1);
    expect((await husk(["oci", "--log-format", "json", ...line])).status).toBe(1);
    const [text, json] = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(text).toMatch(
      /^time="\d{4}-[^"]*Z" level=error msg="husk run failed: JSON specification file \/no\/such\/bundle/,
    );
    expect(JSON.parse(json!)).toMatchObject({
      level: "error",
      msg: expect.stringContaining("/no/such/bundle"),
    });
  });
});
