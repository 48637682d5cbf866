// Programs that enter a container which runs already: husk exec, and container.exec() of the library.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openEngine } from "../src/index.ts";
import {
  descendants,
  engine,
  huskPath,
  isAlive,
  isRoot,
  needs,
  openTerminal,
  processStatus,
  repository,
  waitFor,
} from "./harness/index.ts";

const { root, run: runFolder, husk, start } = engine();
const env = { HUSK_ROOT: root, HUSK_RUN: runFolder };

beforeAll(async () => {
  const flags = ["--name", "box", "-e", "GIVEN=yes", "-w", "/tmp", "--hostname", "inside"];
  const { status, stderr } = await husk(["run", "-d", ...flags, "host", "sleep", "1000"]);
  expect([status, stderr]).toEqual([0, ""]);
});
afterAll(async () => {
  await husk(["rm", "-f", "box"]);
});

const inBox = (...words: string[]) => husk(["exec", "box", ...words]);
const pidOf = async (name: string) =>
  Number((await husk(["inspect", "-f", "{{.State.Pid}}", name])).stdout.trim());

describe("a program that enters", () => {
  test("has its own streams and its exit status", async () => {
    const { status, stdout, stderr } = await inBox("sh", "-c", "echo out; echo err >&2; exit 7");
    expect([status, stdout, stderr]).toEqual([7, "out\n", "err\n"]);
    expect((await inBox("sh", "-c", "kill -9 $$")).status).toBe(137);
  });

  test("reads input with -i only", async () => {
    expect((await husk(["exec", "-i", "box", "cat"], { stdin: "typed" })).stdout).toBe("typed");
    expect((await husk(["exec", "box", "cat"], { stdin: "typed" })).stdout).toBe("");
    const binary = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 31) % 256);
    const { stdout } = await husk(["exec", "-i", "box", "sh", "-c", "cksum"], { stdin: binary });
    expect(stdout).toEndWith(" 1000000\n");
  });

  test("is in every namespace and group of the container, with its rights and filter", async () => {
    const pid = await pidOf("box");
    const { stdout } = await inBox(
      "sh",
      "-c",
      "for n in cgroup ipc mnt net pid user uts; do readlink /proc/1/ns/$n /proc/self/ns/$n; done; hostname",
    );
    const links = stdout.trim().split("\n");
    expect(links.pop()).toBe("inside");
    for (let i = 0; i < links.length; i += 2) expect(links[i]).toBe(links[i + 1] as string);
    const status = await inBox("cat", "/proc/self/status");
    for (const field of ["CapEff", "CapBnd", "CapPrm", "Seccomp", "NoNewPrivs"])
      expect(status.stdout).toContain(`${field}:\t${processStatus(pid, field)}\n`);
    expect((await inBox("cat", "/proc/self/cgroup")).stdout).toBe(
      (await inBox("cat", "/proc/1/cgroup")).stdout,
    );
  });

  test("has the container's environment and folder, unless told otherwise", async () => {
    expect((await inBox("sh", "-c", 'echo "$GIVEN $PWD"')).stdout).toBe("yes /tmp\n");
    const { stdout } = await husk(
      ["exec", "-w", "/usr", "-e", "GIVEN=no", "-e", "OWN", "box", "sh", "-c", 'echo "$GIVEN $OWN $PWD"'],
      {
        env: { OWN: "mine" },
      },
    );
    expect(stdout).toBe("no mine /usr\n");
  });

  needs({ root: true })("another user has neither capabilities nor root's home", async () => {
    const { stdout } = await husk([
      ...["exec", "-u", "nobody", "box", "sh", "-c"],
      'id -u; id -G; echo "$HOME"; grep -e CapEff -e CapBnd /proc/self/status',
    ]);
    expect(stdout).toStartWith(
      "65534\n65534\n/nonexistent\nCapEff:\t0000000000000000\nCapBnd:\t00000000a80405fb\n",
    );
    expect((await husk(["exec", "-u", "1234:567", "box", "id"])).stdout).toBe(
      "uid=1234 gid=567 groups=567\n",
    );
    const unknown = await husk(["exec", "-u", "nobody-else", "box", "id"]);
    expect(unknown.stderr).toStartWith('husk: no user "nobody-else" in the container\'s /etc/passwd');
  });

  needs({ root: true })("--privileged gives what husk has, and keeps the filter", async () => {
    const { stdout } = await husk(["exec", "--privileged", "box", "cat", "/proc/self/status"]);
    expect(stdout).toContain(`CapEff:\t${processStatus(process.pid, "CapBnd")}\n`);
    expect(stdout).toContain("Seccomp:\t2\n");
  });

  needs({ root: true, controller: "pids" })("counts against the container's limits", async () => {
    await husk(["run", "-d", "--name", "small", "--pids-limit", "4", "host", "sleep", "1000"]);
    const { stderr } = await husk(["exec", "small", "sh", "-c", "sleep 5 & sleep 5 & sleep 5 & sleep 5 &"]);
    expect(stderr).toContain("Cannot fork");
    await husk(["rm", "-f", "small"]);
  });

  test("that cannot be executed: 127 and 126", async () => {
    const missing = await inBox("no-such-program");
    expect([missing.status, missing.stdout]).toEqual([127, ""]);
    expect(missing.stderr).toStartWith("husk: cannot run no-such-program in ");
    expect((await inBox("/etc/passwd")).status).toBe(126);
    expect((await husk(["exec", "-d", "box", "no-such-program"])).status).toBe(127);
  });
});

describe("a terminal", () => {
  test("of its own, raw outside, with the size and status passed on", async () => {
    const terminal = openTerminal([huskPath, "exec", "-it", "box", "sh"], {
      env: { ...env, PS1: "> " },
      columns: 91,
      rows: 33,
    });
    await waitFor("raw mode", terminal.isRaw);
    terminal.type("tty; stty size; echo $TERM\r");
    await terminal.shows("/dev/pts/");
    await terminal.shows("33 91\r\nxterm\r\n");
    terminal.resize(70, 20);
    await waitFor("the new size", () => {
      terminal.type("stty size\r");
      return terminal.output().includes("20 70");
    });
    terminal.type("exit 5\r");
    expect(await terminal.exit()).toBe(5);
    expect(terminal.isRaw()).toBe(false);
  });

  test("ctrl-p ctrl-q leaves the program alone", async () => {
    const terminal = openTerminal(
      [huskPath, "exec", "-it", "box", "sh", "-c", "echo ready; exec sleep 987"],
      { env },
    );
    await terminal.shows("ready");
    terminal.type("\x10\x11");
    expect(await terminal.exit()).toBe(0);
    expect((await husk(["top", "box", "-eo", "pid,args"])).stdout).toContain("sleep 987");
    await inBox("sh", "-c", "kill $(ps -eo pid,args | awk '/sleep 987/{print $1}')");
  });

  test("-it without a terminal is refused", async () => {
    const { status, stderr } = await husk(["exec", "-it", "box", "true"]);
    expect([status, stderr.split(" — ")[0]]).toEqual([1, "husk: the input device is not a TTY"]);
  });
});

describe("its life", () => {
  test("-d: the program goes on by itself", async () => {
    expect((await husk(["exec", "-d", "box", "sleep", "654"])).stdout).toBe("");
    expect((await husk(["exec", "-d", "-t", "box", "sh", "-c", "tty > /tmp/tty; sleep 655"])).status).toBe(0);
    await waitFor("its terminal", async () =>
      (await inBox("cat", "/tmp/tty")).stdout.startsWith("/dev/pts/"),
    );
    const { stdout } = await husk(["top", "box", "-eo", "pid,args"]);
    expect(stdout).toContain("sleep 654");
    await inBox("sh", "-c", "kill $(ps -eo pid,args | awk '/sleep 65[45]/{print $1}')");
  });

  test("signals of husk reach the program, which ends with husk", async () => {
    const trapped = start([
      "exec",
      "box",
      "sh",
      "-c",
      "trap 'echo got; exit 3' TERM; echo ready; while :; do sleep 0.05; done",
    ]);
    await waitFor("the program", () => trapped.stdout() === "ready\n");
    trapped.kill("SIGTERM");
    const { status, stdout } = await trapped.result;
    expect([status, stdout]).toEqual([3, "ready\ngot\n"]);
    const killed = start(["exec", "box", "sh", "-c", "echo ready; exec sleep 1000"]);
    await waitFor("the program", () => killed.stdout() === "ready\n");
    const pids = descendants(killed.pid).map(({ pid }) => pid);
    killed.kill("SIGKILL");
    await killed.result;
    await waitFor("their end", () => !pids.some(isAlive));
  });

  test("a container that does not run is refused in docker's words", async () => {
    await husk(["create", "--name", "asleep", "host", "true"]);
    const stopped = await husk(["exec", "asleep", "true"]);
    expect(stopped.stderr).toStartWith("husk: container asleep is not running");
    expect((await husk(["exec", "nobody", "true"])).stderr).toStartWith("husk: No such container: nobody");
    await husk(["rm", "asleep"]);
    if (!isRoot) return;
    await husk(["pause", "box"]);
    const paused = await husk(["exec", "box", "true"]);
    await husk(["unpause", "box"]);
    expect(paused.stderr).toStartWith("husk: container box is paused, unpause the container before exec");
  });

  test("many at once", async () => {
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, i) => inBox("sh", "-c", `echo ${i}; exit ${i}`)),
    );
    expect(results.map(({ status, stdout }) => [status, stdout])).toEqual(
      Array.from({ length: 12 }, (_, i) => [i, `${i}\n`]),
    );
  });
});

test("from the library: output, input, another user, a signal", async () => {
  const opened = await openEngine({
    root,
    run: runFolder,
    keeper: join(repository, "dist/keeper"),
    husk: [huskPath],
  });
  const container = opened.containers.get("box");
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const { exitCode, stdout, stderr } = await container.exec(["sh", "-c", "cat; echo err >&2; exit 4"], {
    stdin: "in",
  });
  expect([exitCode, text(stdout), text(stderr)]).toEqual([4, "in", "err\n"]);
  const aborted = container.exec(["sleep", "100"], { signal: AbortSignal.timeout(200) });
  expect(await aborted.catch((error: Error) => error.name)).toBe("TimeoutError");
  const missing = container.exec(["no-such-program"]);
  expect(await missing.catch((error: { code: string }) => error.code)).toBe("command-not-found");
  const program = await container.spawn(["cat"], { interactive: true });
  const writer = program.stdin?.getWriter();
  await writer?.write(new TextEncoder().encode("piped"));
  await writer?.close();
  expect(await new Response(program.stdout).text()).toBe("piped");
  expect(await program.ended).toEqual({ exitCode: 0, signal: 0 });
  const { titles, rows } = await container.top(["-eo", "pid,args"]);
  expect([titles, rows.some(([, args]) => args === "sleep 1000")]).toEqual([["PID", "COMMAND"], true]);
});
