// Many containers at once, and several engines side by side.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { endContainers, firstProcess, groupFolder } from "./harness/control-group.ts";
import {
  type Engine,
  engine,
  huskPath,
  isRoot,
  isSoak,
  namespaceOf,
  needs,
  type Running,
  shell,
  temporaryFolder,
  waitFor,
} from "./harness/index.ts";

// Each container is a folder on the disk, too.
setDefaultTimeout(120_000);

const entries = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

/** Records of containers that run. */
const running = (of: Engine): string[] =>
  entries(join(of.run, "containers")).filter((name) => name.endsWith(".json"));
const names = (of: Engine): string[] => entries(join(of.root, "names"));
const kept = (of: Engine): string[] => entries(join(of.root, "containers"));

describe("at once", () => {
  test("20 containers in parallel: each runs, each by itself, nothing is left", async () => {
    const of = engine();
    for (let round = 0; round < (isSoak ? 20 : 1); round++) {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          of.husk([
            "run",
            "--rm",
            "--name",
            `number-${i}`,
            "host",
            "sh",
            "-c",
            `hostname; echo /proc/[0-9]*; exit ${i}`,
          ]),
        ),
      );
      expect(results.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, (_, i) => i));
      expect(results.map(({ stderr }) => stderr).join("")).toBe("");
      expect(new Set(results.map(({ stdout }) => stdout.split("\n")[0])).size).toBe(20);
      expect(new Set(results.map(({ stdout }) => stdout.split("\n")[1]))).toEqual(new Set(["/proc/1"]));
      expect([running(of), names(of), kept(of)]).toEqual([[], [], []]);
    }
  });

  test("20 that live side by side have namespaces and groups of their own", async () => {
    const of = engine();
    const containers = Array.from({ length: 20 }, () => of.start(["run", "--rm", "host", "sleep", "60"]));
    const pids = await Promise.all(
      containers.map((container) => waitFor("pid 1", () => firstProcess(container))),
    );
    await waitFor("20 programs", () =>
      pids.every((pid) => readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n"),
    );
    for (const kind of ["mnt", "pid", "ipc", "uts", "net"])
      expect(new Set(pids.map((pid) => namespaceOf(pid, kind))).size).toBe(20);
    if (isRoot) expect(new Set(pids.map((pid) => groupFolder(pid, "pids"))).size).toBe(20);
    expect(running(of).length).toBe(20);
    await endContainers(...containers);
    expect([entries(join(of.run, "containers")), kept(of)]).toEqual([[], []]);
  });

  test("of many that want the same name one gets it, and the others say who has it", async () => {
    const of = engine();
    const containers = Array.from({ length: 8 }, () =>
      of.start(["run", "--rm", "-i", "--name", "wanted", "host", "sleep", "60"]),
    );
    const losers = new Set<Running>();
    for (const container of containers) void container.result.then(() => losers.add(container));
    await waitFor("the losers", () => losers.size === 7);
    const winner = containers.find((container) => !losers.has(container))!;
    await waitFor("the winner", () => firstProcess(winner));
    const id = running(of)[0]!.slice(0, 12);
    for (const loser of losers) {
      const { status, stderr } = await loser.result;
      expect([status, stderr]).toEqual([
        125,
        expect.stringMatching(
          /^husk: the container name "wanted" is already in use by container [0-9a-f]{12} — .*\n$/,
        ),
      ]);
      expect(stderr).toContain(id);
    }
    await endContainers(winner);
    expect((await of.husk(["run", "--name", "wanted", "host", "true"])).status).toBe(0);
  });
});

describe("engines side by side", () => {
  test("the same name in each, and neither clears up after the other", async () => {
    const engines = [engine(), engine()];
    const containers = engines.map((of) =>
      of.start(["run", "--rm", "--name", "twin", "host", "sleep", "60"]),
    );
    const pids = await Promise.all(
      containers.map((container) => waitFor("pid 1", () => firstProcess(container))),
    );
    for (const of of engines) expect((await of.husk(["run", "--rm", "host", "true"])).status).toBe(0);
    expect(pids.map((pid) => firstProcess({ pid }) ?? pid)).toEqual(pids);
    expect(engines.map(names)).toEqual([["twin"], ["twin"]]);
    await endContainers(containers[0]!);
    expect(engines.map(names)).toEqual([[], ["twin"]]);
    await endContainers(containers[1]!);
  });

  test("a --run that belongs to another --root is refused", async () => {
    const [one, other] = [engine(), engine()];
    await one.husk(["run", "host", "true"]);
    const { status, stderr } = await one.husk([
      "--root",
      other.root,
      "--run",
      one.run,
      "run",
      "host",
      "true",
    ]);
    expect([status, stderr]).toEqual([
      125,
      `husk: husk's folder ${one.run} belongs to the root folder ${one.root}, not ${other.root} — each --root needs a --run of its own\n`,
    ]);
  });
});

needs({ root: true, command: "findmnt" })(
  "on a host that shares all mounts none appears, before, while or after a container runs",
  async () => {
    const of = engine();
    const look = "findmnt -rn -o TARGET,SOURCE,FSTYPE,OPTIONS";
    const folder = temporaryFolder("shared", 0o777);
    const script = `umask 0; mount --make-rshared /; ${look} > $1/before
    for flags in "" "--tmpfs /scratch -v $1:/data" "--uidmap 0:100000:65536" "--privileged" "--no-isolate pid" "--read-only"; do
      $2 run $flags -v $1:/check host sh -c 'mount -t tmpfs x /mnt 2> /dev/null; touch /check/running; while [ ! -e /check/go ]; do sleep 0.01; done' & container=$!
      while [ ! -e $1/running ]; do sleep 0.01; done
      ${look} > $1/during; touch $1/go; wait $container; ${look} > $1/after; rm $1/running $1/go
      for when in during after; do cmp $1/before $1/$when || echo "$flags: $when"; done
    done; echo compared`;
    const { stdout, stderr } = await shell(
      'exec unshare --mount sh -euc "$1" sh "$2" "$3"',
      [script, folder, huskPath],
      {
        env: { HUSK_ROOT: of.root, HUSK_RUN: of.run },
      },
    );
    expect([stdout, stderr]).toEqual(["compared\n", ""]);
  },
);
