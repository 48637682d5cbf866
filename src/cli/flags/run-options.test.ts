import { describe, expect, test } from "bun:test";
import type { Globals } from "../grammar.ts";
import { HELP as EXPLAIN_HELP } from "../help/explain.ts";
import { HELP as RUN_HELP } from "../help/run.ts";
import { errorLine } from "../report-error.ts";
import { EXPLAIN_FLAGS, RUN_FLAGS, RUN_LATER } from "./run.ts";
import { parseRun, type RunRequest } from "./run-options.ts";
import { setLifeFlag } from "./set-life-flag.ts";
import { setNetworkFlag } from "./set-network-flag.ts";
import { setRunFlag } from "./set-run-flag.ts";
import { readFlags } from "./table.ts";

function parse(...line: string[]): RunRequest {
  return parseAs("run", line);
}

function parseAs(command: "run" | "explain", line: string[]): RunRequest {
  const globals: Globals = { root: undefined, run: undefined, debug: false, help: false };
  const request = parseRun(command, line, 0, globals);
  if (request === undefined) throw new Error("the help was asked for");
  return request;
}

function failure(...line: string[]): string {
  try {
    parse(...line);
  } catch (error) {
    return errorLine(error);
  }
  return "no failure";
}

describe("a run line", () => {
  test("the image host, and nothing else", () => {
    expect(parse("host")).toEqual({
      options: { source: { kind: "host", with: [] }, command: [] },
      explain: false,
      format: "text",
      asShell: false,
      detach: false,
      attach: [],
    });
  });

  test("a container's life", () => {
    const line =
      "-d --restart on-failure:3 --stop-timeout 2 --label a=1 -l b --log-opt max-size=1m --health-cmd x";
    expect(parse(...line.split(" "), "--health-interval", "2s", "--cidfile", "/id", "host")).toMatchObject({
      detach: true,
      cidfile: "/id",
      options: {
        restart: { kind: "on-failure", retries: 3 },
        stopTimeout: 2000,
        labels: { a: "1", b: "" },
        log: { maxSize: 1048576 },
        health: { command: ["/bin/sh", "-c", "x"], interval: 2000 },
      },
    });
    expect(parse("--no-healthcheck", "host")).toMatchObject({ options: { health: { command: [] } } });
    expect(parse("--stop-timeout", "-1", "host")).toMatchObject({ options: { stopTimeout: -1 } });
  });

  test("the program's own flags stay its own", () => {
    expect(parse("-it", "host", "ls", "-l", "--rm").options).toEqual({
      source: { kind: "host", with: [] },
      command: ["ls", "-l", "--rm"],
      interactive: true,
      tty: true,
    });
  });

  test("empty values are none, where docker has it so", () => {
    const flags = [
      "--user",
      "--name",
      "--workdir",
      "--pid",
      "--platform",
      "--pull",
      "--stop-signal",
      "--cidfile",
    ];
    const { options, image, cidfile } = parse(...flags.flatMap((flag) => [flag, ""]), "debian", "ls");
    expect(options).toEqual({ source: { kind: "host", with: [] }, command: ["ls"] });
    expect([image, cidfile]).toEqual([{ name: "debian", pull: "missing", quiet: false }, undefined]);
    for (const flag of ["--memory", "--cpus", "--env", "--volume", "--mount"])
      expect(() => parse(flag, "", "host")).toThrow(`invalid value "" for ${flag}`);
  });

  test("-- may stand before the command", () => {
    expect(parse("host", "--", "ls").options.command).toEqual(["ls"]);
    expect(parse("--rootfs", "/r", "--", "--odd").options.command).toEqual(["--odd"]);
    expect(parse("--", "host", "ls").options.command).toEqual(["ls"]);
    expect(parse("host", "sh", "--", "x").options.command).toEqual(["sh", "--", "x"]);
  });

  test("a folder is the root file system, and then no image is named", () => {
    expect(parse("--rootfs", "/r", "ls", "/").options).toEqual({
      source: { kind: "rootfs", path: "/r" },
      command: ["ls", "/"],
    });
    expect(parse("--rootfs=r", "host").options.source).toEqual({
      kind: "rootfs",
      path: `${process.cwd()}/r`,
    });
    expect(parse("--bundle", ".").options.source).toEqual({ kind: "bundle", path: process.cwd() });
  });

  test("limits are plain numbers; 0 is not set", () => {
    const { options } = parse(
      ...["-m", "80m", "--memory-swap", "-1", "--memory-reservation", "40m", "--cpus", "1.5", "-c", "512"],
      ...["--cpuset-cpus", "0-1", "--cpuset-mems", "0", "--pids-limit", "20", "--blkio-weight", "500"],
      ...["--shm-size", "32m", "--oom-score-adj", "-5", "--timeout", "1m", "--stop-signal", "INT", "host"],
    );
    expect(options).toEqual({
      source: { kind: "host", with: [] },
      command: [],
      memory: 83_886_080,
      memorySwap: -1,
      memoryReservation: 41_943_040,
      cpus: 1.5,
      cpuShares: 512,
      cpusetCpus: "0-1",
      cpusetMems: "0",
      pidsLimit: 20,
      blkioWeight: 500,
      shmSize: 33_554_432,
      oomScoreAdj: -5,
      timeout: 60_000,
      stopSignal: 2,
    });
    const none = parse("-m", "0", "--cpus", "0", "--pids-limit", "0", "--blkio-weight", "0", "host").options;
    expect([none.memory, none.cpus, none.blkioWeight, none.pidsLimit]).toEqual([
      undefined,
      undefined,
      undefined,
      -1,
    ]);
  });

  test("lists collect in the order given", () => {
    const { options } = parse(
      ...["--cap-add", "NET_ADMIN,SYS_TIME", "--cap-add", "all", "--cap-drop=CHOWN", "--group-add", "29"],
      ...["-v", "/a:/b", "--tmpfs", "/t", "--mount", "type=tmpfs,target=/u", "--no-isolate", "pid,net"],
      ...["--sysctl", "a.b=1", "--sysctl", "c.d=2", "--ulimit", "core=0", "--device", "/dev/fuse", "host"],
    );
    expect(options.capAdd).toEqual(["NET_ADMIN", "SYS_TIME", "all"]);
    expect(options.capDrop).toEqual(["CHOWN"]);
    expect(options.groupAdd).toEqual([29]);
    expect(options.mounts?.map(({ target }) => target)).toEqual(["/b", "/t", "/u"]);
    expect(options.noIsolate).toEqual(["pid", "network"]);
    expect(options.sysctls).toEqual({ "a.b": "1", "c.d": "2" });
    expect(options.ulimits?.length).toBe(1);
    expect(options.devices?.length).toBe(1);
  });

  test("files of variables come before single ones", () => {
    const file = `${import.meta.dir}/run-options.test.env`;
    const { options } = parse("-e", "B=2", "--env-file", file, "host");
    expect(options.env).toEqual(["A=1", "B=1", "B=2"]);
  });
});

describe("what makes no sense is refused in one line", () => {
  test.each([
    [[], "husk run: what to run is missing — husk run host COMMAND…"],
    [["--rootfs", "/a", "--bundle", "/b"], "--rootfs and --bundle cannot both be given"],
    [["--rootfs", "/a", "--with", "/opt"], "--with adds folders to the image host only"],
    [["--pull", "always", "host", "sh"], "--pull is for images only"],
    [["--cpus", "1", "--cpu-quota", "5000", "host"], "--cpus and --cpu-quota cannot both be given"],
    [["--cpus", "1", "--cpu-period", "5000", "host"], "--cpus and --cpu-period cannot both be given"],
    [["--userns", "host", "--uidmap", "0:0:1", "host"], "need a user namespace"],
    [["--network", "bridge", "host"], "--network bridge: not in this version of husk — none or host"],
    [["--net", "web", "host"], "--net web: not in this version of husk"],
    [["--ipc", "container:x", "host"], "--ipc container:x: not in this version of husk"],
    [["--ipc", "x", "host"], `invalid value "x" for --ipc — private or shareable or host or none`],
    [["--pid", "ns:/proc/1/ns/pid", "host"], "--pid ns:/proc/1/ns/pid: not in this version"],
    [["--add-host", "db", "host"], "HOST:ADDRESS"],
    [["--add-host", "db:10.0.0.300", "host"], "HOST:ADDRESS"],
    [["--add-host", "db:host-gateway", "host"], "not in this version of husk"],
    [["--dns", "one", "host"], "an IPv4 or IPv6 address"],
    [["--dns-search", "a b", "host"], "one word of resolv.conf(5)"],
    [["--expose", "0", "host"], "PORT[-PORT]"],
    [["--expose", "80-79", "host"], "PORT[-PORT]"],
    [["--device-cgroup-rule", "c 1:3", "host"], "TYPE MAJOR:MINOR rwm"],
    [["--blkio-weight-device", "/dev/sda:5", "host"], "a weight from 10 to 1000"],
    [["--memory-swappiness", "101", "host"], "a whole number from -1 to 100"],
    [["--annotation", "x", "host"], "NAME=VALUE"],
    [["--runtime", "runc", "host"], "husk starts containers itself"],
    [["--storage-opt", "size=1g", "host"], "not in this version of husk"],
    [["--userns", "keep-id", "host"], "--userns keep-id: not in this version"],
    [["--no-isolate", "pid,moon", "host"], `invalid value "moon" for --no-isolate — some of mount,pid,`],
    [["--personality", "bsd", "host"], `invalid value "bsd" for --personality — linux or linux32`],
    [["--blkio-weight", "5000", "host"], `for --blkio-weight — a whole number from 10 to 1000`],
    [["--oom-score-adj", "2000", "host"], `for --oom-score-adj — a whole number from -1000 to 1000`],
    [["--format", "xml", "host"], `invalid value "xml" for --format — text or json`],
    [["-w", "relative", "host"], `the path in the container must be absolute, "relative" is not`],
    [["--explain", "-t", "host"], "--explain and --tty cannot both be given"],
    [["--env-file", "/nowhere/x", "host"], "--env-file: cannot read /nowhere/x: ENOENT"],
    [["-p", "80:80", "host"], "-p: not in this version of husk"],
    [["-P", "host"], "-P: not in this version of husk"],
    [["--restart", "sometimes", "host"], "invalid restart policy: unknown policy 'sometimes'"],
    [["--restart", "on-failure:x", "host"], "maximum retry count must be an integer"],
    [["--restart", "always:3", "host"], "maximum retry count can only be used with 'on-failure'"],
    [["--restart", "always", "--rm", "host"], "cannot specify both --restart and --rm"],
    [["-d", "-a", "stdout", "host"], "cannot specify both --attach and --detach"],
    [["--no-healthcheck", "--health-retries", "2", "host"], "--no-healthcheck conflicts with --health-*"],
    [["--log-driver", "syslog", "host"], 'invalid value "syslog" for --log-driver'],
    [["--log-opt", "max-file=3", "host"], "without max-size there is one file only"],
    [["--label", "=x", "host"], "empty name"],
  ] as [string[], string][])("%j", (line, expected) => {
    expect(failure(...line)).toContain(expected);
  });
});

describe("the flag tables", () => {
  test("each flag has a line of help, and each line a flag", () => {
    for (const { flags, about } of [RUN_HELP, EXPLAIN_HELP]) {
      for (const { name } of readFlags(flags)) expect(about).toHaveProperty([name]);
    }
    const known = readFlags(EXPLAIN_FLAGS + RUN_FLAGS).map(({ name }) => name);
    expect(Object.keys(EXPLAIN_HELP.about).filter((name) => !known.includes(name))).toEqual([]);
  });

  test("each flag is taken by the command", () => {
    const text = setRunFlag.toString() + setLifeFlag.toString() + setNetworkFlag.toString();
    for (const { name } of readFlags(EXPLAIN_FLAGS + RUN_FLAGS)) expect(text).toContain(`case "${name}":`);
  });

  test("no flag is both there and still to come", () => {
    const later = readFlags(RUN_LATER).map(({ name }) => name);
    const present = readFlags(RUN_FLAGS).map(({ name }) => name);
    expect(later.filter((name) => present.includes(name))).toEqual([]);
  });

  test("explain takes what run takes, except measuring", () => {
    const { asShell, explain } = parseAs("explain", ["--as-shell", "-m", "1m", "host"]);
    expect([asShell, explain]).toEqual([true, true]);
    expect(() => parseAs("explain", ["--explain", "host"])).toThrow("unknown flag: --explain");
    expect(() => parse("--as-shell", "host")).toThrow("unknown flag: --as-shell");
  });
});
