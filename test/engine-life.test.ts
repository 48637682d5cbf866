// A container's life from the command line: create, start, stop, kill, restart, rename, remove, and what of it stays.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Engine,
  engine,
  huskPath,
  isAlive,
  needs,
  openTerminal,
  type Result,
  temporaryFile,
  waitFor,
} from "./harness/index.ts";
import { groupFile } from "./harness/control-group.ts";

setDefaultTimeout(30_000);

const of = engine();
const env = { HUSK_ROOT: of.root, HUSK_RUN: of.run };
afterAll(async () => {
  for (const { root, husk } of [of, ...others]) {
    const ids = existsSync(join(root, "containers")) ? readdirSync(join(root, "containers")) : [];
    if (ids.length > 0) await husk(["rm", "-f", ...ids]);
  }
});
const others: Engine[] = [];
const another = (): Engine => {
  const made = engine();
  others.push(made);
  return made;
};

let count = 0;
const newName = (): string => `life-${++count}`;
/** A command that has to go well; its output without the last line end. */
const husk = async (args: readonly string[], at: Engine = of): Promise<string> => {
  const { status, stdout, stderr } = await at.husk(args);
  expect([args, status, stderr]).toEqual([args, 0, ""]);
  return stdout.trimEnd();
};
/** A command that has to fail. */
const fails = async (args: readonly string[], at: Engine = of): Promise<Result> => {
  const result = await at.husk(args);
  expect([args, result.status === 0]).toEqual([args, false]);
  return result;
};
const begin = async (flags: readonly string[], ...command: string[]): Promise<string> => {
  const name = newName();
  const id = await husk(["run", "-d", "--name", name, ...flags, "host", ...command]);
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  return name;
};
const state = (
  name: string,
  format = "{{.State.Status}} {{.State.ExitCode}}",
  at: Engine = of,
): Promise<string> => husk(["inspect", "-f", format, name], at);
const becomes = (name: string, wanted: string, at: Engine = of): Promise<unknown> =>
  waitFor(`${name} ${wanted}`, async () => (await state(name, undefined, at)) === wanted, 20_000);
const pidOf = async (name: string, at: Engine = of): Promise<number> =>
  Number(await state(name, "{{.State.Pid}}", at));
const keeperOf = (pid: number): number =>
  Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

const patient = ["sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done"];
const deaf = ["sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"];

describe("create, start, wait, rm", () => {
  test("one after the other, with docker's output", async () => {
    const id = await husk(["create", "--name", "steps", "host", "sh", "-c", "exit 3"]);
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(await state("steps")).toBe("created 0");
    expect(await husk(["start", "steps"])).toBe("steps");
    expect(await husk(["wait", id.slice(0, 10)])).toBe("3");
    expect(await state("steps")).toBe("exited 3");
    expect(await husk(["rm", id.slice(0, 12)])).toBe(id.slice(0, 12));
    expect((await fails(["start", "steps"])).stderr).toStartWith("husk: No such container: steps");
    expect(existsSync(join(of.root, "containers", id))).toBe(false);
  });

  test("without a name it gets one; names are taken once", async () => {
    const id = await husk(["create", "host", "true"]);
    const name = (await state(id, "{{.Name}}")).slice(1);
    expect(name).toMatch(/^[a-z]+_[a-z]+\d*$/);
    const { status, stderr } = await fails(["create", "--name", name, "host", "true"]);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining(`the container name "${name}" is in use by container ${id.slice(0, 12)}`),
    ]);
    await husk(["rm", name]);
  });

  test("what it wrote is there at the next start, and what it removed is not", async () => {
    const name = newName();
    const script =
      "if [ -e /etc/first ]; then cat /etc/first /kept; ls /etc/passwd /opt; else echo 1 >/etc/first; echo 2 >/kept; rm /etc/passwd; rmdir /opt; fi";
    await husk(["run", "--name", name, "host", "sh", "-c", script]);
    await husk(["start", name]);
    await husk(["wait", name]);
    expect((await of.husk(["logs", name])).stdout).toBe("1\n2\n");
    expect((await of.husk(["logs", name])).stderr).toMatch(
      /\/etc\/passwd.*No such file[^]*\/opt.*No such file/,
    );
    // A file of the host is as it was.
    expect(existsSync("/etc/passwd")).toBe(true);
    await husk(["rm", name]);
  });

  test("start -a is at its output, and ends with its status", async () => {
    const name = newName();
    await husk([
      "create",
      "--name",
      name,
      "-i",
      "host",
      "sh",
      "-c",
      "read line; echo got $line; echo err >&2; exit 4",
    ]);
    const result = await of.husk(["start", "-a", "-i", name], { stdin: "words\n" });
    expect([result.stdout, result.stderr, result.status]).toEqual(["got words\n", "err\n", 4]);
    await husk(["rm", name]);
  });

  test("a program that is not there: status 127, and the container was created", async () => {
    const name = newName();
    const { status, stderr } = await fails(["run", "-d", "--name", name, "host", "no-such-program"]);
    expect([status, stderr]).toEqual([127, expect.stringContaining("no such program")]);
    expect(await state(name)).toBe("created 127");
    expect(await state(name, "{{.State.Error}}")).toContain("no-such-program");
    expect((await fails(["start", name])).stderr).toContain("no such program");
    await husk(["rm", name]);
    expect((await fails(["run", "-d", "host", "/etc"])).status).toBe(126);
    expect((await fails(["run", "-d", "--memory", "1", "host", "true"])).status).toBe(125);
  });

  test("--rm leaves nothing, --cidfile tells the id", async () => {
    const file = temporaryFile("cid");
    const id = await husk(["run", "-d", "--rm", "--cidfile", file, "host", "sleep", "0.1"]);
    expect(readFileSync(file, "utf8")).toBe(id);
    await waitFor("its end", () => !existsSync(join(of.root, "containers", id)));
    expect((await fails(["run", "--cidfile", file, "host", "true"])).stderr).toContain(
      "container ID file found",
    );
    rmSync(file);
    await fails(["run", "--rm", "--cidfile", file, "--name", "-", "host", "true"]);
    expect(existsSync(file)).toBe(false);
  });

  test("several at once: each failure is told, the others are done", async () => {
    const [one, two] = [await begin([], "sleep", "100"), await begin([], "sleep", "100")];
    const { status, stdout, stderr } = await fails(["kill", one, "nothing", two]);
    expect([status, stdout]).toEqual([1, `${one}\n${two}\n`]);
    expect(stderr).toStartWith("husk: No such container: nothing");
    await husk(["rm", "-f", one, two, "nothing"]);
  });

  test("rm refuses what runs, and -f does not", async () => {
    const name = await begin([], "sleep", "100");
    const pid = await pidOf(name);
    expect((await fails(["rm", name])).stderr).toContain(
      `cannot remove container "/${name}": container is running: stop the container before removing or force remove`,
    );
    expect(await husk(["rm", "-f", name])).toBe(name);
    await waitFor("its end", () => !isAlive(pid));
  });
});

describe("stop, kill, restart", () => {
  test("stop asks first, with the signal that was chosen", async () => {
    const name = await begin([], ...patient);
    expect(await husk(["stop", name])).toBe(name);
    expect(await state(name)).toBe("exited 7");
    expect(await husk(["stop", name])).toBe(name);
    const other = await begin(
      ["--stop-signal", "USR1"],
      "sh",
      "-c",
      "trap 'exit 9' USR1; while :; do sleep 0.05; done",
    );
    await husk(["stop", other]);
    expect(await state(other)).toBe("exited 9");
    await husk(["rm", name, other]);
  });

  test("who does not listen is killed after the time, which flags and the container say", async () => {
    const name = await begin(["--stop-timeout", "1"], ...deaf);
    let since = performance.now();
    await husk(["stop", name]);
    expect(performance.now() - since).toBeGreaterThan(900);
    expect(await state(name)).toBe("exited 137");
    await husk(["start", name]);
    since = performance.now();
    await husk(["stop", "-t", "0", name]);
    expect(performance.now() - since).toBeLessThan(5000);
    await husk(["rm", name]);
  });

  test("kill sends any signal, to what runs", async () => {
    const name = await begin([], "sh", "-c", "trap 'exit 5' HUP; while :; do sleep 0.05; done");
    expect(await husk(["kill", "-s", "SIGHUP", name])).toBe(name);
    expect(await husk(["wait", name])).toBe("5");
    expect((await fails(["kill", name])).stderr).toMatch(
      /cannot kill container: container [0-9a-f]{64} is not running/,
    );
    expect((await fails(["kill", "-s", "NONE", name])).stderr).toContain("Invalid signal: NONE");
    await husk(["rm", name]);
  });

  test("restart ends it and starts it", async () => {
    const name = await begin([], ...patient);
    const before = await pidOf(name);
    expect(await husk(["restart", name])).toBe(name);
    expect(await state(name)).toBe("running 0");
    expect(await pidOf(name)).not.toBe(before);
    await husk(["rm", "-f", name]);
  });

  test("a detached container needs nobody: not husk, its terminal, or its session", async () => {
    const name = newName();
    const terminal = openTerminal([huskPath, "run", "-d", "--name", name, "host", "sleep", "100"], { env });
    expect(await terminal.exit()).toBe(0);
    terminal.hangUp();
    expect(await state(name)).toBe("running 0");
    const keeper = keeperOf(await pidOf(name));
    const fields = readFileSync(`/proc/${keeper}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
    expect([fields[2] !== undefined, fields[3]]).toEqual([true, String(keeper)]);
    await husk(["rm", "-f", name]);
  });

  test("ctrl-p ctrl-q leaves it alone", async () => {
    const name = newName();
    const terminal = openTerminal([huskPath, "run", "-it", "--name", name, "host", "cat"], { env });
    terminal.type("one\r");
    await terminal.shows("one\r\none");
    terminal.type("\x10\x11");
    expect(await terminal.exit()).toBe(0);
    terminal.close();
    expect(await state(name)).toBe("running 0");
    await husk(["rm", "-f", name]);
  });
});

describe("restart policies", () => {
  test("on-failure:N tries so often, and counts", async () => {
    const name = await begin(["--restart", "on-failure:2"], "sh", "-c", "echo run; exit 3");
    await waitFor(
      "three runs",
      async () => (await of.husk(["logs", name])).stdout === "run\nrun\nrun\n",
      20_000,
    );
    await becomes(name, "exited 3");
    await Bun.sleep(500);
    expect((await of.husk(["logs", name])).stdout).toBe("run\nrun\nrun\n");
    expect(await state(name, "{{.RestartCount}}")).toBe("2");
    const well = await begin(["--restart", "on-failure"], "sh", "-c", "echo run");
    await becomes(well, "exited 0");
    expect((await of.husk(["logs", well])).stdout).toBe("run\n");
    await husk(["rm", name, well]);
  });

  test("always goes on until somebody stops it, also while it waits", async () => {
    const name = await begin(["--restart", "always"], "sh", "-c", "echo run");
    await waitFor("runs", async () => (await of.husk(["logs", name])).stdout.split("\n").length > 3, 20_000);
    await husk(["stop", name]);
    const { stdout } = await of.husk(["logs", name]);
    await Bun.sleep(1000);
    expect((await of.husk(["logs", name])).stdout).toBe(stdout);
    expect(await state(name, "{{.State.Status}}")).toBe("exited");
    await husk(["rm", name]);
  });

  test("a killed keeper: 137, keeper lost; the policy starts it again", async () => {
    const alone = await begin([], "sleep", "100");
    const kept = await begin(["--restart", "unless-stopped"], "sleep", "100");
    const pids = [await pidOf(alone), await pidOf(kept)];
    for (const pid of pids) process.kill(keeperOf(pid), "SIGKILL");
    await waitFor("their end", () => pids.every((pid) => !isAlive(pid)));
    expect(await state(alone)).toBe("exited 137");
    expect(await state(alone, "{{.State.Error}}")).toBe("keeper lost");
    await waitFor("the restart", async () => (await state(kept)) === "running 0", 20_000);
    expect(await pidOf(kept)).not.toBe(pids[1]);
    await husk(["rm", "-f", alone, kept]);
  });

  test("after a reboot: exited, and start --all starts what its policy wants", async () => {
    const at = another();
    for (const [name, policy] of [
      ["plain", "no"],
      ["forever", "always"],
      ["usually", "unless-stopped"],
      ["stopped", "unless-stopped"],
      ["failed", "on-failure"],
    ] as const)
      await husk(["run", "-d", "--name", name, "--restart", policy, "host", "sleep", "100"], at);
    await husk(["stop", "-t", "0", "stopped"], at);
    // What a reboot does: every process is killed, and control groups and $run are empty.
    const groups = readdirSync(join(at.run, "containers"))
      .filter((file) => file.endsWith(".json"))
      .flatMap(
        (file) => JSON.parse(readFileSync(join(at.run, "containers", file), "utf8")).cgroups?.groups ?? [],
      );
    for (const name of ["plain", "forever", "usually", "failed"]) {
      const pid = await pidOf(name, at);
      process.kill(keeperOf(pid), "SIGKILL");
      await waitFor("its end", () => !isAlive(pid));
    }
    for (const group of groups) rmdirSync(group);
    for (const entry of readdirSync(at.run)) rmSync(join(at.run, entry), { recursive: true });
    expect(await state("plain", "{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}", at)).toBe(
      "exited 137 the machine was restarted",
    );
    const started = (await husk(["start", "--all"], at)).split("\n").toSorted();
    expect(started).toEqual(["failed", "forever", "usually"]);
    expect((await husk(["ps", "--format", "{{.Names}}"], at)).split("\n").toSorted()).toEqual(started);
    expect(await husk(["start", "--all"], at)).toBe("");
  });

  test("system unit is one of systemd's that does so", async () => {
    const unit = await husk(["system", "unit"]);
    expect(unit).toContain(`ExecStart=${huskPath} --root ${of.root} --run ${of.run} start --all\n`);
    expect(unit).toContain("[Install]\nWantedBy=");
  });
});

describe("changing", () => {
  test("rename: the old name is free, the new one finds it, running or not", async () => {
    const name = await begin([], "sleep", "100");
    await husk(["rename", name, `${name}-new`]);
    expect(await state(`${name}-new`)).toBe("running 0");
    expect((await fails(["stop", name])).stderr).toContain("No such container");
    await husk(["create", "--name", name, "host", "true"]);
    expect((await fails(["rename", name, `${name}-new`])).stderr).toContain("is in use by container");
    expect((await fails(["rename", name, name])).stderr).toContain("same name");
    expect((await fails(["rename", name, "a/b"])).stderr).toContain("not a usable name");
    await husk(["rm", "-f", name, `${name}-new`]);
  });

  needs({ root: true, controller: "freezer" })("pause stops it, and unpause lets it go on", async () => {
    const name = await begin([], "sh", "-c", "while :; do date +%N; sleep 0.02; done");
    const written = async (): Promise<number> => (await of.husk(["logs", name])).stdout.length;
    expect(await husk(["pause", name])).toBe(name);
    expect(await state(name)).toBe("paused 0");
    const before = await written();
    await Bun.sleep(200);
    expect(await written()).toBe(before);
    expect((await fails(["pause", name])).stderr).toContain("is already paused");
    expect((await fails(["start", name])).stderr).toContain("cannot start a paused container");
    expect((await fails(["rm", name])).stderr).toContain("must be unpaused first");
    await husk(["unpause", name]);
    await waitFor("more", async () => (await written()) > before);
    expect((await fails(["unpause", name])).stderr).toContain("is not paused");
    await husk(["pause", name]);
    await husk(["stop", "-t", "1", name]);
    expect(await state(name, "{{.State.Status}}")).toBe("exited");
    await husk(["start", name]);
    await husk(["pause", name]);
    await husk(["rm", "-f", name]);
  });

  needs({ root: true, controller: ["memory", "pids"] })(
    "update changes live groups, and later starts",
    async () => {
      const name = await begin(["-m", "100m"], "sleep", "100");
      const limits = async (): Promise<string[]> => {
        const pid = await pidOf(name);
        return [
          groupFile(pid, "memory", "memory.limit_in_bytes", "memory.max"),
          groupFile(pid, "pids", "pids.max"),
        ];
      };
      expect(await husk(["update", "-m", "200m", "--pids-limit", "33", name])).toBe(name);
      expect(await limits()).toEqual(["209715200", "33"]);
      await husk(["restart", "-t", "0", name]);
      expect(await limits()).toEqual(["209715200", "33"]);
      expect((await fails(["update", "-m", "1m", name])).stderr).toContain("memory limit");
      expect(await limits()).toEqual(["209715200", "33"]);
      expect((await fails(["update", name])).stderr).toContain("you must provide one or more flags");
      await husk(["rm", "-f", name]);
    },
  );

  test("update of a stopped container counts at its next start", async () => {
    const name = newName();
    await husk(["create", "--name", name, "host", "true"]);
    await husk(["update", "--restart", "on-failure:4", name]);
    expect(
      await state(name, "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}"),
    ).toBe("on-failure 4");
    await husk(["rm", name]);
  });

  test("prune removes what does not run, and matches filters", async () => {
    const at = another();
    await husk(["run", "-d", "--name", "alive", "host", "sleep", "100"], at);
    for (const [name, label] of [
      ["one", "keep=yes"],
      ["two", "keep=no"],
      ["three", "keep=no"],
    ] as const)
      await husk(["create", "--name", name, "-l", label, "host", "true"], at);
    expect(await husk(["container", "prune", "-f", "--filter", "until=1h"], at)).toBe(
      "Total reclaimed space: 0B",
    );
    const output = await husk(["container", "prune", "-f", "--filter", "label=keep=no"], at);
    expect(output).toMatch(/^Deleted Containers:\n[0-9a-f]{64}\n[0-9a-f]{64}\n\nTotal reclaimed space: /);
    expect((await husk(["ps", "-a", "--format", "{{.Names}}"], at)).split("\n").toSorted()).toEqual([
      "alive",
      "one",
    ]);
    const asked = await at.husk(["container", "prune"], { stdin: "n\n" });
    expect(asked.stdout).toContain("WARNING! This will remove all stopped containers.");
    expect((await husk(["ps", "-aq"], at)).split("\n").length).toBe(2);
  });
});

describe("health", () => {
  test("checks make it healthy, then unhealthy, and are written down", async () => {
    const name = await begin(
      [
        "--health-cmd",
        "echo checked; test ! -e /tmp/sick",
        "--health-interval",
        "200ms",
        "--health-retries",
        "2",
      ],
      "sleep",
      "100",
    );
    const health = (): Promise<string> => state(name, "{{.State.Health.Status}}");
    await waitFor("healthy", async () => (await health()) === "healthy", 20_000);
    expect(
      await state(name, "{{(index .State.Health.Log 0).ExitCode}} {{(index .State.Health.Log 0).Output}}"),
    ).toBe("0 checked");
    await husk(["exec", name, "touch", "/tmp/sick"]);
    await waitFor("unhealthy", async () => (await health()) === "unhealthy", 20_000);
    const seen = await husk([
      "events",
      "--since",
      "1m",
      "--until",
      "0s",
      "-f",
      `container=${name}`,
      "-f",
      "event=health_status",
    ]);
    expect(seen.split("\n").map((line) => /health_status: (\w+)/.exec(line)?.[1])).toEqual([
      "healthy",
      "unhealthy",
    ]);
    await husk(["rm", "-f", name]);
  });

  test("a check that takes too long, or cannot be run, is a failure", async () => {
    const name = await begin(
      [
        "--health-cmd",
        "sleep 100",
        "--health-interval",
        "100ms",
        "--health-timeout",
        "300ms",
        "--health-retries",
        "1",
      ],
      "sleep",
      "100",
    );
    await waitFor(
      "unhealthy",
      async () => (await state(name, "{{.State.Health.Status}}")) === "unhealthy",
      20_000,
    );
    expect(await state(name, "{{(index .State.Health.Log 0).Output}}")).toContain(
      "Health check exceeded timeout",
    );
    await husk(["rm", "-f", name]);
  });
});

describe("events", () => {
  test("tell what happened, in docker's words, and end with --until", async () => {
    const name = await begin(["-l", "colour=red"], "sleep", "100");
    await husk(["kill", name]);
    await husk(["wait", name]);
    await husk(["rename", name, `${name}-b`]);
    await husk(["rm", `${name}-b`]);
    const actions = async (...filters: string[]): Promise<string[]> => {
      const flags = filters.flatMap((filter) => ["-f", filter]);
      const text = await husk([
        "events",
        "--since",
        "5m",
        "--until",
        "0s",
        "--format",
        "{{.Action}}",
        ...flags,
      ]);
      return text.split("\n");
    };
    expect(await actions("label=colour=red")).toEqual([
      "create",
      "start",
      "kill",
      "die",
      "rename",
      "destroy",
    ]);
    expect(await actions("label=colour=red", "event=die", "event=kill", "type=container")).toEqual([
      "kill",
      "die",
    ]);
    const json = await husk([
      "events",
      "--since",
      "5m",
      "--until",
      "0s",
      "--format",
      "json",
      "-f",
      "label=colour=red",
      "-f",
      "event=die",
    ]);
    expect(JSON.parse(json)).toMatchObject({
      status: "die",
      Type: "container",
      Action: "die",
      Actor: { Attributes: { exitCode: "137", image: "host", name, colour: "red" } },
      scope: "local",
    });
    expect(
      await husk([
        "events",
        "--since",
        "5m",
        "--until",
        "0s",
        "-f",
        "label=colour=red",
        "-f",
        "event=create",
      ]),
    ).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}[+-]\d\d:\d\d container create [0-9a-f]{64} \(colour=red, image=host, name=[^)]*\)$/,
    );
  });

  test("are seen as they happen", async () => {
    const watching = of.start(["events", "--format", "{{.Action}} {{.Actor.Attributes.name}}"]);
    await Bun.sleep(300);
    const name = await begin(["--rm"], "true");
    await waitFor("destroy", () => watching.stdout().includes(`destroy ${name}`));
    expect(
      watching
        .stdout()
        .match(new RegExp(`\\w+ ${name}`, "g"))
        ?.map((line) => line.split(" ")[0]),
    ).toEqual(["create", "start", "die", "destroy"]);
    watching.kill("SIGKILL");
    await watching.result;
  });
});

test("docker's long names: husk container X is husk X", async () => {
  const name = await begin([], "sleep", "100");
  expect(await husk(["container", "ls", "--format", "{{.Names}}", "-f", `name=${name}`])).toBe(name);
  expect(await husk(["container", "stop", "-t", "0", name])).toBe(name);
  expect(await husk(["container", "rm", name])).toBe(name);
  expect((await fails(["container", "strat", name])).stderr).toContain("did you mean husk container start?");
});

test("a container of a newer husk is refused, and hides no other", async () => {
  const at = another();
  const id = await husk(["create", "--name", "newer", "host", "true"], at);
  await husk(["create", "--name", "usual", "host", "true"], at);
  const file = join(at.root, "containers", id, "container.json");
  writeFileSync(file, readFileSync(file, "utf8").replace('"format":1', '"format":99'));
  expect((await fails(["start", "newer"], at)).stderr).toContain("unknown format 99");
  const { stdout, stderr } = await at.husk(["ps", "-a", "--format", "{{.Names}}"]);
  expect([stdout, stderr]).toEqual(["usual\n", expect.stringContaining("unknown format 99")]);
  writeFileSync(file, readFileSync(file, "utf8").replace('"format":99', '"format":1'));
});
