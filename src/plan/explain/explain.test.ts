import { expect, test } from "bun:test";
import { encode } from "../encode.ts";
import { explain, type ExplainedPlan, explainedTree } from "./index.ts";
import { failureError, findFailure } from "../failure.ts";
import { Clone, Exec, Keep, List, type Plan } from "../plan.ts";
import type { Report } from "../report.ts";
import { cloneArgs, mountAttr, openHow } from "../structs.ts";

function example(): Plan {
  const keeper = new List("keeper");
  const container = new List("container");
  container.step("own hostname", "the host keeps its name", () => "hostname box");
  container.call("sethostname", "box", 3).about('hostname "box"');
  container.step("own /proc", "ps shows only the container's processes");
  const place = container.call("openat2", -100, "proc", openHow(0o12000000, 0, 16), 24).accept("ENOENT");
  container.when(place, "succeeded", () => {
    container.call("mount_setattr", place, "", 0x1000, mountAttr(1), 32).about("/proc");
  });
  container.step("execute sh", "the program begins", () => "exec sh");
  container.add(new Exec(["/bin/sh"], ["sh"], []));
  keeper.step("new process", "in new namespaces");
  const pid = keeper.add(new Clone(cloneArgs(0x20020000), container));
  keeper.add(new Keep({ pid }));
  return { keeper, cleanup: new List("afterwards"), exports: new Map() };
}

function report(fields: Partial<Report>): Report {
  return {
    outcome: "failed",
    ordinal: 0,
    errno: 0,
    detail: 0,
    path: -1,
    exitCode: 125,
    exitSignal: 0,
    timedOut: false,
    stopped: false,
    outputErrno: 0,
    started: 1000,
    launched: 0,
    ended: 9000,
    exhibit: new Uint8Array(),
    times: undefined,
    exports: new Map(),
    ...fields,
  };
}

test("a plan is explained process by process, with calls as strace(1) shows them", () => {
  const { processes } = explain(example());
  expect(processes.map((p) => p.process)).toEqual(["keeper", "container"]);
  expect(processes[0]?.steps[0]?.calls.map((c) => c.call)).toEqual([
    "%1 = clone3({CLONE_NEWNS|CLONE_NEWPID}) → container",
    "wait for %1, pass on its exit status",
  ]);
  expect(processes[1]?.steps[1]?.calls.map((c) => c.call)).toEqual([
    '%2 = openat2(AT_FDCWD, "proc", {O_CLOEXEC|O_PATH, RESOLVE_IN_ROOT}, 24) or ENOENT',
    "if %2 succeeded:",
    'mount_setattr(%2, "", AT_EMPTY_PATH, {set MOUNT_ATTR_RDONLY}, 32)',
  ]);
});

test("measured steps have their microseconds and a bar", () => {
  const plan = example();
  const { operations } = encode(plan);
  const times = new Float64Array(2 * operations.length);
  for (let i = 0; i < operations.length; i++) times.set([1000 * (i + 1), 1000 * (i + 1) + 500], 2 * i);
  const explained = explain(plan, report({ outcome: "ended", times }));
  expect(explained.processes[1]?.steps[0]?.microseconds).toBe(0.5);
  const tree = explainedTree(explained, { colour: false, calls: false });
  expect(tree).toContain("├─      1 µs");
  expect(tree).toContain("own hostname — the host keeps its name");
  expect(tree).toMatch(/\d+ µs from the keeper's start to the program's/);
});

test("a failure names the step, the call, the object and the kernel's words", () => {
  const plan = example();
  const { operations } = encode(plan);
  const failing = operations.findIndex((o) => o.kind === "call" && o.name === "mount_setattr");
  const failure = findFailure(plan, operations, report({ ordinal: failing, errno: 1 }));
  expect([failure?.process, failure?.step.title]).toEqual(["container", "own /proc"]);
  const error = failureError(failure!);
  expect(error.message).toBe("own /proc: mount_setattr /proc: operation not permitted (EPERM)");
  expect(error.code).toBe("denied");
});

const wide: ExplainedPlan = {
  processes: [
    {
      process: "container",
      steps: [
        {
          title: "own /proc",
          why: "ps shows only the container's processes and none of the others that run on this machine",
          calls: [
            { call: "if %1 succeeded:" },
            { call: `mount(${"x".repeat(60)})`, depth: 1 },
            ...Array.from({ length: 9 }, (_, i) => ({ call: `mkdirat(%1, "folder-${i}", 0755)` })),
          ],
        },
        { title: "end", why: "", calls: [] },
      ],
    },
  ],
};

test("in a terminal reasons are wrapped, calls cut, and many alike folded", () => {
  expect(explainedTree(wide, { colour: false, calls: true, width: 60 })).toBe(`container
├─ own /proc — ps shows only the container's processes and
│  none of the others that run on this machine
│      if %1 succeeded:
│        mount(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
│      mkdirat(%1, "folder-0", 0755)
│      mkdirat(%1, "folder-1", 0755)
│      … 6 more like these
│      mkdirat(%1, "folder-8", 0755)
└─ end
`);
});

test("a word longer than a line is broken, so that no line is wider than asked", () => {
  const step = { title: `root ${"x".repeat(150)}`, why: "y".repeat(61), calls: [] };
  const tree = explainedTree(
    { processes: [{ process: "container", steps: [step] }] },
    { colour: false, calls: true, width: 60 },
  );
  expect(Math.max(...tree.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(tree.match(/x/g)?.length).toBe(150);
});

test("without a width every line is whole", () => {
  const tree = explainedTree(wide, { colour: false, calls: true });
  expect(tree).toContain(
    "├─ own /proc — ps shows only the container's processes and none of the others that run on this machine\n",
  );
  expect(tree).toContain(`mount(${"x".repeat(60)})`);
});

test("colours paint words and never count as columns", () => {
  const options = { calls: true, width: 60 };
  const coloured = explainedTree(wide, { ...options, colour: true });
  expect(coloured).toContain("\x1b[1mown /proc\x1b[0m");
  // oxlint-disable-next-line no-control-regex
  expect(coloured.replace(/\x1b\[\d*m/g, "")).toBe(explainedTree(wide, { ...options, colour: false }));
});
