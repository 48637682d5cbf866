// What happens to containers by themselves: restart policies, health checks, events.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { removeGroup } from "./harness/by-hand-group.ts";
import { huskPath, isAlive, waitFor } from "./harness/index.ts";
import {
  another,
  becomes,
  begin,
  husk,
  keeperOf,
  of,
  pidOf,
  state,
  removeContainers,
} from "./life-engine.ts";

setDefaultTimeout(120_000);
afterAll(removeContainers);

describe("restart policies", () => {
  test("on-failure:N tries so often, and counts", async () => {
    const name = await begin(["--restart", "on-failure:2"], "sh", "-c", "echo run; exit 3");
    await waitFor(
      "three runs",
      async () => (await of.husk(["logs", name])).stdout === "run\nrun\nrun\n",
      20_000,
    );
    await becomes(name, "exited 3");
    await Bun.sleep(500);
    expect((await of.husk(["logs", name])).stdout).toBe("run\nrun\nrun\n");
    expect(await state(name, "{{.RestartCount}}")).toBe("2");
    const well = await begin(["--restart", "on-failure"], "sh", "-c", "echo run");
    await becomes(well, "exited 0");
    expect((await of.husk(["logs", well])).stdout).toBe("run\n");
    await husk(["rm", name, well]);
  });

  test("always goes on until somebody stops it, also while it waits", async () => {
    const name = await begin(["--restart", "always"], "sh", "-c", "echo run");
    await waitFor("runs", async () => (await of.husk(["logs", name])).stdout.split("\n").length > 3, 20_000);
    await husk(["stop", name]);
    const { stdout } = await of.husk(["logs", name]);
    await Bun.sleep(1000);
    expect((await of.husk(["logs", name])).stdout).toBe(stdout);
    expect(await state(name, "{{.State.Status}}")).toBe("exited");
    await husk(["rm", name]);
  });

  test("a killed keeper: 137, keeper lost; the policy starts it again", async () => {
    const alone = await begin([], "sleep", "100");
    const kept = await begin(["--restart", "unless-stopped"], "sleep", "100");
    const pids = [await pidOf(alone), await pidOf(kept)];
    for (const pid of pids) process.kill(keeperOf(pid), "SIGKILL");
    await waitFor("their end", () => pids.every((pid) => !isAlive(pid)));
    expect(await state(alone)).toBe("exited 137");
    expect(await state(alone, "{{.State.Error}}")).toBe("keeper lost");
    await waitFor("the restart", async () => (await state(kept)) === "running 0", 20_000);
    expect(await pidOf(kept)).not.toBe(pids[1]);
    await husk(["rm", "-f", alone, kept]);
  });

  test("after a reboot: exited, and start --all starts what its policy wants", async () => {
    const at = another();
    for (const [name, policy] of [
      ["plain", "no"],
      ["forever", "always"],
      ["usually", "unless-stopped"],
      ["stopped", "unless-stopped"],
      ["failed", "on-failure"],
    ] as const)
      await husk(["run", "-d", "--name", name, "--restart", policy, "host", "sleep", "100"], at);
    await husk(["stop", "-t", "0", "stopped"], at);
    // What a reboot does: every process is killed, and control groups and $run are empty.
    const groups = readdirSync(join(at.run, "containers"))
      .filter((file) => file.endsWith(".json"))
      .flatMap(
        (file) => JSON.parse(readFileSync(join(at.run, "containers", file), "utf8")).cgroups?.groups ?? [],
      );
    // No husk may look in between, or it would start again what was lost.
    const pids: number[] = [];
    for (const name of ["plain", "forever", "usually", "failed"]) pids.push(await pidOf(name, at));
    for (const keeper of pids.map(keeperOf)) process.kill(keeper, "SIGKILL");
    await waitFor("their end", () => !pids.some(isAlive));
    for (const group of groups) await removeGroup(group);
    for (const entry of readdirSync(at.run)) rmSync(join(at.run, entry), { recursive: true });
    expect(await state("plain", "{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}", at)).toBe(
      "exited 137 the machine was restarted",
    );
    const started = (await husk(["start", "--all"], at)).split("\n").toSorted();
    expect(started).toEqual(["failed", "forever", "usually"]);
    expect((await husk(["ps", "--format", "{{.Names}}"], at)).split("\n").toSorted()).toEqual(started);
    expect(await husk(["start", "--all"], at)).toBe("");
  });

  test("system unit is one of systemd's that does so", async () => {
    const unit = await husk(["system", "unit"]);
    expect(unit).toContain(`ExecStart=${huskPath} --root ${of.root} --run ${of.run} start --all\n`);
    expect(unit).toContain(`ExecStop=${huskPath} --root ${of.root} --run ${of.run} stop --all\n`);
    expect(unit).toContain("[Install]\nWantedBy=");
  });
});

describe("health", () => {
  test("checks make it healthy, then unhealthy, and are written down", async () => {
    const name = await begin(
      [
        "--health-cmd",
        "echo checked; test ! -e /tmp/sick",
        "--health-interval",
        "200ms",
        "--health-retries",
        "2",
      ],
      "sleep",
      "100",
    );
    const health = (): Promise<string> => state(name, "{{.State.Health.Status}}");
    await waitFor("healthy", async () => (await health()) === "healthy", 20_000);
    expect(
      await state(name, "{{(index .State.Health.Log 0).ExitCode}} {{(index .State.Health.Log 0).Output}}"),
    ).toBe("0 checked");
    await husk(["exec", name, "touch", "/tmp/sick"]);
    await waitFor("unhealthy", async () => (await health()) === "unhealthy", 20_000);
    const seen = await husk([
      "events",
      "--since",
      "1m",
      "--until",
      "0s",
      "-f",
      `container=${name}`,
      "-f",
      "event=health_status",
    ]);
    expect(seen.split("\n").map((line) => /health_status: (\w+)/.exec(line)?.[1])).toEqual([
      "healthy",
      "unhealthy",
    ]);
    await husk(["rm", "-f", name]);
  });

  test("a check that takes too long, or cannot be run, is a failure", async () => {
    const name = await begin(
      [
        "--health-cmd",
        "sleep 100",
        "--health-interval",
        "100ms",
        "--health-timeout",
        "300ms",
        "--health-retries",
        "1",
      ],
      "sleep",
      "100",
    );
    await waitFor(
      "unhealthy",
      async () => (await state(name, "{{.State.Health.Status}}")) === "unhealthy",
      20_000,
    );
    expect(await state(name, "{{(index .State.Health.Log 0).Output}}")).toContain(
      "Health check exceeded timeout",
    );
    await husk(["rm", "-f", name]);
  });
});

describe("events", () => {
  test("tell what happened, in docker's words, and end with --until", async () => {
    const name = await begin(["-l", "colour=red"], "sleep", "100");
    await husk(["kill", name]);
    await husk(["wait", name]);
    await husk(["rename", name, `${name}-b`]);
    await husk(["rm", `${name}-b`]);
    const actions = async (...filters: string[]): Promise<string[]> => {
      const flags = filters.flatMap((filter) => ["-f", filter]);
      const text = await husk([
        "events",
        "--since",
        "5m",
        "--until",
        "0s",
        "--format",
        "{{.Action}}",
        ...flags,
      ]);
      return text.split("\n");
    };
    expect(await actions("label=colour=red")).toEqual([
      "create",
      "start",
      "kill",
      "die",
      "rename",
      "destroy",
    ]);
    expect(await actions("label=colour=red", "event=die", "event=kill", "type=container")).toEqual([
      "kill",
      "die",
    ]);
    const json = await husk([
      "events",
      "--since",
      "5m",
      "--until",
      "0s",
      "--format",
      "json",
      "-f",
      "label=colour=red",
      "-f",
      "event=die",
    ]);
    expect(JSON.parse(json)).toMatchObject({
      status: "die",
      Type: "container",
      Action: "die",
      Actor: { Attributes: { exitCode: "137", image: "host", name, colour: "red" } },
      scope: "local",
    });
    expect(
      await husk([
        "events",
        "--since",
        "5m",
        "--until",
        "0s",
        "-f",
        "label=colour=red",
        "-f",
        "event=create",
      ]),
    ).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}[+-]\d\d:\d\d container create [0-9a-f]{64} \(colour=red, image=host, name=[^)]*\)$/,
    );
  });

  test("a container with long labels can be started, and its end is told", async () => {
    const name = await begin(["-l", `long=${"x".repeat(2500)}`, "-l", `other=${"é".repeat(900)}`], "true");
    await husk(["wait", name]);
    const seen = ["events", "--since", "5m", "--until", "0s", "-f", `container=${name}`, "-f", "event=die"];
    expect(await husk([...seen, "--format", "{{.Actor.Attributes.exitCode}}"])).toBe("0");
    await husk(["rm", name]);
  });

  test("are seen as they happen", async () => {
    const watching = of.start(["events", "--format", "{{.Action}} {{.Actor.Attributes.name}}"]);
    await waitFor("the first event", async () => {
      if (watching.stdout() === "") await begin(["--rm"], "true");
      return watching.stdout() !== "";
    });
    const name = await begin(["--rm"], "true");
    await waitFor("destroy", () => watching.stdout().includes(`destroy ${name}`));
    expect(
      watching
        .stdout()
        .match(new RegExp(`\\w+ ${name}`, "g"))
        ?.map((line) => line.split(" ")[0]),
    ).toEqual(["create", "start", "die", "destroy"]);
    watching.kill("SIGKILL");
    await watching.result;
  });
});
