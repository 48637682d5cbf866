// A keeper is killed, and its container with it: whoever looks next sees that, also the very process that started it.
import { afterAll, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openEngine } from "../src/index.ts";
import { engine, huskPath, processStat, repository, start, waitFor } from "./harness/index.ts";

const of = engine();
const husk = await openEngine({
  root: of.root,
  run: of.run,
  keeper: join(repository, "dist/keeper"),
  husk: [huskPath],
});

afterAll(async () => {
  const { stdout } = await of.husk(["ps", "-aq"]);
  if (stdout !== "") await of.husk(["rm", "-f", ...stdout.trim().split("\n")]);
});

/** Kills the keeper of a container, and waits until both are gone. */
async function killKeeper(id: string): Promise<void> {
  const first = await waitFor("the container", () => {
    const file = join(of.run, "containers", `${id}.pid`);
    return existsSync(file) && Number(readFileSync(file, "utf8"));
  });
  const keeper = processStat(first)?.parent ?? 0;
  expect(processStat(keeper)?.name).toBe("husk-keeper");
  process.kill(keeper, "SIGKILL");
  await waitFor("the end of both", () =>
    [keeper, first].every((pid) => "ZX".includes(processStat(pid)?.state ?? "X")),
  );
}

test("the library's own container: shown as lost, can be started again, and removed", async () => {
  const container = await husk.containers.run("host", ["sleep", "1000"], { name: "mine" });
  await killKeeper(container.id);
  const look = () => husk.containers.list({ all: true }).find(({ record }) => record.id === container.id);
  expect(look()).toMatchObject({ status: "exited", exitCode: 137, error: "keeper lost", pid: 0 });
  await container.start();
  expect(look()).toMatchObject({ status: "running", error: "" });
  await killKeeper(container.id);
  await container.remove({ force: true });
  expect([look(), existsSync(join(of.run, "containers", `${container.id}.json`))]).toEqual([
    undefined,
    false,
  ]);
});

test("the next command shows it, too, and starts it at once", async () => {
  const id = (await of.husk(["run", "-d", "--name", "other", "host", "sleep", "1000"])).stdout.trim();
  await killKeeper(id);
  const shown = await of.husk(["ps", "-a", "--format", "{{.Names}} {{.Status}}"]);
  expect(shown.stdout).toMatch(/^other Exited \(137\) /);
  const { status, stderr } = await of.husk(["start", "other"]);
  expect([status, stderr]).toEqual([0, ""]);
  expect((await of.husk(["exec", "other", "echo", "in"])).stdout).toBe("in\n");
});

test("what a killed command was clearing up is never done to the container's next run", async () => {
  const id = (await of.husk(["run", "-d", "--name", "again", "host", "sleep", "1000"])).stdout.trim();
  // A sweep that was killed after it had taken the record of an earlier run.
  const gone = start(["true"]);
  await gone.result;
  const record = join(of.run, "containers", `${id}.json`);
  await Bun.write(join(of.run, "containers", `.dead-${gone.pid}-1-${id}`), readFileSync(record));
  expect((await of.husk(["create", "--name", "sweeps", "host", "true"])).stderr).toBe("");
  expect((await of.husk(["ps", "--format", "{{.Names}}"])).stdout.split("\n")).toContain("again");
  expect((await of.husk(["exec", "again", "echo", "in"])).stdout).toBe("in\n");
  expect(existsSync(join(of.run, "containers", `.dead-${gone.pid}-1-${id}`))).toBe(false);
});

test("rm never takes away what is just being started", async () => {
  for (let round = 0; round < 5; round++) {
    const running = of.start(["run", "-d", "--name", `fresh${round}`, "host", "sleep", "1000"]);
    let removals = 0;
    while ((await Promise.race([running.result, Bun.sleep(1)])) === undefined) {
      const { status } = await of.husk(["rm", `fresh${round}`]);
      if (status === 0) removals++;
    }
    const { status, stderr } = await running.result;
    expect([round, status, stderr, removals]).toEqual([round, 0, "", 0]);
  }
});
