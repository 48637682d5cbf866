// `husk explain` and `husk run --explain`: the plan as a tree, measured, and as data.
import { describe, expect, test } from "bun:test";
import type { ExplainedPlan } from "../src/plan/explain/index.ts";
import { husk, huskPath, makeRootfs, needs, openTerminal } from "./harness/index.ts";

const words = [
  "-m",
  "64m",
  "--pids-limit",
  "50",
  "-v",
  "/tmp:/x:ro",
  "--cap-add",
  "NET_ADMIN",
  "host",
  "true",
];

function steps({ processes }: ExplainedPlan): string[] {
  return processes.flatMap((one) => one.steps.map((step) => step.title));
}

describe("explaining", () => {
  needs({ root: true, controller: ["memory", "pids"] })(
    "every layer is a step with its reason, and nothing is done",
    async () => {
      const { status, stdout, stderr } = await husk(["explain", ...words]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      for (const line of [
        /^keeper$/m,
        /^├─ own control groups — the kernel counts and limits all processes of a group together$/m,
        /^├─ memory limit 64 MiB — /m,
        /^├─ at most 50 processes — fork fails beyond that/m,
        /^│ {6}%\d+ = clone3\(\{CLONE_NEWNS\|CLONE_NEWUTS\|CLONE_NEWIPC\|CLONE_NEWPID\|CLONE_NEWNET/m,
        /^container$/m,
        /^├─ own \/proc — ps shows only the container's processes$/m,
        /^├─ bind \/tmp on \/x — the container sees this part of the host$/m,
        /^│ {6}pivot_root\("\.", "\."\)$/m,
        /^├─ bounding set: 14 of \d+ capabilities — /m,
        /^│ {6}seccomp\(SECCOMP_SET_MODE_FILTER, 0, \{\d+ instructions\}\)$/m,
        /^└─ execute true — /m,
        /^afterwards$/m,
      ]) {
        expect(stdout).toMatch(line);
      }
      expect(stdout).not.toContain("\x1b");
      expect(stdout).not.toContain("µs ");
    },
  );

  needs({ root: true })("a layer that is left out is no step", async () => {
    const { stdout } = await husk([
      "explain",
      "--no-isolate",
      "pid,seccomp",
      "--network",
      "host",
      "host",
      "true",
    ]);
    expect(stdout).not.toContain("CLONE_NEWPID");
    expect(stdout).not.toContain("CLONE_NEWNET");
    expect(stdout).not.toContain("seccomp(");
  });

  test("as data: processes, steps with title and reason, calls", async () => {
    const { status, stdout } = await husk(["explain", "--format", "json", "--rootfs", makeRootfs(), "true"]);
    expect(status).toBe(0);
    const plan = JSON.parse(stdout) as ExplainedPlan;
    expect(plan.microseconds).toBeUndefined();
    expect(plan.processes.map((one) => one.process).slice(0, 2)).toEqual(["keeper", "container"]);
    for (const { steps } of plan.processes) {
      for (const step of steps) {
        expect(Object.keys(step)).toEqual(["title", "why", "calls"]);
        expect([typeof step.title, typeof step.why]).toEqual(["string", "string"]);
        for (const { call, depth = 1 } of step.calls) {
          expect(call).toMatch(/^\S/);
          expect(depth).toBeGreaterThan(0);
        }
      }
    }
    expect(steps(plan)).toContain("execute true");
  });

  test("in a terminal it is coloured and keeps to its width; a pipe of COLUMNS columns too", async () => {
    const rootfs = makeRootfs();
    const terminal = openTerminal([huskPath, "explain", "--rootfs", rootfs, "true"], { columns: 70 });
    expect(await terminal.exit()).toBe(0);
    const shown = terminal.output();
    terminal.close();
    expect(shown).toContain("\x1b[1mown /proc\x1b[0m");
    // oxlint-disable-next-line no-control-regex
    const lines = shown.replace(/\x1b\[\d*m/g, "").split("\r\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(70);
    const { stdout } = await husk(["explain", "--rootfs", rootfs, "true"], { env: { COLUMNS: "60" } });
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(stdout).not.toContain("\x1b");
  });

  test.each([
    [["explain", "--explain", "host", "true"], "--explain"],
    [["explain", "--as-shell", "--format", "json", "host", "true"], "--format json"],
    [["explain", "--format", "xml", "host", "true"], "xml"],
    [["explain"], "explain"],
    [["run", "--explain", "-t", "host", "true"], "--tty"],
    [["run", "--as-shell", "host", "true"], "--as-shell"],
  ])("%j is refused", async (argv, word) => {
    const { status, stdout, stderr } = await husk(argv);
    expect({ argv, status, stdout }).toEqual({ argv, status: 125, stdout: "" });
    expect(stderr).toContain(word);
  });

  test("a reader that goes away early does no harm", async () => {
    const line = `${huskPath} explain --rootfs ${makeRootfs()} true | head -n 1`;
    expect((await husk(["--version"])).status).toBe(0);
    const { stdout, exitCode } = Bun.spawnSync(["sh", "-c", line]);
    expect([exitCode, stdout.toString()]).toEqual([0, "keeper\n"]);
  });
});

describe("measuring", () => {
  test("the tree has microseconds and bars, on stderr; output and status are the program's", async () => {
    const { status, stdout, stderr } = await husk([
      "run",
      "--explain",
      "--rootfs",
      makeRootfs(),
      "sh",
      "-c",
      "echo out; exit 7",
    ]);
    expect([status, stdout]).toEqual([7, "out\n"]);
    expect(stderr).toMatch(/^├─ +\d+ µs [█▏▎▍▌▋▊▉ ]{12} own \/proc — /m);
    expect(stderr).toMatch(/^│ +\d+ µs pivot_root\("\.", "\."\)$/m);
    expect(stderr).toMatch(/^\d+ µs from the keeper's start to the program's$/m);
    expect(stderr).toContain("█".repeat(12));
  });

  test("as data, the times of calls add up to those of steps, and steps to no more than everything", async () => {
    const { stdout, stderr } = await husk([
      "run",
      "--explain",
      "--format",
      "json",
      "--rootfs",
      makeRootfs(),
      "echo",
      "out",
    ]);
    expect(stdout).toBe("out\n");
    const plan = JSON.parse(stderr) as ExplainedPlan;
    const container = plan.processes.find((one) => one.process === "container");
    const total = container?.steps.reduce((sum, step) => sum + (step.microseconds ?? 0), 0) ?? 0;
    expect(total).toBeGreaterThan(100);
    expect(plan.microseconds).toBeGreaterThan(total);
    for (const step of container?.steps ?? []) {
      const sum = step.calls.reduce((all, call) => all + (call.microseconds ?? 0), 0);
      // Values that travel through memory have no line of their own.
      expect(sum).toBeLessThanOrEqual((step.microseconds ?? 0) + 0.01);
    }
  });

  test("a launch that fails is explained as far as it went", async () => {
    const { status, stderr } = await husk(["run", "--explain", "--rootfs", makeRootfs(), "no-such-program"]);
    expect(status).toBe(127);
    expect(stderr).toContain("no-such-program");
  });
});
