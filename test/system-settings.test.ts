// Settings of the machine and the user, as the commands follow them; and what looks after husk as a whole.
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { engine, huskPath, needs, run, temporaryFolder } from "./harness/index.ts";

function settings(content: unknown): Record<string, string> {
  const file = join(temporaryFolder("settings"), "husk.json");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content), { mode: 0o644 });
  return { HUSK_CONFIG: file };
}

describe("settings", () => {
  test("are the defaults of containers, and part of them", async () => {
    const { husk } = engine();
    const env = settings({
      "default-ulimits": { nofile: "100:200" },
      "default-shm-size": "1m",
      "default-capabilities": ["CHOWN"],
      "no-new-privileges": true,
      "log-driver": "none",
      "log-opts": { "max-size": "5m" },
    });
    const script =
      "ulimit -Sn; ulimit -Hn; df -k /dev/shm | awk 'END{print $2}'; grep -E 'CapBnd|NoNewPrivs' /proc/self/status";
    const ran = await husk(["run", "--name", "one", "host", "sh", "-c", script], { env });
    expect(ran).toMatchObject({
      status: 0,
      stdout: "100\n200\n1024\nCapBnd:\t0000000000000001\nNoNewPrivs:\t1\n",
      stderr: "",
    });
    // The settings are gone, the container is what it was.
    expect((await husk(["start", "-a", "one"])).status).toBe(0);
    const inspected = JSON.parse((await husk(["inspect", "one"])).stdout)[0];
    expect(inspected.HostConfig).toMatchObject({ ShmSize: 1 << 20, LogConfig: { Type: "none" } });
    expect((await husk(["logs", "one"])).stderr).toContain("keeps no log");
  });

  test("flags go before them, variables before files", async () => {
    const { husk } = engine();
    const env = {
      ...settings({ "default-ulimits": { nofile: "100:200" }, "log-driver": "none" }),
      HUSK_LOG_DRIVER: "husk",
    };
    const { stdout } = await husk(
      ["run", "--name", "two", "--ulimit", "nofile=50:60", "host", "sh", "-c", "ulimit -Sn"],
      { env },
    );
    expect(stdout).toBe("50\n");
    expect((await husk(["logs", "two"])).stdout).toBe("50\n");
  });

  needs({ root: true, controller: "pids" })("limits", async () => {
    const { husk } = engine();
    const env = settings({ "pids-limit": 33 });
    const pids = "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null";
    expect((await husk(["run", "--rm", "host", "sh", "-c", pids], { env })).stdout).toBe("33\n");
    expect(
      (await husk(["run", "--rm", "--pids-limit", "44", "host", "sh", "-c", pids], { env })).stdout,
    ).toBe("44\n");
    const open = await husk(["run", "--rm", "--no-isolate", "limits", "host", "true"], { env });
    expect([open.status, open.stderr]).toEqual([0, ""]);
  });

  test("folders", async () => {
    const folder = temporaryFolder("elsewhere");
    const { husk } = engine();
    const env = settings({ root: join(folder, "root"), run: join(folder, "run") });
    const bare = await run([huskPath, "run", "--rm", "host", "echo", "there"], {
      env: { ...process.env, ...env, HUSK_ROOT: "", HUSK_RUN: "" },
    });
    expect(bare.stdout).toBe("there\n");
    expect(readdirSync(folder).toSorted()).toEqual(["root", "run"]);
    const { stdout } = await husk(["info", "--format", "{{.root}}"], { env });
    expect(stdout).not.toContain(folder);
  });

  test("a blocked registry", async () => {
    const env = settings({ "blocked-registries": ["blocked.example"] });
    const { status, stderr } = await engine().husk(["pull", "blocked.example/app"], { env });
    expect([status, stderr]).toEqual([
      1,
      "husk: the registry of blocked.example/app is blocked on this machine — the rule for blocked.example in husk.json says so\n",
    ]);
  });

  test("a mistake is one error, naming file and key; one of somebody else is not followed", async () => {
    const { husk } = engine();
    const env = settings({ memroy: "1g" });
    const { status, stderr } = await husk(["run", "host", "true"], { env });
    expect([status, stderr]).toEqual([
      125,
      expect.stringMatching(
        new RegExp(`^husk: ${env["HUSK_CONFIG"]}: unknown key "memroy" — known are root, .*\n$`),
      ),
    ]);
    chmodSync(env["HUSK_CONFIG"]!, 0o666);
    expect((await husk(["ps"], { env })).stderr).toContain("others than you and root could have written");
  });

  test("the user's own file; info tells of both and where they stand", async () => {
    const { husk } = engine();
    const home = temporaryFolder("home");
    mkdirSync(join(home, ".config/husk"), { recursive: true });
    const file = join(home, ".config/husk/husk.json");
    writeFileSync(file, `{"log-opts": {"max-size": "7m"}}`, { mode: 0o600 });
    const env = { HOME: home, XDG_CONFIG_HOME: "", HUSK_DETACH_KEYS: "ctrl-a" };
    const { stdout } = await husk(["info"], { env });
    expect(stdout).toContain(
      `Settings:\n log-opts: {"max-size":"7m"} (${file})\n detach-keys: ctrl-a (HUSK_DETACH_KEYS)`,
    );
  });
});

describe("the whole of it", () => {
  test("system df, prune and reset", async () => {
    const { must, husk, root, run: runFolder } = engine();
    const out = (...args: string[]): Promise<string> => must(args);
    await out(
      "run",
      "--name",
      "ended",
      "-v",
      "/own",
      "host",
      "sh",
      "-c",
      "head -c 100000 /dev/zero > /tmp/f",
    );
    await out("run", "-d", "--name", "busy", "-v", "named:/data", "host", "sleep", "100");
    expect((await out("info", "--format", "{{.Containers}} {{.ContainersRunning}} {{.Images}}")).trim()).toBe(
      "2 1 0",
    );
    const rows = await out("system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Active}}");
    expect(rows).toBe("Images 0 0\nContainers 2 1\nLocal Volumes 2 2\n");
    expect(await out("system", "df", "-v")).toMatch(/^named +1 +0B$/m);

    const asked = await husk(["system", "prune", "--volumes"], { stdin: "n\n" });
    expect(asked.stdout).toStartWith(
      "WARNING! This will remove:\n  - all stopped containers\n  - anonymous volumes",
    );
    expect((await out("ps", "-aq")).trim().split("\n")).toHaveLength(2);
    expect((await husk(["system", "prune", "--volumes", "--filter", "until=1h"])).status).toBe(1);
    expect(await out("system", "prune", "-f", "--filter", "label=none")).toBe("Total reclaimed space: 0B\n");
    const pruned = await out("system", "prune", "-f", "--volumes");
    expect(pruned).toMatch(
      /^Deleted Containers:\n[0-9a-f]{64}\n\nDeleted Volumes:\n[0-9a-f]{64}\n\nTotal reclaimed space: 1\d\d\.?\d*kB\n$/,
    );
    expect(await out("ps", "-a", "--format", "{{.Names}}")).toBe("busy\n");

    writeFileSync(join(root, "mine"), "not husk's");
    const kept = await husk(["system", "reset"], { stdin: "\n" });
    expect([kept.status, kept.stdout.includes(root)]).toEqual([0, true]);
    expect(await out("ps", "-q")).not.toBe("");
    expect(await out("system", "reset", "-f")).toBe(
      `Removed 1 containers, 1 volumes and all images of ${root}\n`,
    );
    expect(readdirSync(root)).toEqual(["mine"]);
    expect(existsSync(runFolder)).toBe(false);
    expect(await out("ps", "-aq")).toBe("");
  });

  test("system events and system info are events and info", async () => {
    const { husk } = engine();
    await husk(["create", "--name", "made", "host", "true"]);
    expect((await husk(["system", "events", "--since", "1m", "--until", "0s"])).stdout).toContain(
      "container create",
    );
    expect((await husk(["system", "info", "--format", "{{.ContainersStopped}}"])).stdout).toBe("1\n");
  });

  needs({ command: "systemd-analyze" })("systemd understands the unit", async () => {
    const { husk } = engine();
    const file = join(temporaryFolder("unit"), "husk.service");
    writeFileSync(file, (await husk(["system", "unit"])).stdout);
    const { status, stdout, stderr } = await run(["systemd-analyze", "verify", file]);
    expect([status, stdout, stderr.split("\n").filter((line) => line.includes("husk.service"))]).toEqual([
      0,
      "",
      [],
    ]);
  });
});
