// update and events of `husk oci`, beside runc; many containers at once; spec and features.
import { describe, expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import {
  comparable,
  type Config,
  huskOciPath,
  huskRuntime,
  isAlive,
  isSoak,
  makeBundle,
  needs,
  type OciRuntime,
  run,
  runcRuntime,
  start,
  temporaryFolder,
  waitFor,
} from "./harness/index.ts";
import { groupFolder } from "./harness/control-group.ts";

const needed = { root: true, command: "busybox" } as const;
const beside = { root: true, command: ["busybox", "runc"], cgroup: "v1" } as const;

/** Values in the files of a container's groups. */
async function values(runtime: OciRuntime, files: readonly string[]): Promise<string[]> {
  const pid = await runtime.pid("one");
  return files.map((file) => {
    const controller = file.slice(0, file.indexOf("."));
    return readFileSync(`${groupFolder(pid, controller)}/${file}`, "utf8").trim();
  });
}

describe("update", () => {
  needs(beside)("writes what runc writes", async () => {
    const { path } = makeBundle(["sleep", "100"], (config: Config) => {
      config.linux.resources = {
        ...config.linux.resources,
        memory: { limit: 100 << 20 },
        cpu: { quota: 50000, period: 100000 },
      };
    });
    const files = [
      "memory.limit_in_bytes",
      "memory.soft_limit_in_bytes",
      "cpu.cfs_quota_us",
      "cpu.cfs_period_us",
      "cpu.shares",
      "pids.max",
    ];
    const [husk, runc] = [huskRuntime(), runcRuntime()];
    const updates = [
      ["--memory", "80M", "--memory-reservation", "40M"],
      ["--pids-limit", "40", "--cpu-share", "512"],
      ["--cpu-quota", "30000"],
      ["--cpu-period", "50000"],
      ["--memory", "200M"],
      ["--pids-limit", "-1"],
    ];
    try {
      for (const runtime of [husk, runc]) await runtime.must(["run", "-d", "--bundle", path, "one"]);
      for (const update of updates) {
        for (const runtime of [husk, runc]) await runtime.must(["update", ...update, "one"]);
        expect([update, ...(await values(husk, files))]).toEqual([update, ...(await values(runc, files))]);
      }
      const json = JSON.stringify({ pids: { limit: 30 }, memory: { limit: 64 << 20, swap: 64 << 20 } });
      for (const runtime of [husk, runc]) await runtime.must(["update", "-r", "-", "one"], { stdin: json });
      expect(await values(husk, files)).toEqual(await values(runc, files));
    } finally {
      for (const runtime of [husk, runc]) await runtime.call(["delete", "--force", "one"]);
    }
  });

  needs(needed)("what the kernel refuses changes nothing", async () => {
    const { path } = makeBundle(["sleep", "100"]);
    const husk = huskRuntime();
    await husk.must(["run", "-d", "--bundle", path, "one"]);
    await husk.must(["update", "--pids-limit", "50", "one"]);
    const { status } = await husk.call(["update", "--pids-limit", "60", "--memory", "1k", "one"]);
    expect(status).toBe(1);
    expect(await values(husk, ["pids.max"])).toEqual(["50"]);
    await husk.must(["delete", "--force", "one"]);
    expect((await husk.call(["update", "--pids-limit", "60", "one"])).stderr).toContain(
      "container does not exist",
    );
  });
});

describe("events", () => {
  needs(beside)("--stats has the fields of runc's", async () => {
    const { path } = makeBundle(["sleep", "100"]);
    const shapes: unknown[] = [];
    for (const runtime of [huskRuntime(), runcRuntime()]) {
      await runtime.must(["run", "-d", "--bundle", path, "one"]);
      const { type, id, data } = JSON.parse(await runtime.must(["events", "--stats", "one"]));
      await runtime.must(["delete", "--force", "one"]);
      const keys = (value: object): string[] => Object.keys(value).toSorted();
      const cpu = Object.keys(data.cpu.usage).toSorted();
      shapes.push([
        type,
        id,
        keys(data),
        cpu,
        keys(data.cpuset),
        keys(data.memory),
        keys(data.memory.usage),
        keys(data.pids),
      ]);
      expect(data.memory.raw.hierarchical_memory_limit).toBeGreaterThan(0);
    }
    expect(shapes[0]).toEqual(shapes[1]);
  });

  needs(needed)("tells when memory runs out, reports at intervals, and ends with the container", async () => {
    const until = (file: string): string => `until test -e /${file}; do sleep 0.05; done`;
    const hungry = "head -c 60000000 /dev/zero | tail -c 60000000 | wc -c";
    const { path, rootfs } = makeBundle(
      ["sh", "-c", `${until("go")}; ${hungry}; ${until("end")}`],
      (config) => {
        config.linux.resources = { ...config.linux.resources, memory: { limit: 16 << 20 } };
      },
    );
    const husk = huskRuntime();
    await husk.must(["run", "-d", "--bundle", path, "one"]);
    const events = start([huskOciPath, "--root", husk.root, "events", "--interval", "300ms", "one"]);
    await waitFor("somebody who listens", () => events.stdout().includes('"stats"'));
    writeFileSync(`${rootfs}/go`, "");
    await waitFor("word of it", () => events.stdout().includes('"oom"'));
    writeFileSync(`${rootfs}/end`, "");
    const { status, stdout } = await events.result;
    const types = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).type);
    expect([status, types.includes("oom"), types.includes("stats")]).toEqual([0, true, true]);
    expect((await husk.call(["events", "--stats", "one"])).stderr).toContain(
      "container with id one is not running",
    );
    await husk.must(["delete", "one"]);
  });
});

describe("many at once", () => {
  needs(needed)(
    "none fails and none leaves anything",
    async () => {
      const { path } = makeBundle(["sleep", "100"]);
      const husk = huskRuntime();
      const count = isSoak ? 200 : 50;
      const ids = Array.from({ length: count }, (_, i) => `many-${i}`);
      const all = (command: readonly string[]) => Promise.all(ids.map((id) => husk.must([...command, id])));
      await all(["create", "--bundle", path]);
      await all(["start"]);
      const containers = JSON.parse(await husk.must(["list", "-f", "json"])) as { pid: number }[];
      const groups = containers.map(({ pid }) => groupFolder(pid, "pids"));
      expect(new Set(groups).size).toBe(count);
      await all(["delete", "--force"]);
      expect(readdirSync(husk.root)).toEqual([]);
      expect(groups.filter((path) => existsSync(path))).toEqual([]);
      expect(containers.filter(({ pid }) => isAlive(pid))).toEqual([]);
    },
    120_000,
  );

  needs(needed)("6 MB of memory are enough to be created and entered", async () => {
    const { path } = makeBundle(["sleep", "100"], (config) => {
      config.linux.resources = { ...config.linux.resources, memory: { limit: 6_000_000 } };
    });
    const husk = huskRuntime();
    await husk.must(["create", "--bundle", path, "one"]);
    await husk.must(["start", "one"]);
    await husk.must(["exec", "one", "true"]);
    await husk.must(["delete", "--force", "one"]);
  });
});

describe("spec and features", () => {
  needs(beside)(
    "spec writes what runc writes, but for the version, the host name and ambient capabilities",
    async () => {
      const folders = [temporaryFolder(), temporaryFolder()];
      const [husk, runc] = [huskRuntime(), runcRuntime()];
      for (const rootless of [[], ["--rootless"]]) {
        await husk.must(["spec", ...rootless, "--bundle", folders[0]!]);
        await runc.must(["spec", ...rootless, "--bundle", folders[1]!]);
        const [own, theirs] = folders.map((folder) =>
          JSON.parse(readFileSync(`${folder}/config.json`, "utf8")),
        );
        delete theirs.process.capabilities.ambient;
        const types = (config: Config) =>
          config.linux.namespaces
            .map(({ type }: { type: string }) => type)
            .filter((type: string) => type !== "cgroup")
            .toSorted();
        expect(types(own)).toEqual(types(theirs));
        expect(own.linux.resources).toEqual(theirs.linux.resources);
        expect(own.mounts.map((mount: Config) => mount.destination)).toEqual(
          theirs.mounts.map((mount: Config) => mount.destination),
        );
        expect(own.process).toEqual(theirs.process);
        for (const folder of folders) rmSync(`${folder}/config.json`);
      }
      await husk.must(["spec"], { cwd: folders[0]! });
      await runc.must(["spec"], { cwd: folders[1]! });
      expect(comparable(await husk.call(["spec"], { cwd: folders[0]! }))).toEqual(
        comparable(await runc.call(["spec"], { cwd: folders[1]! })),
      );
    },
  );

  needs(needed)("what spec writes runs at a terminal", async () => {
    const { path } = makeBundle(["true"]);
    rmSync(`${path}/config.json`);
    await huskRuntime().must(["spec", "--bundle", path]);
    const { stdout } = await run(
      ["script", "-qec", `${huskOciPath} run --bundle ${path} shell`, "/dev/null"],
      {
        stdin: "echo $((6*7)); exit\n",
        env: { HUSK_ROOT: temporaryFolder("root", 0o700), HUSK_RUN: temporaryFolder("run", 0o700) },
      },
    );
    expect(stdout).toContain("42");
  });

  needs({})("features is the JSON of the specification", async () => {
    const { ociVersionMin, ociVersionMax, hooks, linux } = JSON.parse(await huskRuntime().must(["features"]));
    expect([ociVersionMin, ociVersionMax, hooks.length]).toEqual(["1.0.0", "1.3.0", 6]);
    expect(linux.namespaces).toContain("time");
    expect(linux.seccomp.enabled).toBe(true);
  });
});
