// A container's life from the command line: create, start, stop, kill, rename, remove, and what of it stays.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { signalContainer } from "../src/platform/keeper-socket.ts";
import { groupFile } from "./harness/control-group.ts";
import { huskPath, isAlive, needs, openTerminal, temporaryFile, waitFor } from "./harness/index.ts";
import {
  another,
  begin,
  env,
  fails,
  hears,
  husk,
  keeperOf,
  newName,
  of,
  pidOf,
  state,
  removeContainers,
} from "./life-engine.ts";

setDefaultTimeout(120_000);
afterAll(removeContainers);

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
      expect.stringContaining(
        `the container name "${name}" is already in use by container ${id.slice(0, 12)}`,
      ),
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

  test("a first start that was killed half the way is begun anew", async () => {
    for (let round = 0; round < 10; round++) {
      const id = await husk(["create", "host", "true"]);
      const socket = join(of.run, "containers", `${id}.sock`);
      const starting = of.start(["start", id]);
      // As soon as its keeper listens, while its root file system is made.
      for (const end = performance.now() + 5000; !existsSync(socket) && performance.now() < end; );
      await signalContainer(socket, 9).catch(() => {});
      await starting.result;
      // It may have been made already, and killed as it ran.
      await waitFor("its end", async () => !(await state(id)).startsWith("running"));
      await husk(["start", id]);
      expect(await husk(["wait", id])).toBe("0");
      await husk(["rm", id]);
    }
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
    const removed = await of.husk(["rm", "-f", one, two, "nothing"]);
    expect([removed.status, removed.stdout]).toEqual([0, `${one}\n${two}\n`]);
    expect(removed.stderr).toStartWith("husk: No such container: nothing");
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
    await hears(name, "SIGTERM");
    expect(await husk(["stop", name])).toBe(name);
    expect(await state(name)).toBe("exited 7");
    expect(await husk(["stop", name])).toBe(name);
    const other = await begin(
      ["--stop-signal", "USR1"],
      "sh",
      "-c",
      "trap 'exit 9' USR1; while :; do sleep 0.05; done",
    );
    await hears(other, "SIGUSR1");
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

  test("a time that is longer than timers go is no time at all", async () => {
    const name = await begin([], "sh", "-c", "trap 'sleep 0.3; exit 7' TERM; while :; do sleep 0.05; done");
    await hears(name, "SIGTERM");
    await husk(["stop", "-t", "3000000", name]);
    expect(await state(name)).toBe("exited 7");
    const { status, stderr } = await fails(["run", "--rm", "--timeout", "1200h", "host", "true"]);
    expect([status, stderr]).toEqual([
      125,
      expect.stringContaining("a time limit of 1200 hours is too long"),
    ]);
    await husk(["rm", name]);
  });

  test("kill sends any signal, to what runs", async () => {
    const name = await begin([], "sh", "-c", "trap 'exit 5' HUP; while :; do sleep 0.05; done");
    await hears(name, "SIGHUP");
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
    await hears(name, "SIGTERM");
    const before = await pidOf(name);
    expect(await husk(["restart", name])).toBe(name);
    expect(await state(name)).toBe("running 0");
    expect(await pidOf(name)).not.toBe(before);
    await husk(["rm", "-f", name]);
  });

  test("restart of one with --rm ends it for nobody: it goes when it ends by itself", async () => {
    const name = await begin(["--rm"], ...patient);
    const folder = join(of.root, "containers", await state(name, "{{.Id}}"));
    for (let round = 0; round < 2; round++) {
      await hears(name, "SIGTERM");
      const before = await pidOf(name);
      expect(await husk(["restart", name])).toBe(name);
      expect(await state(name)).toBe("running 0");
      expect(await pidOf(name)).not.toBe(before);
    }
    await hears(name, "SIGTERM");
    await husk(["stop", name]);
    await waitFor("its removal", () => !existsSync(folder));
  });

  test("stop --all ends what runs, and start --all starts it again", async () => {
    const at = another();
    await husk(["run", "-d", "--name", "usual", "--restart", "unless-stopped", "host", ...patient], at);
    await husk(["run", "-d", "--name", "plain", "host", ...patient], at);
    for (const name of ["plain", "usual"]) await hears(name, "SIGTERM", at);
    expect((await husk(["stop", "--all"], at)).split("\n").toSorted()).toEqual(["plain", "usual"]);
    for (const name of ["plain", "usual"]) expect(await state(name, undefined, at)).toBe("exited 7");
    expect(await husk(["stop", "--all"], at)).toBe("");
    expect(await husk(["start", "--all"], at)).toBe("usual");
    expect((await fails(["stop", "--all", "usual"], at)).stderr).toContain("--all and none");
    expect((await fails(["stop"], at)).stderr).toContain("at least 1 argument");
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

describe("changing", () => {
  test("rename: the old name is free, the new one finds it, running or not", async () => {
    const name = await begin([], "sleep", "100");
    await husk(["rename", name, `${name}-new`]);
    expect(await state(`${name}-new`)).toBe("running 0");
    expect((await fails(["stop", name])).stderr).toContain("No such container");
    await husk(["create", "--name", name, "host", "true"]);
    expect((await fails(["rename", name, `${name}-new`])).stderr).toContain("is already in use by container");
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

  test("update of the restart policy counts at once", async () => {
    const name = await begin([], "sleep", "1000");
    await husk(["update", "--restart", "always", name]);
    let pid = await pidOf(name);
    process.kill(pid, "SIGKILL");
    const again = async (): Promise<number | false> => {
      const now = await pidOf(name);
      return now !== 0 && now !== pid && now;
    };
    pid = await waitFor("the restart", again);
    await husk(["update", "--restart", "no", name]);
    process.kill(pid, "SIGKILL");
    await waitFor("its end", async () => (await state(name)) === "exited 137");
    await Bun.sleep(300);
    expect(await state(name)).toBe("exited 137");
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
