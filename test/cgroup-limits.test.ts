// Limits, measured: memory, CPU time, processes, block I/O, device nodes.
import { expect } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { endContainers, groupFile, inside, processorTime } from "./harness/control-group.ts";
import { descendants, husk, needs, startHusk, waitFor } from "./harness/index.ts";

const withMemory = needs({ root: true, controller: "memory" });
const withCpu = needs({ root: true, controller: "cpu" });
const withPids = needs({ root: true, controller: "pids" });

// `grep` keeps the one endless line in memory until the limit; the others end with a broken pipe.
const greedy = "yes | tr \\\\n x | head -c 1048576000 | grep n; echo ${PIPESTATUS[@]}";

withMemory("S58, S59: who takes more memory than the limit is killed, nobody else", async () => {
  const flags = ["-m", "80m", "--memory-swap", "80m"];
  const { stdout } = await husk(["run", ...flags, "host", "--", "bash", "-c", greedy]);
  expect(stdout.trim()).toBe("141 141 141 137");
});

withMemory("S58: the limit stands in the kernel's file, swap counted in", async () => {
  const container = startHusk(["run", "-m", "80m", "--memory-swap", "80m", "host", "--", "sleep", "30"]);
  const pid = await inside(container, "sleep");
  expect(groupFile(pid, "memory", "memory.limit_in_bytes", "memory.max")).toBe("83886080");
  const swap = groupFile(pid, "memory", "memory.memsw.limit_in_bytes", "memory.swap.max");
  expect(["83886080", "0"]).toContain(swap);
  await endContainers(container);
});

withMemory("S69: without limits a container may take what there is, and kill -9 ends it", async () => {
  const allocate = ["dd", "if=/dev/zero", "of=/dev/null", "bs=950M", "count=1"];
  expect((await husk(["run", "host", "--", ...allocate])).stderr).toContain("1+0 records out");
  const container = startHusk(["run", "host", "--", "yes"], {});
  const pid = await inside(container, "yes");
  process.kill(pid, "SIGKILL");
  expect((await container.result).status).toBe(137);
});

needs({ root: true, controller: ["cpu", "cpuset"] })(
  "S54: on a contended CPU, shares divide the time in proportion",
  async () => {
    const start = (shares: number) =>
      startHusk([
        "run",
        "--cpuset-cpus",
        "0",
        "--cpu-shares",
        `${shares}`,
        "host",
        "--",
        "sh",
        "-c",
        "exec yes > /dev/null",
      ]);
    const [big, small] = [start(1024), start(256)];
    const pids = [await inside(big, "yes"), await inside(small, "yes")];
    const [more = 0, less = 1] = await processorTime(pids, 2000);
    // v2 weights are on another curve: 100 to 37.
    const inV2 = groupFile(pids[1] as number, "cpu", "cpu.weight", "cpu.shares") !== "256";
    expect(more / less).toBeGreaterThan(inV2 ? 2 : 3);
    expect(more / less).toBeLessThan(inV2 ? 3.5 : 5.3);
    await endContainers(big, small);
  },
);

withCpu("S56: a quota of 5 % of the whole machine", async () => {
  const quota = 5000 * availableParallelism();
  const flags = ["--cpu-period", "100000", "--cpu-quota", `${quota}`];
  const container = startHusk(["run", ...flags, "host", "--", "sh", "-c", "exec yes > /dev/null"]);
  const pid = await inside(container, "yes");
  const [time = 0] = await processorTime([pid], 2000);
  const expected = Math.min(2000, (2000 * quota) / 100000);
  expect(time).toBeGreaterThan(0.75 * expected - 10);
  expect(time).toBeLessThan(1.25 * expected + 10);
  await endContainers(container);
});

withCpu("S57: 5 % of one CPU, and the kernel counts the periods that were cut short", async () => {
  const container = startHusk(["run", "--cpus", "0.05", "host", "--", "sh", "-c", "exec yes > /dev/null"]);
  const pid = await inside(container, "yes");
  const [time = 0] = await processorTime([pid], 2000);
  expect(time).toBeLessThan(100 * 1.25 + 10);
  const throttled = /nr_throttled (\d+)/.exec(groupFile(pid, "cpu", "cpu.stat"))?.[1];
  expect(Number(throttled)).toBeGreaterThan(10);
  await endContainers(container);
});

withPids("S70: beyond the limit of processes fork fails, and the kernel counts it", async () => {
  const script = "for i in 1 2 3 4 5; do sleep 20 & done; wait";
  const container = startHusk(["run", "--pids-limit", "3", "host", "--", "bash", "-c", script]);
  await waitFor("bash to complain", () =>
    container.stderr().includes("fork: retry: Resource temporarily unavailable"),
  );
  const pid = await inside(container, "sleep");
  expect(groupFile(pid, "pids", "pids.max")).toBe("3");
  expect(Number(/max (\d+)/.exec(groupFile(pid, "pids", "pids.events"))?.[1])).toBeGreaterThan(0);
  await endContainers(container);
});

withPids("S71: a fork bomb stays in its container", async () => {
  // Not the last command, which bash would become: pid 1 stays the one bash that lives long.
  const script = ":(){ :|:& };:; sleep 20; true";
  const container = startHusk(["run", "--pids-limit", "60", "host", "--", "bash", "-c", script]);
  const bash = await inside(container, "bash");
  await waitFor(
    "the limit to be reached",
    () => Number(/max (\d+)/.exec(groupFile(bash, "pids", "pids.events"))?.[1]) > 0,
  );
  const other = await husk(["run", "host", "--", "true"]);
  expect(other.status).toBe(0);
  expect(other.milliseconds).toBeLessThan(2000);
  await endContainers(container);
  expect(descendants(container.pid)).toEqual([]);
});

/** A whole disk of this machine, by name. */
const disk = readdirSync("/sys/block").find((name) => /^(vd|sd|nvme|loop)/.test(name));

needs({ root: true, controller: "blkio", ...(disk === undefined ? {} : { file: `/dev/${disk}` }) })(
  "S62: weight and rates of block devices stand in the kernel's files",
  async () => {
    const numbers = statSync(`/dev/${disk}`).rdev;
    const device = `${numbers >> 8}:${numbers & 0xff}`;
    const flags = [
      "--blkio-weight",
      "300",
      "--device-read-bps",
      `/dev/${disk}:1mb`,
      "--device-write-iops",
      `/dev/${disk}:10`,
    ];
    const container = startHusk(["run", ...flags, "host", "--", "sleep", "30"]);
    const pid = await inside(container, "sleep");
    expect(groupFile(pid, "blkio", "blkio.bfq.weight", "blkio.weight")).toContain("300");
    expect(groupFile(pid, "blkio", "blkio.throttle.read_bps_device")).toBe(`${device} 1048576`);
    expect(groupFile(pid, "blkio", "blkio.throttle.write_iops_device")).toBe(`${device} 10`);
    await endContainers(container);
  },
);

needs({ root: true, controller: "devices" })("S63: a disk's node made inside does not open", async () => {
  const script =
    "cd /root; mknod disk b 254 0; mknod memory c 1 1; mknod zero c 1 5; for f in disk memory zero; do head -c 1 $f > /dev/null && echo $f opens; done; true";
  const { stdout, stderr } = await husk(["run", "--cap-add", "MKNOD", "host", "--", "sh", "-c", script]);
  expect(stdout).not.toContain("disk opens");
  expect(stdout).not.toContain("memory opens");
  expect(stderr).toMatch(/disk.*(Operation not permitted|Permission denied)/);
});

needs({ root: true })("limits out of range are refused by name", async () => {
  const refused: [string[], string][] = [
    [["-m", "5m"], "memory limit 5 MiB"],
    [["-m", "64m", "--memory-swap", "32m"], "lower than the memory limit"],
    [["--cpus", "1000"], "this machine has"],
    [["--cpuset-cpus", "999"], "no number 999"],
    [["--cpu-quota", "500"], "minimum is 1000"],
    [["--cpu-shares", "1"], "cpu shares 1"],
    [["--blkio-weight", "5"], "not between 10 and 1000"],
  ];
  for (const [flags, message] of refused) {
    const { status, stderr } = await husk(["run", ...flags, "host", "--", "true"]);
    expect(stderr).toContain(message);
    expect(status).toBe(125);
  }
});
