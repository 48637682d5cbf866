// `husk cgroup set, get, stat`: one spelling for v1 and v2, compared with the kernel's files and libcgroup's tools.
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { folderWith, removeByHand } from "./harness/by-hand-group.ts";
import { husk, needs, run, startHusk, waitFor } from "./harness/index.ts";

const asRoot = needs({ root: true });
const v1 = needs({ root: true, cgroup: "v1" });
const withTools = needs({ root: true, cgroup: "v1", command: ["cgset", "cgget"] });

const name = `husk-test-set-${process.pid}`;
const real = `husk-test-set-${process.pid}-real`;

beforeAll(async () => {
  await husk(["cgroup", "create", name, real]);
});
afterAll(() => removeByHand(name));

async function cgroup(...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await husk(["cgroup", ...words]);
  expect([words, status, stderr]).toEqual([words, 0, ""]);
  return stdout;
}

async function refused(...words: readonly string[]): Promise<string> {
  const { status, stderr } = await husk(["cgroup", "set", name, ...words]);
  expect([words, status]).toEqual([words, 125]);
  return stderr;
}

const file = (controller: string, path: string): string =>
  readFileSync(`${folderWith(name, controller)}/${path}`, "utf8").trim();

describe("v2's and v1's names say the same", () => {
  const memory = Number(/MemTotal: +(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) * 1024;
  const cores = availableParallelism();
  for (const [setting, controller, v1File, v1Value] of [
    ["memory.max=80M", "memory", "memory.limit_in_bytes", "83886080"],
    ["memory.limit_in_bytes=1.5G", "memory", "memory.limit_in_bytes", "1610612736"],
    [
      "memory.max=25%",
      "memory",
      "memory.limit_in_bytes",
      `${Math.floor(Math.floor(memory / 4) / 4096) * 4096}`,
    ],
    ["memory.max=max", "memory", "memory.limit_in_bytes", "9223372036854771712"],
    ["memory.low=64MiB", "memory", "memory.soft_limit_in_bytes", "67108864"],
    ["cpu.weight=100", "cpu", "cpu.shares", "1024"],
    ["cpu.weight=1", "cpu", "cpu.shares", "2"],
    ["cpu.weight=10000", "cpu", "cpu.shares", "262144"],
    ["cpu.shares=256", "cpu", "cpu.shares", "256"],
    ["cpu.max=50%", "cpu", "cpu.cfs_quota_us", "50000"],
    ["cpu.max=5%machine", "cpu", "cpu.cfs_quota_us", `${5000 * cores}`],
    ["cpu.cfs_quota_us=20000", "cpu", "cpu.cfs_quota_us", "20000"],
    ["cpu.max=30000 50000", "cpu", "cpu.cfs_period_us", "50000"],
    ["cpu.cfs_period_us=100000", "cpu", "cpu.cfs_period_us", "100000"],
    ["cpu.max=max", "cpu", "cpu.cfs_quota_us", "-1"],
    ["pids.max=20", "pids", "pids.max", "20"],
    ["pids.max=-1", "pids", "pids.max", "max"],
    ["cpuset.cpus=0", "cpuset", "cpuset.cpus", "0"],
  ] as const) {
    v1(`${setting} is ${v1File} ${v1Value}`, async () => {
      await cgroup("set", name, "cpu.max=max 100000");
      await cgroup("set", name, setting);
      expect(file(controller, v1File)).toBe(v1Value);
    });
  }

  v1("S56: --explain says which file, which value, which formula", async () => {
    await cgroup("set", name, "cpu.max=max 100000");
    const { stderr } = await husk(["cgroup", "set", "--explain", name, "cpu.max=5%machine", "cpu.weight=50"]);
    expect(stderr).toContain(
      `5% of this machine's ${cores} cores: 5 / 100 × ${cores} × 100000 µs = ${5000 * cores} µs in each period`,
    );
    expect(stderr).toContain("cpu.weight is cpu.shares in v1; weight 50 of v2 is 421 shares of v1");
    const { stdout } = await husk(["explain", "--as-shell", "cgroup", "set", name, "memory.max=1M"]);
    expect(stdout).toContain(`echo 1048576 > ${folderWith(name, "memory")}/memory.limit_in_bytes\n`);
    await cgroup("set", name, "cpu.max=max");
  });

  const memsw = "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes";
  needs({ root: true, cgroup: "v1", file: memsw })(
    "memory and swap together in v1, swap alone in v2",
    async () => {
      await cgroup("set", name, "memory.max=80M", "memory.swap.max=20M");
      expect(file("memory", "memory.memsw.limit_in_bytes")).toBe(`${100 * 1024 ** 2}`);
      await cgroup("set", name, "memory.swap.max=max", "memory.max=max");
    },
  );

  asRoot("what is set is read back in either spelling", async () => {
    await cgroup("set", name, "cpu.max=max 100000");
    await cgroup("set", name, "memory.max=80M", "cpu.max=25%", "cpu.weight=100", "pids.max=9");
    const names = ["memory.max", "cpu.max", "cpu.cfs_quota_us", "cpu.weight", "cpu.shares", "pids.max"];
    const { stdout, stderr } = await husk(["cgroup", "get", "--explain", name, ...names]);
    expect(stdout).toBe(
      "memory.max: 83886080\ncpu.max: 25000 100000\ncpu.cfs_quota_us: 25000\ncpu.weight: 100\ncpu.shares: 1024\npids.max: 9\n",
    );
    expect(stderr).toContain(`cpu.weight: ${folderWith(name, "cpu")}/cpu.`);
    await cgroup("set", name, "memory.max=max", "cpu.max=max", "pids.max=max");
    expect(await cgroup("get", name, "-n", "-v", "-r", "memory.max", "-r", "cpu.max")).toBe(
      "max\nmax 100000\n",
    );
  });
});

withTools("S54, S56: cgset and husk write the same, cgget and husk read the same", async () => {
  for (const setting of [
    "cpu.shares=512",
    "memory.limit_in_bytes=64M",
    "cpu.cfs_quota_us=7000",
    "pids.max=11",
  ]) {
    await cgroup("set", "-r", setting, name);
    expect((await run(["cgset", "-r", setting, real])).stderr).toBe("");
    const [variable = ""] = setting.split("=");
    const theirs = await run(["cgget", "-n", "-v", "-r", variable, real]);
    expect(await cgroup("get", "-n", "-v", "-r", variable, name)).toBe(theirs.stdout);
  }
  await cgroup("set", name, "cpu.cfs_quota_us=-1", "memory.max=max", "pids.max=max");
});

asRoot("S60: memory.stat is the kernel's, word for word", async () => {
  const path = `${folderWith(name, "memory")}/memory.stat`;
  for (const command of ["get", "show"]) {
    // What ended in the group before is still being counted out of it.
    const [shown, is] = await waitFor("numbers that stand still", async () => {
      const before = readFileSync(path, "utf8");
      const said = await cgroup(command, name, "memory.stat");
      return readFileSync(path, "utf8") === before && [said, before];
    });
    expect(shown).toBe(is!);
  }
});

needs({ root: true, cgroup: "v1", controller: "blkio" })(
  "S62: weight and rates of block devices, or that there are none",
  async () => {
    const disk = (await run(["lsblk", "-dno", "MAJ:MIN"])).stdout.trim().split("\n")[0]?.trim();
    if (!disk) return;
    await cgroup("set", name, `io.max=${disk} rbps=1M wiops=100`);
    expect(file("blkio", "blkio.throttle.read_bps_device")).toBe(`${disk} 1048576`);
    expect(file("blkio", "blkio.throttle.write_iops_device")).toBe(`${disk} 100`);
    const weights = ["blkio.bfq.weight", "blkio.weight"].filter((weight) =>
      existsSync(`${folderWith(name, "blkio")}/${weight}`),
    );
    const set = await husk(["cgroup", "set", name, "blkio.weight=200"]);
    if (weights.length > 0) expect(file("blkio", weights[0] as string)).toBe("200");
    else expect(set.stderr).toContain(`control group "${name}" has no file blkio.weight`);
  },
);

v1("S63: rules for devices are written as they are", async () => {
  await cgroup("set", name, "devices.deny=a", "devices.allow=c 1:3 rwm");
  expect(file("devices", "devices.list")).toBe("c 1:3 rwm");
  const { stderr } = await husk(["cgroup", "exec", name, "sh", "-c", "echo x > /dev/null; cat /dev/zero"]);
  expect(stderr).toContain("Operation not permitted");
  await cgroup("set", name, "devices.allow=a");
});

describe("what is wrong is named, with what would be right", () => {
  for (const [words, ...errors] of [
    [["memory.max=lots"], 'invalid value "lots" for memory.max — a size such as 80M'],
    [["cpu.weight=0"], "a whole number from 1 to 10000"],
    [["cpu.max=0.5%"], "500 µs of 100000 µs is less than the kernel's minimum of 1000 µs"],
    [["cpu.max=500 100000"], 'the kernel refuses "500', "invalid argument (EINVAL)", "from 1000 µs up"],
    [["pids.max=many"], 'the kernel refuses "many"', "0 to 4194304, or max"],
    [["cpuset.cpus=999"], 'the kernel refuses "999"', "this machine has CPUs"],
    [["memory.mex=1"], `control group "${name}" has no file memory.mex — did you mean memory.max`],
    [["pids.max"], '"pids.max" has no value'],
    [["=3"], '"=3" is no setting'],
    [[], "what to set is missing"],
  ] as const) {
    v1(`${words.join(" ")}`, async () => {
      const stderr = await refused(...words);
      for (const error of errors) expect(stderr).toContain(error);
    });
  }

  v1("a limit below what the group uses and cannot give back", async () => {
    const container = startHusk([
      "cgroup",
      "exec",
      name,
      "sh",
      "-c",
      "head -c 60m /dev/zero | tail | sleep 30",
    ]);
    const used = (): number => Number(file("memory", "memory.usage_in_bytes"));
    await waitFor("memory to be used", () => used() > 30 * 1024 ** 2);
    const stderr = await refused("memory.max=1M");
    expect(stderr).toContain("device or resource busy (EBUSY)");
    expect(stderr).toContain("the group uses more than that");
    container.kill("SIGTERM");
    await husk(["cgroup", "kill", name]);
    await container.result;
  });

  needs({ root: true })("an ordinary user may look, and not touch", async () => {
    const denied = await run([
      "setpriv",
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      "--",
      "sh",
      "-c",
      `echo 1 > ${folderWith(name, "pids")}/pids.max`,
    ]);
    expect(denied.status).not.toBe(0);
  });
});

asRoot("S57: stat shows use and limits, as a table and as JSON", async () => {
  const name = `husk-test-set-${process.pid}-stat`;
  await cgroup("create", name);
  await cgroup("set", name, "cpu.max=5%", "memory.max=80M", "pids.max=20");
  const busy = startHusk(["cgroup", "exec", name, "sh", "-c", "exec yes > /dev/null"]);
  const throttled = (): number =>
    Number(/nr_throttled (\d+)/.exec(readFileSync(`${folderWith(name, "cpu")}/cpu.stat`, "utf8"))?.[1]);
  await waitFor("four periods that were cut short", () => throttled() > 3);
  const use = JSON.parse(await cgroup("stat", "--format", "json", name)) as {
    processes: number;
    memory: { limit: number };
    cpu: { limit: number; throttled: number; seconds: number };
    pids: { current: number; limit: number };
  };
  expect([use.processes, use.memory.limit, use.cpu.limit, use.pids]).toEqual([
    1,
    83886080,
    0.05,
    { current: 1, limit: 20, refused: 0 } as never,
  ]);
  expect(use.cpu.throttled).toBeGreaterThan(3);
  expect(await cgroup("stat", name)).toMatch(/ 5% of one core/);
  await cgroup("kill", name);
  await busy.result;
});
