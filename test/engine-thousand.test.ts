// Very many containers that live on their own at once: a hundred, or a thousand in the long form.
import { afterAll, expect } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { openEngine } from "../src/index.ts";
import { foldersOf, removeByHand } from "./harness/by-hand-group.ts";
import { cpuMilliseconds } from "./harness/control-group.ts";
import {
  allProcesses,
  compile,
  commandLine,
  engine,
  huskPath,
  isRoot,
  isSoak,
  needs,
  repository,
  temporaryFolder,
  waitFor,
} from "./harness/index.ts";

const count = isSoak ? 1000 : 100;
const of = engine();
const parent = `husk-test-thousand-${process.pid}`;
const husk = await openEngine({
  root: of.root,
  run: of.run,
  keeper: `${repository}/dist/keeper`,
  husk: [huskPath],
});

afterAll(async () => {
  const { stdout } = await of.husk(["ps", "-aq"]);
  if (stdout !== "") await of.husk(["rm", "-f", ...stdout.trim().split("\n")], { timeout: 300_000 });
  await removeByHand(parent);
});

/** A root file system with nothing but a program that waits. */
function waiting(): string {
  const rootfs = temporaryFolder("rootfs");
  for (const folder of ["dev", "etc", "proc", "sys"]) mkdirSync(`${rootfs}/${folder}`);
  copyFileSync(compile("int main(void) { for (;;) pause(); }"), `${rootfs}/wait`);
  return rootfs;
}

function proportionalKilobytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  return Number(/^Pss: +(\d+) kB$/m.exec(text)?.[1]);
}

const note = (what: string, value: number): void => {
  if (process.env.HUSK_STORM !== undefined) console.log(`${what}: ${value.toFixed(2)}`);
};

needs({})(
  `${count} at once: small, quiet, quickly listed, and gone without a trace`,
  async () => {
    const rootfs = waiting();
    const options = isRoot ? { cgroupParent: parent } : {};
    const [begin, used] = [performance.now(), process.cpuUsage()];
    const ids: string[] = [];
    for (let i = 0; i < count; i++)
      ids.push(
        (await husk.containers.run({ rootfs }, ["/wait"], { ...options, name: `n${i}`, network: "none" })).id,
      );
    note("starts a second", (1000 * count) / (performance.now() - begin));
    const { user, system } = process.cpuUsage(used);
    note("processor milliseconds a start", (user + system) / 1000 / count);

    const shorts = new Set(ids.map((id) => id.slice(0, 12)));
    const keepers = allProcesses().filter(
      ({ pid, state }) => state !== "Z" && shorts.has(commandLine(pid)[1] ?? ""),
    );
    expect(keepers.length).toBe(count);
    const memory = keepers.reduce((sum, { pid }) => sum + proportionalKilobytes(pid), 0) / count;
    note("kB of a keeper", memory);
    expect(memory).toBeLessThanOrEqual(64);

    const activity = (): string =>
      keepers.map(({ pid }) => `${wakeUps(pid)} ${cpuMilliseconds(pid)}`).join("\n");
    // On a busy machine some have not yet come to rest.
    await waitFor("half a second in which no keeper wakes", async () => {
      const asleep = activity();
      await Bun.sleep(500);
      return activity() === asleep;
    });
    const atRest = activity();
    await Bun.sleep(1000);
    expect(activity()).toBe(atRest);

    const listings = [];
    for (let i = 0; i < 5; i++) {
      const { stdout, milliseconds, stderr } = await of.husk(["ps", "-q"]);
      expect([stdout.split("\n").length - 1, stderr]).toEqual([count, ""]);
      listings.push(milliseconds);
    }
    note("milliseconds of ps", Math.min(...listings));
    expect(husk.containers.list().map(({ status }) => status)).toEqual(ids.map(() => "running"));

    const removal = performance.now();
    const names = ids.map((_, i) => `n${i}`);
    const removed = await of.husk(["rm", "-f", ...names], { timeout: 200_000 });
    note("removals a second", (1000 * count) / (performance.now() - removal));
    expect([removed.status, removed.stderr]).toEqual([0, ""]);
    expect(removed.stdout.trim().split("\n").toSorted()).toEqual(names.toSorted());
    await waitFor("the end of all keepers", () => {
      const now = new Map(allProcesses().map((stat) => [stat.pid, stat]));
      return keepers.every(({ pid, startTime }) => {
        const stat = now.get(pid);
        return stat === undefined || stat.startTime !== startTime || stat.state === "Z";
      });
    });
    const left = [
      `${of.root}/containers`,
      `${of.root}/names`,
      `${of.root}/unfinished`,
      `${of.run}/containers`,
    ];
    expect(left.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []))).toEqual([]);
    expect(
      foldersOf(parent).flatMap((folder) =>
        readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()),
      ),
    ).toEqual([]);
  },
  isSoak ? 600_000 : 60_000,
);

/** How often a process has begun to wait; one that sleeps does not count on. */
function wakeUps(pid: number): number {
  return Number(
    /^voluntary_ctxt_switches:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1],
  );
}
