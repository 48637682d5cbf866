// `husk run` at the command line: exit statuses, streams, signals, the terminal, what goes wrong.
import { describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  descendants,
  engine,
  husk,
  huskPath,
  isAlive,
  isAsleep,
  makeRootfs,
  needs,
  openTerminal,
  processStatus,
  startHusk,
  temporaryFile,
  temporaryFolder,
  waitFor,
} from "./harness/index.ts";

describe("the exit status is the program's, or says who failed", () => {
  test.each([
    [0, ["true"]],
    [1, ["false"]],
    [42, ["sh", "-c", "exit 42"]],
    [255, ["sh", "-c", "exit 255"]],
    [143, ["sh", "-c", "sh -c 'kill -TERM $$'; exit $?"]],
    [127, ["no-such-program"]],
    [127, ["/no/such/program"]],
    [126, ["/etc/hostname"]],
    [126, ["/tmp"]],
  ] as [number, string[]][])("%d: %j", async (status, command) => {
    expect((await husk(["run", "--rm", "host", ...command])).status).toBe(status);
  });

  test("128 + n after a signal", async () => {
    const running = startHusk(["run", "--init", "host", "sh", "-c", "kill -KILL $$"]);
    expect((await running.result).status).toBe(137);
  });

  test("S7: a missing program is named with the folder it was looked for in", async () => {
    const rootfs = temporaryFolder("empty");
    const { status, stderr } = await husk(["run", "--rootfs", rootfs, "bash"]);
    expect(status).toBe(127);
    expect(stderr).toContain("bash");
    expect(stderr).toContain(rootfs);
  });

  test.each([
    [["--rootfs", "/no/such/folder", "sh"], "/no/such/folder"],
    [["--rootfs", "/etc/hostname", "sh"], "/etc/hostname"],
    [["--bundle", "/no/such/folder"], "config.json"],
    [["--user", "nobody-of-that-name", "host", "true"], "nobody-of-that-name"],
    [["--user", "2147483648", "host", "true"], "--user"],
    [["--cap-add", "CAP_EVERYTHING", "host", "true"], "CAP_EVERYTHING"],
    [["--memory", "1k", "host", "true"], "memory limit"],
    [["--security-opt", "seccomp=/no/such/profile", "host", "true"], "/no/such/profile"],
    [["--name", "../escape", "host", "true"], "../escape"],
    [["--mount", "type=bind,source=/no/such/source,target=/x", "host", "true"], "/no/such/source"],
  ] as [string[], string][])("125 in one line, and nothing is left: %j", async (flags, word) => {
    const { husk, run } = engine();
    const { status, stdout, stderr } = await husk(["run", ...flags]);
    expect(stderr).toContain(word);
    expect(stderr).toStartWith("husk: ");
    expect(stderr.indexOf("\n")).toBe(stderr.length - 1);
    expect([status, stdout]).toEqual([125, ""]);
    expect(
      readdirSync(run).flatMap((name) => (name === "containers" ? readdirSync(join(run, name)) : [])),
    ).toEqual([]);
  });

  test("a config.json that is broken at a place names the place", async () => {
    const bundle = temporaryFolder("bundle");
    writeFileSync(join(bundle, "config.json"), '{"ociVersion": "1.2.0", "root": {"path": 5}}');
    const { status, stderr } = await husk(["run", "--bundle", bundle]);
    expect(stderr).toContain("root.path");
    expect(status).toBe(125);
  });
});

describe("streams", () => {
  const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7919) & 0xff);

  test("input goes in only with -i, and every byte of it", async () => {
    expect((await husk(["run", "host", "cat"], { stdin: "typed" })).stdout).toBe("");
    const { stdout } = await husk(["run", "-i", "host", "sha256sum"], { stdin: bytes });
    const digest = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    expect(stdout).toBe(`${digest}  -\n`);
  });

  test("output and errors stay apart, and /dev/stdout can be opened", async () => {
    const script = "echo out; echo err >&2; echo again >> /dev/stdout; echo more >> /dev/stderr";
    const { stdout, stderr } = await husk(["run", "host", "sh", "-c", script]);
    expect(stdout).toBe("out\nagain\n");
    expect(stderr).toBe("err\nmore\n");
  });

  test("variables: the file's first, then single ones, and one's own by name alone", async () => {
    const file = temporaryFile("variables");
    writeFileSync(file, "A=file\nB=file\n# comment\nMINE\n");
    const { stdout } = await husk(
      ["run", "--env-file", file, "-e", "B=flag", "-eC=c", "-e", "OWN", "-e", "NONE", "host", "env"],
      { env: { OWN: "own", MINE: "mine", NONE: undefined } },
    );
    const lines = stdout.split("\n");
    expect(lines).toEqual(expect.arrayContaining(["A=file", "B=flag", "C=c", "OWN=own", "MINE=mine"]));
    expect(stdout).not.toContain("NONE");
  });
});

/** A program that says which signals it gets, until it gets USR2. */
const listener = (names: string) => `
  $| = 1;
  for my $name (qw(${names} USR2)) { $SIG{$name} = sub { print "$name\\n"; exit 7 if $name eq "USR2" } }
  print "ready\\n";
  select(undef, undef, undef, 0.2) for 1..100;`;

describe("signals", () => {
  needs({ command: "perl" })("reach the program, each once", async () => {
    const names = ["HUP", "INT", "QUIT", "TERM", "USR1", "ALRM"] as const;
    const running = startHusk(["run", "host", "perl", "-e", listener(names.join(" "))]);
    await waitFor("the program", () => running.stdout().includes("ready"));
    for (const name of names) {
      running.kill(`SIG${name}`);
      await waitFor(`SIG${name}`, () => running.stdout().endsWith(`${name}\n`));
    }
    running.kill("SIGUSR2");
    const { status, stdout } = await running.result;
    expect(stdout).toBe(`ready\n${names.join("\n")}\nUSR2\n`);
    expect(status).toBe(7);
  });

  needs({ command: "perl" })("Ctrl-C at a terminal reaches a program without one exactly once", async () => {
    const terminal = openTerminal([huskPath, "run", "host", "perl", "-e", listener("INT")]);
    await terminal.shows("ready");
    terminal.type("\x03");
    await terminal.shows("INT");
    await Bun.sleep(200);
    process.kill(terminal.pid, "SIGUSR2");
    expect(await terminal.exit()).toBe(7);
    expect(terminal.output().match(/INT/g)).toEqual(["INT"]);
  });

  test("the third Ctrl-C ends a program that ignores them", async () => {
    const { start, run } = engine();
    const running = start(["run", "host", "sleep", "60"]);
    await waitFor("the program", () => descendants(running.pid).some(({ name }) => name === "sleep"));
    const pids = descendants(running.pid).map(({ pid }) => pid);
    // Two that wait to be delivered are one.
    const isPending = (): boolean =>
      ["SigPnd", "ShdPnd"].some(
        (field) => (Number.parseInt(processStatus(running.pid, field) ?? "0", 16) & 2) !== 0,
      );
    for (let count = 0; count < 3; count++) {
      running.kill("SIGINT");
      await waitFor("its delivery", () => !isPending());
      await Bun.sleep(50);
    }
    const { status, stderr } = await running.result;
    expect(stderr).toBe("husk: got 3 SIGTERM or SIGINT: the container was ended by force\n");
    expect(status).toBe(125);
    await waitFor("their end", () => !pids.some(isAlive));
    expect(readdirSync(join(run, "containers"))).toEqual([]);
  });

  test("--sig-proxy=false: a signal ends husk, and the container with it", async () => {
    const running = startHusk(["run", "--sig-proxy=false", "host", "sleep", "60"]);
    await waitFor("the program", () => descendants(running.pid).some(({ name }) => name === "sleep"));
    const pids = descendants(running.pid).map(({ pid }) => pid);
    running.kill("SIGTERM");
    expect((await running.result).status).toBe(143);
    await waitFor("their end", () => !pids.some(isAlive));
  });

  test("--timeout ends the container with 137 and says so", async () => {
    const { status, stderr, milliseconds } = await husk(["run", "--timeout", "300ms", "host", "sleep", "60"]);
    expect([status, stderr]).toEqual([
      137,
      "husk: the time of --timeout is over: the container was killed\n",
    ]);
    expect(milliseconds).toBeLessThan(2000);
  });
});

describe("a terminal", () => {
  test("S11: Ctrl-D ends the shell, and its status is husk's", async () => {
    const terminal = openTerminal([huskPath, "run", "-it", "-e", "PS1=in> ", "host", "sh"]);
    await terminal.shows("in> ");
    expect(terminal.isRaw()).toBe(true);
    terminal.type("tty; stty size; (exit 5)\r");
    await terminal.shows("/dev/pts/0\r\n24 80\r\n");
    terminal.resize(120, 50);
    await waitFor("the new size", () => {
      terminal.type("stty size\r");
      return terminal.output().includes("50 120");
    });
    terminal.type("(exit 5)\r\x04");
    expect(await terminal.exit()).toBe(5);
    expect(terminal.isRaw()).toBe(false);
  });

  test("Ctrl-C and Ctrl-Z belong to the program inside", async () => {
    const terminal = openTerminal([huskPath, "run", "-it", "-e", "PS1=in> ", "host", "sh", "-i"]);
    await terminal.shows("in> ");
    terminal.type("sleep 60\r");
    await waitFor("sleep", () => isAsleep(terminal.pid, "sleep"));
    terminal.type("\x03");
    terminal.type("echo status $?\r");
    await terminal.shows("status 130");
    terminal.type("sleep 60\r");
    await waitFor("sleep", () => isAsleep(terminal.pid, "sleep"));
    terminal.type("\x1a");
    await terminal.shows("Stopped");
    terminal.type("kill %1; exit 3\r");
    await Bun.sleep(100);
    terminal.type("exit 3\r");
    expect(await terminal.exit()).toBe(3);
  });

  test("is as it was after husk was killed", async () => {
    const terminal = openTerminal([huskPath, "run", "-it", "host", "sh", "-c", "echo ready; sleep 60"]);
    await terminal.shows("ready");
    const pids = descendants(terminal.pid).map(({ pid }) => pid);
    expect(pids.length).toBeGreaterThan(1);
    process.kill(terminal.pid, "SIGKILL");
    expect(await terminal.exit()).toBe(137);
    await waitFor("the container's end", () => !pids.some(isAlive));
    await waitFor("the terminal", () => !terminal.isRaw());
  });

  test("-it without one is refused", async () => {
    const { status, stderr } = await husk(["run", "-it", "host", "sh"]);
    expect([status, stderr.split(" — ")[0]]).toEqual([125, "husk: the input device is not a TTY"]);
  });

  test("errors are not coloured in it", async () => {
    const terminal = openTerminal([huskPath, "run", "--nonsense"]);
    expect(await terminal.exit()).toBe(125);
    expect(terminal.output()).not.toContain("\u001b");
  });
});

describe("explaining", () => {
  test("explain prints steps, reasons and calls, and starts nothing", async () => {
    const { husk, run } = engine();
    const { status, stdout, stderr } = await husk(["explain", "--hostname", "box", "host", "true"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/own \/proc — /);
    expect(stdout).toContain("fsopen(");
    expect(stdout).toMatch(/hostname box — .*\n.*sethostname\("box", 3\)/);
    expect(stdout).not.toContain("µs");
    expect(readdirSync(run)).toEqual([]);
  });

  test("run --explain adds measured times, on stderr beside the program's output", async () => {
    const { status, stdout, stderr } = await husk(["run", "--explain", "host", "echo", "hello"]);
    expect([status, stdout]).toEqual([0, "hello\n"]);
    expect(stderr).toMatch(/\d+ µs .*own \/proc — /);
    expect(stderr).toMatch(/\d+ µs from the keeper's start to the program's/);
  });

  test("--format json is one line for programs", async () => {
    const planned = JSON.parse((await husk(["explain", "--format", "json", "host", "true"])).stdout);
    const { stderr } = await husk(["run", "--explain", "--format", "json", "host", "true"]);
    const measured = JSON.parse(stderr);
    const titles = (plan: typeof planned): string[] =>
      plan.processes.flatMap((process: { steps: { title: string }[] }) =>
        process.steps.map(({ title }) => title),
      );
    expect(titles(planned)).toContain("own /proc");
    expect(titles(measured)).toContain("own /proc");
    expect(measured.microseconds).toBeGreaterThan(100);
  });

  test("--as-shell is a script with the command at its head", async () => {
    const { stdout } = await husk(["explain", "--as-shell", "--hostname", "a b", "--rootfs", "/srv", "sh"]);
    expect(stdout).toStartWith("#!/bin/sh\n# husk run --hostname 'a b' --rootfs /srv sh\n");
  });
});

describe("a root file system by folder", () => {
  needs({ command: "busybox" })(
    "S6: the program sees the folder as /, and host's writes arrive",
    async () => {
      const rootfs = makeRootfs();
      writeFileSync(join(rootfs, "from-host"), "hello\n");
      const { stdout } = await husk([
        "run",
        "--rootfs",
        rootfs,
        "--",
        "sh",
        "-c",
        "pwd; cat /../../from-host; ls /",
      ]);
      expect(stdout.split("\n").slice(0, 2)).toEqual(["/", "hello"]);
      expect(stdout.split("\n").slice(2, -1).toSorted()).toEqual(readdirSync(rootfs).toSorted());
    },
  );

  needs({ command: "busybox" })("the path may be relative", async () => {
    const rootfs = makeRootfs();
    const { stdout } = await husk(["run", "--rootfs", "rootfs", "echo", "hi"], { cwd: join(rootfs, "..") });
    expect(stdout).toBe("hi\n");
  });

  needs({ command: "busybox" })("a script without its interpreter says so", async () => {
    const rootfs = makeRootfs();
    writeFileSync(join(rootfs, "script"), "#!/bin/missing\n");
    chmodSync(join(rootfs, "script"), 0o755);
    const { status, stderr } = await husk(["run", "--rootfs", rootfs, "/script"]);
    expect([status, stderr.includes("/bin/missing")]).toEqual([127, true]);
  });
});
