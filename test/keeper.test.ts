// The keeper by itself: hostile plans, its own protection, what a failure looks like.
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  Clone,
  cloneArgs,
  decodeReport,
  encode,
  type EncodedPlan,
  Exec,
  Keep,
  List,
  Memory,
  type Plan,
} from "../src/plan/index.ts";
import { isSoak, needs, repository, temporaryFolder } from "./harness/index.ts";

const keeper = join(repository, "dist/keeper");

/** Everything a container with a life of its own may have, of which nothing is needed to rehearse. */
function supervisedPlan(): Plan {
  const plan = examplePlan((list) => list.add(new Exec(["/bin/true"], ["true"], ["A=b"])));
  plan.keeper.step("supervised", "for the test");
  const fd = plan.keeper.call("getpid");
  const command = ["/bin/true", "internal"];
  plan.keeper.add(
    new Keep({
      pid: fd,
      console: fd,
      caller: fd,
      relays: [
        { from: fd, to: fd, drains: false },
        { from: fd, stream: 1, drains: true },
      ],
      supervision: {
        launched: fd,
        listener: fd,
        input: fd,
        inputOnce: true,
        log: { directory: fd, file: fd, maxBytes: 2 ** 33 + 5, maxFiles: 3 },
        exit: fd,
        died: { journal: "/run/events", before: "before", after: "after" },
        restart: { applies: "always", delayMilliseconds: 100, command },
        finish: command,
        health: {
          command,
          intervalMilliseconds: 1,
          startPeriodMilliseconds: 2,
          startIntervalMilliseconds: 3,
        },
        environment: ["A=b"],
        lock: fd,
        detachKeys: Uint8Array.of(16, 17),
      },
    }),
  );
  const leaving = new List("leaving");
  leaving.step("last", "for the test");
  leaving.call("close", fd);
  return { ...plan, leaving, detaches: true };
}

function examplePlan(build: (container: List, host: List) => void): Plan {
  const host = new List("keeper");
  const container = new List("container");
  const cleanup = new List("cleanup");
  host.step("before", "for the test");
  container.step("inside", "for the test");
  build(container, host);
  host.step("start", "for the test");
  const pid = host.add(new Clone(cloneArgs(0), container));
  host.add(new Keep({ pid }));
  cleanup.step("after", "for the test");
  cleanup.call("getpid");
  return { keeper: host, cleanup, exports: new Map([["memory", new Memory(Uint8Array.of(1, 2, 3, 4))]]) };
}

function perform(program: string, plan: Uint8Array, encoded?: EncodedPlan) {
  const folder = temporaryFolder("keeper");
  const report = openSync(join(folder, "report"), "w+");
  const { status, signal, stdout, stderr } = spawnSync(program, ["test"], {
    input: plan,
    stdio: ["pipe", "pipe", "pipe", openSync("/dev/null", "r"), report],
    timeout: 10_000,
    encoding: "utf8",
  });
  closeSync(report);
  const bytes = new Uint8Array(readFileSync(join(folder, "report")));
  return { status, signal, stdout, stderr, report: encoded && decodeReport(bytes, encoded) };
}

test("the keeper performs a plan and passes on status and exported memory", () => {
  const encoded = encode(
    examplePlan((list) =>
      list.add(new Exec(["/nowhere/sh", "/bin/sh"], ["sh", "-c", "echo $A; exit 7"], ["A=out"])),
    ),
  );
  const { status, stdout, report } = perform(keeper, encoded.bytes, encoded);
  expect([status, stdout, report?.outcome, report?.exitCode]).toEqual([7, "out\n", "ended", 7]);
  expect(report?.exports.get("memory")).toEqual(Uint8Array.of(1, 2, 3, 4));
});

test("a failing call is reported by its place and errno, and nothing after it is performed", () => {
  let call: unknown;
  const plan = examplePlan((list) => {
    call = list.call("mkdirat", -100, "/proc/nothing/here", 0o755);
    list.add(new Exec(["/bin/sh"], ["sh", "-c", "echo no"], []));
  });
  const encoded = encode(plan);
  const { status, stdout, report } = perform(keeper, encoded.bytes, encoded);
  expect([status, stdout, report?.outcome, report?.errno]).toEqual([125, "", "failed", 2]);
  expect(encoded.operations[report?.ordinal as number]).toBe(call as never);
});

test("only the descriptors 0, 1 and 2 reach the program", () => {
  const encoded = encode(
    examplePlan((list, host) => {
      host.call("openat", -100, "/etc/hostname", 0);
      list.add(new Exec(["/bin/sh"], ["sh", "-c", "ls /proc/self/fd"], ["PATH=/bin:/usr/bin"]));
    }),
  );
  expect(perform(keeper, encoded.bytes, encoded).stdout).toBe("0\n1\n2\n3\n"); // 3 is ls's own
});

test("what runs is a sealed copy of the keeper's file (CVE-2019-5736)", () => {
  const command = 'exe=$(readlink /proc/$PPID/exe); echo "$exe"; (echo x > /proc/$PPID/exe) 2>&1';
  const encoded = encode(
    examplePlan((list) => list.add(new Exec(["/bin/sh"], ["sh", "-c", command], ["PATH=/bin:/usr/bin"]))),
  );
  const before = readFileSync(keeper);
  const { stdout } = perform(keeper, encoded.bytes, encoded);
  expect(stdout).toStartWith("/memfd:husk-keeper (deleted)\n");
  expect(stdout).toMatch(/Text file busy|Permission denied|Operation not permitted/);
  expect(readFileSync(keeper).equals(before)).toBe(true);
});

test("the keeper stays within its size: 32 kB on disk", () => {
  expect(readFileSync(keeper).length).toBeLessThanOrEqual(32 * 1024);
});

needs({ command: "cc" })(
  "a malformed plan is refused, and never crashes the decoder",
  () => {
    const rehearse = join(temporaryFolder("rehearse"), "keeper");
    const built = spawnSync(join(repository, "scripts/build-keeper"), ["cc", rehearse, "-DKEEPER_REHEARSE"]);
    expect(built.status).toBe(0);
    const supervised = encode(supervisedPlan(), { timed: true }).bytes;
    const plain = encode(
      examplePlan((list, host) => {
        const memory = new Memory(16).pointer(8, "text");
        const fd = host.call("openat", -100, "/etc/hostname", 0).accept("ENOENT");
        host.when(fd, "failed", () => {
          host.store(fd, memory, 0);
          host.load(memory, 0);
        });
        list.call("read", fd, new Uint8Array(64), 64).expect(0).retry(1);
        list.add(new Exec(["/bin/true"], ["true", "a"], ["A=b"]));
      }),
      { timed: true },
    ).bytes;
    expect(perform(rehearse, plain).status).toBe(0);
    expect(perform(rehearse, supervised).status).toBe(0);
    let seed = Number(process.env.HUSK_SEED ?? Date.now() % 1e9);
    console.log(`seed ${seed}`);
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      return seed % below;
    };
    const interesting = [
      0,
      1,
      2,
      3,
      7,
      8,
      0xff,
      0x7fffffff,
      0x80000000,
      0xffffffff,
      0xfffffff8,
      plain.length,
      supervised.length,
    ];
    let refused = 0;
    const rounds = isSoak ? 20_000 : 1_500;
    for (let round = 0; round < rounds; round++) {
      let bytes = (round % 2 === 0 ? plain : supervised).slice();
      const view = new DataView(bytes.buffer);
      for (let n = 1 + random(3); n > 0; n--) {
        const at = 4 * random(bytes.length >> 2);
        view.setUint32(
          at,
          random(2) === 0
            ? (interesting[random(interesting.length)] as number)
            : view.getUint32(at, true) ^ (1 << random(32)),
          true,
        );
      }
      if (random(8) === 0) bytes = bytes.slice(0, random(bytes.length));
      const { status, signal, stderr } = perform(rehearse, bytes);
      if (signal !== null || (status !== 0 && status !== 125)) {
        throw new Error(
          `round ${round}: status ${status} signal ${signal} ${stderr}\n${Buffer.from(bytes).toString("hex")}`,
        );
      }
      if (status === 125) refused++;
    }
    expect(refused).toBeGreaterThan(rounds / 4);
  },
  300_000,
);
