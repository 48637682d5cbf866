// What every command says of itself and of mistakes.
import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { husk, huskPath, run, temporaryFolder } from "./harness/index.ts";

const byHand = ["chroot", "jail", "unshare", "nsenter", "cgroup"];
const commands = ["run", "explain", ...byHand, "check", "info", "version", "completion", "oci", "help"];

describe("help", () => {
  test.each([[], ["--help"], ["help"]])("husk %s lists the commands", async (...words: string[]) => {
    const { status, stdout, stderr } = await husk(words);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toStartWith("Usage:  husk [OPTIONS] COMMAND\n");
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} +[A-Z]`, "m"));
  });

  test.each(commands)("%s: --help on stdout, at most 80 columns, the same as husk help", async (command) => {
    const { status, stdout, stderr } = await husk([command, "--help"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toStartWith(`Usage:  husk ${command}`);
    const text = stdout.split("\nExamples:")[0]!;
    expect(text.split("\n").filter((line) => [...line].length > 80)).toEqual([]);
    expect((await husk(["help", command])).stdout).toBe(stdout);
    expect((await husk(["--help", command])).stdout).toBe(stdout);
  });

  test("--help counts before the program's name, not after it", async () => {
    expect((await husk(["run", "-it", "--rm", "--help", "host", "sh"])).stdout).toStartWith(
      "Usage:  husk run",
    );
  });

  test("the network's default and what is to come stand in help and info", async () => {
    expect((await husk(["run", "--help"])).stdout).toMatch(/--network string [^]*?bridges\s+come/);
    expect((await husk(["info"])).stdout).toMatch(/^Networks: none host .*bridges come/m);
  });
});

describe("mistakes are one line on stderr, with status 125", () => {
  test.each([
    [["rnu"], "husk: unknown command: husk rnu — did you mean husk run? see 'husk --help'"],
    [["swarm"], "husk: swarm: not in this version — there are run, ps, "],
    [["--verzion"], "husk: unknown flag: --verzion — did you mean --version? see 'husk --help'"],
    [
      ["run", "--memroy", "5m", "host"],
      "husk: unknown flag: --memroy — did you mean --memory? see 'husk run --help'",
    ],
    [["run", "-P", "host", "sh"], "husk: -P: not in this version of husk — see 'husk run --help'"],
    [["run", "-p", "80:80", "host"], "husk: -p: not in this version of husk — see 'husk run --help'"],
    [["run", "-m", "lots", "host"], `husk: invalid value "lots" for --memory — a size such as 512m`],
    [
      ["run", "--network", "bridge", "host"],
      "husk: --network bridge: not in this version of husk — none or host",
    ],
    [["run", "--name"], "husk: flag needs an argument: --name — see 'husk run --help'"],
    [["run", "Alpine"], `husk: image Alpine: the repository "Alpine" has capital letters — `],
    [["explain", "--explain", "host"], "husk: unknown flag: --explain — "],
    [["version", "--format", "yaml"], `husk: invalid value "yaml" for --format — text or json`],
    [["completion"], "husk: husk completion: the shell is missing — husk completion bash, zsh or fish"],
    [["completion", "tcsh"], `husk: husk completion: no shell "tcsh" is known — `],
    [["help", "rnu"], "husk: unknown command: husk rnu — "],
    [["\u001b[31mred\nline"], "husk: unknown command: husk ?[31mred line — "],
  ] as [string[], string][])("husk %j", async (words, line) => {
    const { status, stdout, stderr } = await husk(words);
    expect(stderr).toStartWith(line);
    expect(stderr.indexOf("\n")).toBe(stderr.length - 1);
    expect([status, stdout]).toEqual([125, ""]);
  });
});

describe("facts for people and for programs", () => {
  test("version", async () => {
    expect((await husk(["--version"])).stdout).toMatch(/^husk version \d+\.\d+\.\d+/);
    expect((await husk(["version", "--format", "{{.version}} {{.os}}"])).stdout).toMatch(
      /^\d+\.\d+\.\d+ linux\n$/,
    );
    expect((await husk(["version"])).stdout).toMatch(/^husk:\n Version: +\d+\.\d+\.\d+\n/);
    const facts = JSON.parse((await husk(["version", "--format", "json"])).stdout);
    expect(facts).toMatchObject({ os: "linux", kernelVersion: (await run(["uname", "-r"])).stdout.trim() });
  });

  test("S65: info says which cgroup version each controller has", async () => {
    const { stdout } = await husk(["info"]);
    const facts = JSON.parse((await husk(["info", "--format", "json"])).stdout);
    expect(facts.cgroupControllers.length).toBeGreaterThan(4);
    for (const { controller, version, mount } of facts.cgroupControllers) {
      if (version === undefined) continue;
      expect(stdout).toMatch(new RegExp(`^ ${controller}: v${version} at ${mount}`, "m"));
      const type = version === 1 ? "cgroup" : "cgroup2";
      expect((await run(["findmnt", "-n", "-o", "FSTYPE", mount])).stdout.trim().split("\n")).toContain(type);
    }
  });

  test("check ends with 0 where containers can be run, and needs no colour in a file", async () => {
    const { status, stdout } = await husk(["check"]);
    const { ready, sections } = JSON.parse((await husk(["check", "--format", "json"])).stdout);
    expect(status).toBe(ready ? 0 : 1);
    expect(stdout).not.toContain("\u001b");
    expect(sections.map(({ title }: { title: string }) => title.split(" ")[0])).toEqual([
      "Kernel",
      "Namespaces",
      "Rights",
      "Control",
      "Security",
      "Trial",
    ]);
  });
});

test("the same program under the name husk-oci is husk oci", async () => {
  const link = join(temporaryFolder("bin"), "husk-oci");
  symlinkSync(huskPath, link);
  const { status, stdout } = await run([link, "--help"]);
  expect([status, stdout.split("\n")[0]]).toEqual([0, "Usage:  husk oci [OPTIONS] COMMAND"]);
  expect((await run([link, "--version"])).stdout).toMatch(/^husk-oci version \d/);
});
