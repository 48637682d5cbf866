// What containers wrote, and how it is read: husk logs, and container.logs() of the library.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openEngine } from "../src/index.ts";
import {
  allProcesses,
  commandLine,
  engine,
  huskPath,
  repository,
  run,
  temporaryFile,
  waitFor,
} from "./harness/index.ts";

const { root, run: runFolder, husk, start } = engine();
const library = () =>
  openEngine({ root, run: runFolder, keeper: join(repository, "dist/keeper"), husk: [huskPath] });

const started: string[] = [];
/** Starts a container; ended by the last hook. */
async function begin(name: string, flags: string[], script: string): Promise<void> {
  const { status, stderr } = await husk(["run", "-d", "--name", name, ...flags, "host", "sh", "-c", script]);
  expect([status, stderr]).toEqual([0, ""]);
  started.push(name);
}
afterAll(async () => {
  if (started.length > 0) await husk(["rm", "-f", ...started]);
});
const ended = (name: string) => husk(["wait", name]);

describe("what was written comes back", () => {
  test("to the stream it was written to, without a newline at its end, and after the end", async () => {
    await begin("both", [], "echo one; echo two >&2; printf three");
    await ended("both");
    const { status, stdout, stderr } = await husk(["logs", "both"]);
    expect([status, stdout, stderr]).toEqual([0, "one\nthree", "two\n"]);
  });

  test("byte for byte: 30 MB of random bytes, and a line of 10 MB", async () => {
    const file = temporaryFile("random");
    await run(["sh", "-c", `head -c 30000000 /dev/urandom > ${file}`]);
    await begin(
      "bytes",
      ["-v", `${file}:/data:ro`],
      "cat /data; echo; head -c 10000000 /dev/zero | tr '\\0' x; echo",
    );
    await ended("bytes");
    const logs = await run(["sh", "-c", `${huskPath} logs bytes | head -c 30000000 | cmp - ${file}`], {
      env: { HUSK_ROOT: root, HUSK_RUN: runFolder },
    });
    expect([logs.status, logs.stdout]).toEqual([0, ""]);
    const last = await run(["sh", "-c", `${huskPath} logs --tail 1 bytes | tr -d x | wc -c`], {
      env: { HUSK_ROOT: root, HUSK_RUN: runFolder },
    });
    expect(last.stdout.trim()).toBe("1");
  });

  test("a terminal's output is one stream, as it was printed", async () => {
    await begin("tty", ["-t"], "echo out; echo err >&2");
    await ended("tty");
    const { stdout, stderr } = await husk(["logs", "tty"]);
    expect([stdout, stderr]).toEqual(["out\r\nerr\r\n", ""]);
  });

  test("through rotation, as many files as were asked for", async () => {
    await begin("rotated", ["--log-opt", "max-size=100k", "--log-opt", "max-file=3"], "seq 1 60000");
    await ended("rotated");
    const lines = (await husk(["logs", "rotated"])).stdout.trimEnd().split("\n").map(Number);
    expect(lines.at(-1)).toBe(60_000);
    expect(lines.length).toBeLessThan(60_000);
    expect(lines.length).toBeGreaterThan(15_000);
    const first = lines[1] as number;
    expect(lines.slice(1)).toEqual(Array.from({ length: lines.length - 1 }, (_, i) => first + i));
    expect((await husk(["logs", "-n", "12000", "rotated"])).stdout.split("\n").length - 1).toBe(12_000);
  });
});

describe("what is chosen of it", () => {
  test("--tail, --since, --until, -t", async () => {
    await begin("times", [], "for i in 1 2 3; do echo line $i; sleep 0.15; done");
    await ended("times");
    expect((await husk(["logs", "--tail", "2", "times"])).stdout).toBe("line 2\nline 3\n");
    expect((await husk(["logs", "-n", "0", "times"])).stdout).toBe("");
    expect((await husk(["logs", "-n", "all", "times"])).stdout).toBe("line 1\nline 2\nline 3\n");
    const stamped = (await husk(["logs", "-t", "times"])).stdout.trimEnd().split("\n");
    for (const line of stamped) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line \d$/);
    const second = stamped[1]?.split(" ")[0] as string;
    expect((await husk(["logs", "--since", second, "times"])).stdout).toBe("line 2\nline 3\n");
    expect((await husk(["logs", "--until", second, "times"])).stdout).toBe("line 1\nline 2\n");
    expect((await husk(["logs", "--since", "10m", "times"])).stdout).toBe("line 1\nline 2\nline 3\n");
    expect((await husk(["logs", "--until", "10m", "times"])).stdout).toBe("");
  });

  test("mistakes", async () => {
    await begin("mistaken", [], "true");
    for (const [words, message] of [
      [["logs", "nobody"], "husk: No such container: nobody"],
      [["logs", "--since", "noon", "mistaken"], 'husk: invalid value "noon" for --since'],
      [["logs", "--tail", "x", "mistaken"], 'husk: invalid value "x" for --tail'],
      [["logs"], 'husk: "husk logs" requires exactly 1 argument'],
    ] as const) {
      const { status, stderr } = await husk(words);
      expect(status).not.toBe(0);
      expect(stderr).toStartWith(message);
    }
  });

  test("--log-driver none keeps nothing that logs would show", async () => {
    await begin("none", ["--log-driver", "none"], "echo secret");
    await ended("none");
    const { status, stdout, stderr } = await husk(["logs", "none"]);
    expect([status === 0, stdout]).toEqual([false, ""]);
    expect(stderr).toStartWith("husk: container none keeps no log (--log-driver none)");
  });
});

describe("--log-driver json-file", () => {
  test("copies the log to a file of docker's form while the container runs, and logs reads on", async () => {
    const flags = ["--log-driver", "json-file", "--log-opt", "labels=team", "-l", "team=blue"];
    await begin("json", flags, "echo one; sleep 0.5; echo two >&2; printf three");
    const path = (await husk(["inspect", "-f", "{{.LogPath}}", "json"])).stdout.trim();
    expect(path).toMatch(/\/[0-9a-f]{64}-json\.log$/);
    const lines = () =>
      existsSync(path)
        ? readFileSync(path, "utf8")
            .split("\n")
            // What stands behind the last end of a line is still being written.
            .slice(0, -1)
            .map((line) => JSON.parse(line))
        : [];
    await waitFor("the first line, while it runs", () => lines()[0]?.log === "one\n");
    await ended("json");
    await waitFor("all lines", () => lines().length === 3);
    const attrs = { team: "blue" };
    expect(lines()).toMatchObject([
      { log: "one\n", stream: "stdout", attrs },
      { log: "two\n", stream: "stderr", attrs },
      { log: "three", stream: "stdout", attrs },
    ]);
    const shown = await husk(["logs", "--details", "json"]);
    expect([shown.stdout, shown.stderr]).toEqual(["team=blue one\nteam=blue three", "team=blue two\n"]);
    expect((await husk(["logs", "-t", "json"])).stdout).toStartWith(`${lines()[0].time} one\n`);
    await husk(["start", "-a", "json"]);
    await waitFor("the second run", () => lines().length === 6);
    expect(lines().map(({ log }) => log)).toEqual(["one\n", "two\n", "three", "one\n", "two\n", "three"]);
  });
});

describe("--log-driver json-file, and the container is removed", () => {
  test("what copies the log leaves nothing behind", async () => {
    for (let round = 0; round < 3; round++) {
      await begin(`gone-${round}`, ["--log-driver", "json-file"], "while :; do echo more; sleep 0.01; done");
      const path = (await husk(["inspect", "-f", "{{.LogPath}}", `gone-${round}`])).stdout.trim();
      await waitFor("a copy", () => existsSync(path));
      await husk(["rm", "-f", `gone-${round}`]);
      const id = path.split("/").at(-2)!;
      const copiers = () => allProcesses().filter(({ pid }) => commandLine(pid).includes(id));
      await waitFor("the copier's end", () => copiers().length === 0);
      expect(existsSync(dirname(path))).toBe(false);
      expect(readdirSync(join(runFolder, "containers")).filter((name) => name.includes(id))).toEqual([]);
    }
  });
});

describe("following", () => {
  test("shows what comes, and ends with the container", async () => {
    await begin("follow", [], "echo first; sleep 0.4; echo second; sleep 0.2; printf last");
    const follower = start(["logs", "-f", "follow"]);
    await waitFor("the first line", () => follower.stdout().includes("first\n"));
    const { status, stdout } = await follower.result;
    expect([status, stdout]).toEqual([0, "first\nsecond\nlast"]);
  });

  test("goes on when the restart policy starts the container again", async () => {
    await begin("again", ["--restart", "on-failure:2"], "echo run; exit 1");
    const { stdout } = await start(["logs", "-f", "again"]).result;
    expect(stdout).toBe("run\nrun\nrun\n");
  });

  test("a reader that goes away ends logs, not the container", async () => {
    await begin("yes", [], "while :; do echo y; sleep 0.01; done");
    const { stdout } = await run(["sh", "-c", `${huskPath} logs -f yes | head -n 3`], {
      env: { HUSK_ROOT: root, HUSK_RUN: runFolder },
    });
    expect(stdout).toBe("y\ny\ny\n");
    expect((await husk(["ps", "-q", "-f", "name=yes"])).stdout).not.toBe("");
  });

  test("no line is lost through many rotations while it is written fast", async () => {
    await begin("fast", ["--log-opt", "max-size=1m", "--log-opt", "max-file=50"], "sleep 0.3; seq 1 300000");
    const { stdout } = await start(["logs", "-f", "fast"], { timeout: 60_000 }).result;
    expect(stdout).toBe((await run(["seq", "1", "300000"])).stdout);
  });
});

describe("from the library", () => {
  test("chunks by stream, following, until a signal", async () => {
    const opened = await library();
    await using container = await opened.containers.run("host", ["sh", "-c", "echo a; echo b >&2; sleep 60"]);
    const abort = new AbortController();
    const seen: string[] = [];
    for await (const { stream, bytes } of container.logs({ follow: true, signal: abort.signal })) {
      seen.push(`${stream}: ${new TextDecoder().decode(bytes)}`);
      if (seen.length === 2) abort.abort();
    }
    expect(seen.toSorted()).toEqual(["stderr: b\n", "stdout: a\n"]);
  });

  test("a log of 200 MB takes no more memory than a small one", async () => {
    const folder = temporaryFile("memory");
    mkdirSync(folder);
    const script = join(folder, "read.ts");
    writeFileSync(
      script,
      `import { openEngine } from ${JSON.stringify(join(repository, "src/index.ts"))};
const husk = await openEngine({ root: ${JSON.stringify(root)}, run: ${JSON.stringify(runFolder)}, keeper: "/", husk: ["/"] });
let bytes = 0;
for await (const chunk of husk.containers.get("large").logs()) bytes += chunk.bytes.length;
console.log(bytes, process.memoryUsage().rss);`,
    );
    await begin("large", [], "head -c 200000000 /dev/zero");
    await ended("large");
    const { stdout } = await run([process.execPath, script], { timeout: 60_000 });
    const [bytes, rss] = stdout.trim().split(" ").map(Number) as [number, number];
    expect(bytes).toBe(200_000_000);
    expect(rss).toBeLessThan(180_000_000);
  });
});
