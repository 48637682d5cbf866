// A full disk below --root, or a reader of the log that does not read, ends no container and holds up nobody.
import { expect } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { engine, needs, run, shell, temporaryFolder, waitFor, huskPath } from "./harness/index.ts";

/** Whether a process has a container's log open. */
function readsLog(pid: number): boolean {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return ""; // Closed meanwhile.
    }
  });
  return links.some((link) => link.endsWith("/log"));
}

needs({ root: true })(
  "a disk that fills up: the container goes on, every command works, what was lost is told",
  async () => {
    const of = engine();
    const data = temporaryFolder("data", 0o777);
    expect((await run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", of.root])).status).toBe(0);
    try {
      const script = `head -c 3000000 /dev/zero | tr '\\0' x; sleep 0.1; echo; echo 1 > /mnt/full
        until [ -e /mnt/go ]; do sleep 0.02; done; echo run >> /mnt/runs; exit 5`;
      const begin = await of.husk([
        ...["run", "-d", "--name", "writer", "--restart", "on-failure:1", "-v", `${data}:/mnt`],
        ...["host", "sh", "-c", script],
      ]);
      expect([begin.status, begin.stderr]).toEqual([0, ""]);
      await waitFor("a full disk", () => existsSync(join(data, "full")));
      const id = begin.stdout.trim();

      expect((await of.husk(["ps", "--format", "{{.Names}} {{.State}}"])).stdout).toBe("writer running\n");
      expect((await of.husk(["exec", "writer", "sh", "-c", "echo in; exit 7"])).stdout).toBe("in\n");
      await waitFor("every byte in the log, or told of as lost", async () => {
        const logs = await of.husk(["logs", "writer"]);
        expect([logs.status, /^x+\n?$/.test(logs.stdout)]).toEqual([0, true]);
        const notes = [
          ...logs.stderr.matchAll(/^husk: warning: (\d+) bytes lost: no space left on the device$/gm),
        ];
        const lost = notes.reduce((sum, [, bytes]) => sum + Number(bytes), 0);
        return logs.stdout.trimEnd().length + lost === 3_000_000;
      });
      await shell('cat /dev/zero > "$1" || true', [join(of.root, "filler")]);
      // There is no room for another one, which is said, and nothing of it stays.
      const refused = await of.husk(["run", "-d", "--name", "other", "host", "true"]);
      expect([refused.status, refused.stdout]).toEqual([125, ""]);
      expect(refused.stderr).toMatch(/no space left|ENOSPC/i);
      expect(refused.stderr).toContain(of.root);
      expect((await of.husk(["ps", "-a", "--format", "{{.Names}}"])).stdout).toBe("writer\n");
      expect((await of.husk(["pause", "writer"])).status).toBe(0);
      expect((await of.husk(["unpause", "writer"])).status).toBe(0);

      // Its end is written down all the same, and it is started again as its policy says.
      writeFileSync(join(data, "go"), "");
      await waitFor("the end of the second run", async () => {
        const { stdout } = await of.husk([
          "inspect",
          "-f",
          "{{.State.Status}} {{.State.ExitCode}}",
          "writer",
        ]);
        return stdout === "exited 5\n" && readFileSync(join(data, "runs"), "utf8") === "run\nrun\n";
      });
      const before = statSync(join(of.root, "containers", id, "exit"));
      expect(before.size).toBeGreaterThan(63);
      expect((await of.husk(["rm", "writer"])).status).toBe(0);
      expect((await of.husk(["run", "--rm", "--name", "other", "host", "echo", "room"])).stdout).toBe(
        "room\n",
      );
    } finally {
      const { stdout } = await of.husk(["ps", "-aq"]);
      if (stdout !== "") await of.husk(["rm", "-f", ...stdout.trim().split("\n")]);
      await run(["umount", "-l", of.root]);
    }
  },
  120_000,
);

needs({})(
  "readers that do not read: logs -f and attach of a container that writes much hold up neither it nor others",
  async () => {
    const of = engine();
    const env = { HUSK_ROOT: of.root, HUSK_RUN: of.run };
    const data = temporaryFolder("data", 0o777);
    const script =
      "until [ -e /mnt/go ]; do sleep 0.02; done; seq 1 400000; echo 1 > /mnt/written; until [ -e /mnt/end ]; do sleep 0.02; done";
    await of.husk(["run", "-d", "--name", "seq", "-v", `${data}:/mnt`, "host", "sh", "-c", script]);
    const slow = [
      ["logs", "-f", "seq"],
      ["attach", "--no-stdin", "seq"],
    ].map((words) =>
      Bun.spawn([huskPath, ...words], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, ...env },
      }),
    );
    try {
      for (const { pid } of slow) await waitFor("a reader", () => readsLog(pid));
      await Bun.sleep(200);
      writeFileSync(join(data, "go"), "");
      await waitFor("all output", () => existsSync(join(data, "written")));
      const quick = await shell(`${huskPath} logs seq | sha256sum`, [], { env });
      const expected = await shell("seq 1 400000 | sha256sum");
      expect(quick.stdout).toBe(expected.stdout);
      writeFileSync(join(data, "end"), "");
      expect((await of.husk(["wait", "seq"])).stdout).toBe("0\n");
      for (const reader of slow) {
        const text = await new Response(reader.stdout).text();
        expect(text.split("\n").length).toBe(400_001);
        expect(await reader.exited).toBe(0);
      }
    } finally {
      for (const reader of slow) reader.kill("SIGKILL");
      await of.husk(["rm", "-f", "seq"]);
    }
  },
  120_000,
);

needs({ root: true })(
  "a full disk below --run: events are missing, and those that come later are read",
  async () => {
    const of = engine();
    mkdirSync(of.run, { recursive: true, mode: 0o700 });
    expect((await run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", of.run])).status).toBe(0);
    try {
      const events = async (): Promise<string[]> => {
        const shown = await of.husk(["events", "--since", "0", "--until", "0s", "--format", "{{.Action}}"]);
        expect([shown.status, shown.stderr]).toEqual([0, ""]);
        return shown.stdout.split("\n").filter(Boolean);
      };
      // More than a page of events from husk, and from keepers.
      const names = Array.from({ length: 12 }, (_, index) => `short${index}`);
      for (const name of names) {
        const begun = await of.husk(["run", "-d", "--name", name, "host", "sleep", "1000"]);
        expect([begun.status, begun.stderr]).toEqual([0, ""]);
      }
      const pids = (await of.husk(["inspect", "-f", "{{.State.Pid}}", ...names])).stdout.trim().split("\n");
      await shell('cat /dev/zero > "$1" || true', [join(of.run, "filler")]);
      const before = await events();
      for (const name of names) {
        await of.husk(["rename", name, `${name}-full`]);
        await of.husk(["rename", `${name}-full`, name]);
      }
      for (const pid of pids) process.kill(Number(pid), "SIGKILL");
      await waitFor("their end", async () => (await of.husk(["ps", "-q"])).stdout === "");
      const full = await events();
      expect(full.slice(0, before.length)).toEqual(before);
      expect(full.length).toBeLessThan(before.length + 36);
      unlinkSync(join(of.run, "filler"));
      await of.husk(["rm", names.at(-1)!]);
      expect((await events()).at(-1)).toBe("destroy");
    } finally {
      const { stdout } = await of.husk(["ps", "-aq"]);
      if (stdout !== "") await of.husk(["rm", "-f", ...stdout.trim().split("\n")]);
      await run(["umount", "-l", of.run]);
    }
  },
  120_000,
);
