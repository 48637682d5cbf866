// Looking at containers: husk ps, inspect, top, stats, port.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openEngine } from "../src/index.ts";
import {
  engine,
  huskPath,
  isRoot,
  needs,
  openTerminal,
  procFile,
  repository,
  waitFor,
} from "./harness/index.ts";

const { root, run: runFolder, husk } = engine();
const env = { HUSK_ROOT: root, HUSK_RUN: runFolder };
const ids: Record<string, string> = {};
/** An ordinary user may have no control groups: then there are neither limits nor counts. */
const limits = isRoot ? ["-m", "200m", "--cpus", "0.2"] : [];

beforeAll(async () => {
  const begin = async (name: string, flags: string[], ...command: string[]): Promise<void> => {
    const { status, stdout, stderr } = await husk([
      "run",
      "-d",
      "--name",
      name,
      ...flags,
      "host",
      ...command,
    ]);
    expect([status, stderr]).toEqual([0, ""]);
    ids[name] = stdout.trim();
  };
  await begin("ended", ["-l", "kind=short"], "sh", "-c", "echo written > /file; exit 3");
  await husk(["wait", "ended"]);
  await begin("web", ["-l", "kind=long", "-l", "stage", ...limits], "sleep", "1000");
  await begin("busy", ["-v", "/usr:/mnt:ro"], "sh", "-c", "while :; do :; done");
  await husk(["create", "--name", "fresh", "host", "true"]);
});
afterAll(async () => {
  await husk(["rm", "-f", "ended", "web", "busy", "fresh"]);
});

describe("ps", () => {
  test("shows docker's table of those that run", async () => {
    const { status, stdout } = await husk(["ps"]);
    const [head, first, second, ...rest] = stdout.split("\n");
    expect(status).toBe(0);
    expect(head).toMatch(/^CONTAINER ID {3}IMAGE {5}COMMAND {18}CREATED +STATUS +PORTS {5}NAMES$/);
    expect(first).toMatch(
      /^[0-9a-f]{12} {3}host {6}"sh -c 'while :; do …" {3}(Less than a|\d+) seconds? ago +Up (Less than a|\d+) seconds? +busy$/,
    );
    expect(second).toEndWith("web");
    expect(rest).toEqual([""]);
  });

  test("who named no program runs a shell, and it says so", async () => {
    const id = (await husk(["create", "host"])).stdout.trim();
    expect((await husk(["ps", "-l", "--format", "{{.Command}}"])).stdout).toBe('"sh"\n');
    expect((await husk(["inspect", "-f", "{{.Path}} {{.Args}}", id])).stdout).toBe("sh []\n");
    await husk(["rm", id]);
  });

  test("-a shows all, the newest first, with what became of them", async () => {
    const { stdout } = await husk(["ps", "-a", "--format", "{{.Names}} {{.State}} {{.Status}}"]);
    expect(stdout.replaceAll(/(Less than a|\d+) seconds?/g, "N seconds").split("\n")).toEqual([
      "fresh created Created",
      "busy running Up N seconds",
      "web running Up N seconds",
      "ended exited Exited (3) N seconds ago",
      "",
    ]);
  });

  test("-q, --no-trunc, -n, -l, -s", async () => {
    expect((await husk(["ps", "-q"])).stdout).toBe(
      `${ids["busy"]?.slice(0, 12)}\n${ids["web"]?.slice(0, 12)}\n`,
    );
    expect((await husk(["ps", "-q", "--no-trunc", "-f", "name=web"])).stdout).toBe(`${ids["web"]}\n`);
    expect((await husk(["ps", "-n", "2", "--format", "{{.Names}}"])).stdout).toBe("fresh\nbusy\n");
    expect((await husk(["ps", "-l", "--format", "{{.Names}}"])).stdout).toBe("fresh\n");
    expect((await husk(["ps", "-as", "-f", "name=ended", "--format", "{{.Size}}"])).stdout).toMatch(/^\d.*B/);
  });

  test("JSON and labels", async () => {
    const { stdout } = await husk(["ps", "-f", "name=web", "--format", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      Command: '"sleep 1000"',
      ID: ids["web"]?.slice(0, 12),
      Image: "host",
      Labels: "kind=long,stage=",
      LocalVolumes: "0",
      Names: "web",
      Networks: "none",
      State: "running",
    });
    expect((await husk(["ps", "-f", "name=web", "--format", '{{.Label "kind"}}'])).stdout).toBe("long\n");
    expect((await husk(["ps", "-f", "name=busy", "--format", "{{.Mounts}}"])).stdout).toBe("/usr\n");
  });

  test.each([
    [["name=we"], "web"],
    [["name=^/?eb$"], ""],
    [["label=kind"], "web,ended"],
    [["label=kind=long", "label=stage"], "web"],
    [["label=kind=short"], "ended"],
    [["status=exited"], "ended"],
    [["status=created", "status=exited"], "fresh,ended"],
    [["exited=3"], "ended"],
    [["exited=0"], ""],
    [["before=web"], "ended"],
    [["since=web"], "fresh,busy"],
    [["volume=/mnt"], "busy"],
    [["volume=/usr"], "busy"],
    [["ancestor=host", "name=web"], "web"],
    [["ancestor=debian"], ""],
    [["health=none", "name=web"], "web"],
    [["network=none", "name=web"], "web"],
  ] as [string[], string][])("filters %j", async (filters, names) => {
    const flags = filters.flatMap((filter) => ["-f", filter]);
    const { stdout } = await husk(["ps", "-a", ...flags, "--format", "{{.Names}}"]);
    expect(stdout.trim().split("\n").join(",")).toBe(names);
  });

  test.each([
    [["-f", "color=red"], "husk: invalid filter 'color'"],
    [["-f", "status=sleepy"], 'husk: invalid value "status=sleepy" for --filter'],
    [["-f", "exited=x"], 'husk: invalid value "exited=x" for --filter'],
    [["-f", "name=nobody", "-f", "publish=x"], 'husk: invalid value "publish=x" for --filter'],
    [["-f", "since=nobody"], "husk: No such container: nobody"],
    [["all"], 'husk: "husk ps" accepts no arguments'],
    [["--format", "{{.Nothing}}"], "husk: "],
  ] as [string[], string][])("refuses %j", async (words, message) => {
    const { status, stderr, stdout } = await husk(["ps", "-a", ...words]);
    expect([status === 0, stdout]).toEqual([false, ""]);
    expect(stderr).toStartWith(message);
  });
});

describe("inspect", () => {
  test("has docker's fields, and they are true", async () => {
    const [web] = JSON.parse((await husk(["inspect", "web"])).stdout);
    expect(web).toMatchObject({
      Id: ids["web"],
      Name: "/web",
      Path: "sleep",
      Args: ["1000"],
      State: { Status: "running", Running: true, Paused: false, ExitCode: 0, OOMKilled: false },
      Config: { Labels: { kind: "long", stage: "" }, Cmd: ["sleep", "1000"], Tty: false },
      HostConfig: {
        ...(isRoot ? { Memory: 209_715_200, NanoCpus: 200_000_000 } : {}),
        RestartPolicy: { Name: "no" },
      },
    });
    expect(procFile(web.State.Pid, "cmdline")).toBe("sleep\u00001000\u0000");
    expect(Math.abs(Date.parse(web.State.StartedAt) - Date.now())).toBeLessThan(120_000);
    const [ended] = JSON.parse((await husk(["inspect", "-s", "ended"])).stdout);
    expect(ended.State).toMatchObject({ Status: "exited", Running: false, Pid: 0, ExitCode: 3 });
    // It may have run for less than a millisecond.
    const nanoseconds = (time: string): bigint =>
      BigInt(Date.parse(time.replace(/\.\d+/, ""))) * 1_000_000n +
      BigInt((/\.(\d+)/.exec(time)?.[1] ?? "").padEnd(9, "0"));
    expect(nanoseconds(ended.State.FinishedAt)).toBeGreaterThan(nanoseconds(ended.State.StartedAt));
    expect(ended.SizeRw).toBeGreaterThan(0);
  });

  test("a template, several things, and what is not there", async () => {
    const { stdout } = await husk([
      "inspect",
      "-f",
      '{{.Name}} {{.State.ExitCode}} {{index .Config.Labels "kind"}}',
      "web",
      "ended",
    ]);
    expect(stdout).toBe("/web 0 long\n/ended 3 short\n");
    const missing = await husk(["inspect", "--type", "container", "nobody"]);
    expect([missing.status, missing.stdout]).toEqual([1, "[]\n"]);
    expect(missing.stderr).toContain("No such container: nobody");
  });

  needs({ root: true })("S14: the files of a running container can be reached from outside", async () => {
    const merged = (await husk(["inspect", "-f", "{{.GraphDriver.Data.MergedDir}}", "web"])).stdout.trim();
    expect(readFileSync(`${merged}/etc/passwd`, "utf8")).toContain("root:");
  });
});

describe("top and stats", () => {
  test("top shows a container's processes by the host's numbers", async () => {
    const pid = (await husk(["inspect", "-f", "{{.State.Pid}}", "web"])).stdout.trim();
    const lines = (await husk(["top", "web"])).stdout.split("\n");
    expect(lines[0]?.split(/\s+/)).toEqual(["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]);
    expect(lines[1]?.split(/\s+/)[1]).toBe(pid);
    expect(lines.slice(2)).toEqual([""]);
    const columns = (await husk(["top", "web", "-o", "pid,args"])).stdout;
    expect(columns).toBe(`PID                 COMMAND\n${pid.padEnd(20)}sleep 1000\n`);
    expect((await husk(["top", "web", "-o", "args"])).stderr).toStartWith(
      "husk: couldn't find PID field in ps output",
    );
    expect((await husk(["top", "ended"])).stderr).toStartWith("husk: container ended is not running");
  });

  test("top alone is JSON in a pipe: host's and container's numbers side by side", async () => {
    const all = JSON.parse((await husk(["top"])).stdout);
    const web = all.find((one: { container: string }) => one.container === "web");
    expect(web).toMatchObject({ insidePid: 1, command: "sleep 1000" });
    expect(web.pid).not.toBe(1);
    const busy = all.find((one: { container: string }) => one.container === "busy");
    expect(busy.cpuPercent).toBeGreaterThan(5);
  });

  test("top alone in a terminal: a view that sorts, searches, kills", async () => {
    await husk(["exec", "-d", "web", "sleep", "777"]);
    const terminal = openTerminal([huskPath, "top"], { env, columns: 110, rows: 20 });
    await terminal.shows("CONTAINER");
    await terminal.shows("sleep 777");
    terminal.type("N");
    await terminal.shows("PID▾");
    terminal.type("/777\r");
    await waitFor(
      "one line",
      () => terminal.output().split("\u001b[H").at(-1)?.includes("1 process") === true,
    );
    terminal.type("k9\r");
    await terminal.shows("sent 9 to ");
    await waitFor("its end", async () => !(await husk(["top", "web"])).stdout.includes("sleep 777"));
    terminal.type("q");
    expect(await terminal.exit()).toBe(0);
    expect(terminal.output()).toEndWith("\u001b[?1049l");
  });

  test("stats shows docker's columns and numbers that are true", async () => {
    const { stdout } = await husk(["stats", "--no-stream"]);
    expect(stdout.split("\n")[0]).toMatch(
      /^CONTAINER ID {3}NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS +THROTTLED/,
    );
    const look = async () => {
      const lines = (await husk(["stats", "--no-stream", "--format", "json", "web", "busy"])).stdout.trim();
      return lines.split("\n").map((line) => JSON.parse(line));
    };
    // What is busy gets little of a machine that is busy itself.
    let [web, busy] = await look();
    for (let i = 0; i < 20 && isRoot && Number.parseFloat(busy.CPUPerc) <= 10; i++)
      [web, busy] = await look();
    expect([web.Name, busy.Name]).toEqual(["web", "busy"]);
    if (!isRoot) return;
    expect(web.PIDs).toBe("1");
    expect(Number.parseFloat(busy.CPUPerc)).toBeGreaterThan(10);
    expect(Number.parseFloat(web.CPUPerc)).toBeLessThan(5);
    expect(web.MemUsage).toEndWith(" / 200MiB");
  });

  test("stats is renewed in a terminal until somebody has enough", async () => {
    const terminal = openTerminal([huskPath, "stats", "busy"], { env, columns: 140 });
    await waitFor("a second table", () => terminal.output().split("CONTAINER ID").length > 2);
    terminal.type("\x03");
    expect(await terminal.exit()).toBe(0);
  });

  test("the library: usage as it goes", async () => {
    const opened = await openEngine({
      root,
      run: runFolder,
      keeper: join(repository, "dist/keeper"),
      husk: [huskPath],
    });
    const seen: number[] = [];
    for await (const usage of opened.containers.get("busy").stats({ interval: 150 })) {
      seen.push(usage.cpuPercent ?? 0);
      // What is busy gets little of a machine that is busy itself.
      if (seen.length >= 3 && (!isRoot || Math.max(...seen) > 10 || seen.length === 60)) break;
    }
    expect(seen.length).toBeGreaterThanOrEqual(3);
    if (isRoot) expect(Math.max(...seen)).toBeGreaterThan(10);
    const { State } = (await opened.containers.get("web").inspect()) as { State: { Status: string } };
    expect(State.Status).toBe("running");
  });
});

test("port: nothing is published without a network", async () => {
  const all = await husk(["port", "web"]);
  expect([all.status, all.stdout]).toEqual([0, ""]);
  const one = await husk(["port", "web", "80"]);
  expect(one.stderr).toStartWith("husk: no public port '80/tcp' published for web");
});
