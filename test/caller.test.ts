// What reaches a program in a container of those who start it: their limits, and nothing else they did not hand over.
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { firstProcess, inside } from "./harness/control-group.ts";
import {
  engine,
  husk,
  huskOciPath,
  huskPath,
  needs,
  type Result,
  run,
  shell,
  startHusk,
  temporaryFolder,
} from "./harness/index.ts";

const { root, run: runFolder } = engine();
const env = { HUSK_ROOT: root, HUSK_RUN: runFolder };

/** `husk run host …` as the end of a shell script in which the caller is prepared. */
const prepared = (script: string, command: string): Promise<Result> =>
  shell(`${script}; ${huskPath} run host ${command}; true`, [], { env });

describe("descriptors", () => {
  const open = "exec 5< /etc/passwd 7> /dev/null 8< / 9<> /dev/null";

  test("only 0, 1 and 2 are open in the program", async () => {
    // 3 is the folder that ls reads.
    expect((await prepared(open, "ls /proc/self/fd")).stdout).toBe("0\n1\n2\n3\n");
  });

  needs({ root: true })("and in an init in front of it, whatever the container is like", async () => {
    for (const flags of [
      ["--init"],
      ["--init", "--no-isolate", "mount"],
      ["--uidmap", "0:100000:65536"],
      ["--pid", "host"],
    ]) {
      const container = startHusk(["run", ...flags, "host", "sleep", "60"]);
      const sleep = await inside(container, "sleep");
      for (const pid of [sleep, firstProcess(container) ?? sleep])
        expect([flags, readdirSync(`/proc/${pid}/fd`)]).toEqual([flags, ["0", "1", "2"]]);
      process.kill(sleep, "SIGKILL");
      await container.result;
    }
  });
});

describe("limits", () => {
  test("are the caller's, lowered ones too", async () => {
    const script = "ulimit -n 777; ulimit -c 7; ulimit -s 5000; ulimit -u 9999 2> /dev/null || true";
    const { stdout } = await shell(
      `${script}; cat /proc/self/limits; ${huskPath} run host cat /proc/self/limits; true`,
      [],
      { env },
    );
    const lines = stdout.trim().split(/ *\n/);
    const half = lines.length / 2;
    expect(lines.slice(half)).toEqual(lines.slice(0, half));
    expect(stdout).toMatch(/open files +777 +777/);
  });

  test("the soft limit of open files is not what a JavaScript runtime makes of it", async () => {
    const { stdout } = await prepared("ulimit -S -n 321", "sh -c 'ulimit -S -n; ulimit -H -n'");
    const [soft, hard] = stdout.trim().split("\n").map(Number);
    expect(soft).toBe(321);
    expect(hard).toBeGreaterThan(321);
  });

  test("the umask is 022 whoever calls", async () => {
    for (const mask of ["000", "077"])
      expect((await prepared(`umask ${mask}`, "sh -c umask")).stdout).toBe("0022\n");
  });
});

describe("signals", () => {
  /** The masks of pending, blocked, ignored and caught signals in a status file of /proc. */
  const masks = (status: string): string[] =>
    [...status.matchAll(/^(?:Sig|Shd)(?!Q).*:\t(.*)$/gm)].map((match) => match[1]!);
  const none = Array.from({ length: 5 }, () => "0".repeat(16));
  const look = "cat /proc/self/status";

  test("all have their default action, whatever the caller ignores", async () => {
    const ignoring = "trap '' HUP INT QUIT USR1 USR2 PIPE ALRM TERM CHLD CONT TSTP TTIN TTOU WINCH";
    expect(masks((await prepared(ignoring, look)).stdout)).toEqual(none);
    expect(masks((await shell(`nohup ${huskPath} run host ${look}`, [], { env })).stdout)).toEqual(none);
  });

  needs({ command: "env" })("none is blocked, whatever the caller blocks", async () => {
    const { stdout } = await shell(`env --block-signal ${huskPath} run host ${look}`, [], { env });
    expect(masks(stdout)).toEqual(none);
  });

  test("a broken pipe ends a program, also under nohup", async () => {
    const script = "sh -c 'kill -PIPE $$'; echo $?";
    expect((await shell(`nohup ${huskPath} run host sh -c "$1"`, [script], { env })).stdout).toBe("141\n");
  });
});

test("the program leads a session of its own and starts at the root of its files", async () => {
  const { stdout } = await husk([
    "run",
    "host",
    "sh",
    "-c",
    "cut -d ' ' -f 5-8 /proc/1/stat; pwd; readlink /proc/1/cwd",
  ]);
  expect(stdout).toBe("1 1 0 -1\n/\n/\n");
});

describe("the environment", () => {
  const names = [
    "BUN_OPTIONS",
    "NODE_OPTIONS",
    "LD_LIBRARY_PATH",
    "LD_DEBUG_OUTPUT",
    "TZ",
    "HUSK_DEBUG",
    "SECRET",
  ];
  const values = Object.fromEntries(
    names.map((name) => [name, name === "BUN_OPTIONS" ? "--smol" : "/nowhere"]),
  );

  test("holds only what a container always has, and what -e hands over", async () => {
    const usual = (text: string): string[] =>
      text
        .trim()
        .split("\n")
        .map((line) => line.split("=")[0]!)
        .toSorted();
    const { stdout } = await husk(["run", "host", "env"], { env: values });
    expect(usual(stdout)).toEqual(["HOME", "HOSTNAME", "PATH"]);
    const given = await husk(["run", ...names.flatMap((name) => ["-e", name]), "host", "env"], {
      env: values,
    });
    expect(usual(given.stdout)).toEqual(["HOME", "HOSTNAME", "PATH", ...names].toSorted());
    expect(given.stdout).toContain("BUN_OPTIONS=--smol\n");
  });

  needs({ root: true })("of the keeper is empty: no secret stands in /proc of it", async () => {
    const container = startHusk(["run", "-e", "SECRET=hush", "host", "sleep", "60"]);
    const sleep = await inside(container, "sleep");
    const { stdout } = await shell(
      'keeper=$(cut -d " " -f 4 "/proc/$1/stat"); tr "\\0" "\\n" < "/proc/$keeper/environ"; tr "\\0" " " < "/proc/$keeper/cmdline"',
      [`${sleep}`],
    );
    expect(stdout).toMatch(/^husk-keeper [0-9a-f]{12} $/);
    process.kill(sleep, "SIGKILL");
    await container.result;
  });
});

describe("a hostile current folder", () => {
  const folder = temporaryFolder("hostile", 0o755);
  const attack = 'require("node:fs").writeSync(2, "attacked\\n"); process.exit(66);';
  const files: Record<string, string> = {
    "evil.js": attack,
    "evil.ts": attack,
    "bunfig.toml":
      'preload = ["./evil.js"]\n[run]\npreload = ["./evil.js"]\n[define]\n"process.argv0" = "\'husk-oci\'"\n',
    ".env": `HUSK_ROOT=${folder}/root\nHUSK_RUN=${folder}/run\nBUN_OPTIONS=--preload=./evil.js\nPATH=${folder}\n`,
    "package.json":
      '{"name": "run", "type": "commonjs", "scripts": {"run": "echo attacked"}, "imports": {"#a": "./evil.js"}}',
    "tsconfig.json": '{"compilerOptions": {"baseUrl": ".", "paths": {"*": ["./evil.ts"]}}}',
    "index.ts": attack,
    host: attack,
    "node_modules/bun/index.js": attack,
    newuidmap: "#!/bin/sh\necho attacked\n",
    "config.json": "{",
  };
  mkdirSync(join(folder, "node_modules/bun"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o755 });
  for (const name of [".env.local", ".env.production", ".env.development", ".env.test"])
    writeFileSync(join(folder, name), files[".env"]!);

  test("changes nothing of what husk does", async () => {
    const ended = await run([huskPath, "run", "host", "sh", "-c", "echo fine"], { cwd: folder, env });
    expect(ended).toMatchObject({ status: 0, stdout: "fine\n", stderr: "" });
    for (const [program, ...args] of [
      [huskPath, "version"],
      [huskPath, "info"],
      [huskPath, "--help"],
      [huskOciPath, "--version"],
    ] as const) {
      const { status, stderr, stdout } = await run([program, ...args], { cwd: folder, env });
      expect([program, args, status, stderr, `${stdout}`.includes("attacked")]).toEqual([
        program,
        args,
        0,
        "",
        false,
      ]);
    }
    expect(readdirSync(folder).toSorted()).toEqual(
      [
        ...new Set([
          ...Object.keys(files).map((name) => name.split("/")[0]!),
          ".env.local",
          ".env.production",
          ".env.development",
          ".env.test",
        ]),
      ].toSorted(),
    );
  });
});

needs({ ordinaryUser: true })("helpers of an ordinary user are not looked for on PATH", async () => {
  const folder = temporaryFolder("path");
  for (const name of ["newuidmap", "newgidmap"])
    writeFileSync(join(folder, name), "#!/bin/sh\necho attacked >&2; exit 1\n", { mode: 0o755 });
  const result = await husk(["run", "host", "id", "-u"], { env: { PATH: `${folder}:${process.env.PATH}` } });
  expect(result).toMatchObject({ status: 0, stdout: "0\n", stderr: "" });
});

needs({ root: true })("root's default folders are not the caller's to choose by HOME", async () => {
  const home = temporaryFolder("home");
  const result = await run([huskPath, "info", "--format", "json"], {
    env: {
      HOME: home,
      XDG_DATA_HOME: home,
      XDG_RUNTIME_DIR: home,
      HUSK_ROOT: undefined,
      HUSK_RUN: undefined,
    },
  });
  expect(JSON.parse(result.stdout)).toMatchObject({ root: "/var/lib/husk", run: "/run/husk" });
});
