// `husk nsenter` beside nsenter(1) of util-linux: the same command lines into the same process.
import { afterAll, beforeAll, describe, expect } from "bun:test";
import {
  commandLine,
  descendants,
  engine,
  findUser,
  husk,
  isRoot,
  makeRootfs,
  namespaceOf,
  needs,
  processStatus,
  run,
  type Running,
  start,
  startHusk,
  temporaryFolder,
  waitFor,
} from "./harness/index.ts";

const asRoot = needs({ root: true, command: "nsenter" });

async function programOf(running: Running, name: string): Promise<number> {
  const found = await waitFor(name, () =>
    descendants(running.pid).find(({ pid }) => commandLine(pid)[0] === name),
  );
  return found.pid;
}

const KINDS = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"] as const;
const SHOW = KINDS.map((kind) => `readlink /proc/self/ns/${kind}`).join("; ");

let target: Running;
let pid: number;

beforeAll(async () => {
  if (!isRoot) return;
  const options = ["-muinpfCT", "--mount-proc", "--user", "--map-root-user"];
  target = start(["unshare", ...options, "sh", "-c", "hostname inside; cd /usr; exec sleep 5555.5"], {
    timeout: 600_000,
  });
  pid = await programOf(target, "sleep");
});

afterAll(async () => {
  if (!isRoot) return;
  process.kill(pid, "SIGKILL");
  await target.result;
});

describe("each option enters what nsenter(1) enters", () => {
  for (const line of [
    "--mount",
    "--uts",
    "--ipc",
    "--net",
    "--pid",
    "--cgroup",
    "--user",
    "--user --preserve-credentials",
    "-U -m",
    "-m -u -i -n -p",
    "-m -u -i -n -p -C -U",
    "--all",
    "-a --no-fork",
    "--pid --no-fork",
    "-m --root",
    "-m --wd",
    "-m --root --wd=/etc",
    "-m -W /usr/bin",
    "-S 0 -G 0 -U",
    "-S 12 -G 34",
  ]) {
    asRoot(line, async () => {
      const words = [
        "--target",
        `${pid}`,
        ...line.split(" "),
        "sh",
        "-c",
        // The kernel gives numbers below 300 out once only, but in a process id namespace of one's own.
        `${SHOW}; hostname; pwd; id; [ $$ -lt 300 ] && echo low`,
      ];
      const [real, ours] = [await run(["nsenter", ...words]), await husk(["nsenter", ...words])];
      expect([ours.status, ours.stdout, ours.stderr]).toEqual([real.status, real.stdout, real.stderr]);
      expect(real.stdout).not.toBe("");
    });
  }

  asRoot("a file leads to a namespace, also directly behind the letter", async () => {
    for (const words of [[`--uts=/proc/${pid}/ns/uts`], [`-u/proc/${pid}/ns/uts`], ["-t", `${pid}`, "-u"]]) {
      const [real, ours] = [
        await run(["nsenter", ...words, "hostname"]),
        await husk(["nsenter", ...words, "hostname"]),
      ];
      expect([ours.status, ours.stdout, ours.stderr]).toEqual([real.status, "inside\n", ""]);
    }
  });

  asRoot("the root of another folder is entered", async () => {
    const jail = makeRootfs();
    const words = ["--target", `${pid}`, "--uts", `--root=${jail}`, "/bin/sh", "-c", "hostname; pwd; ls /"];
    const [real, ours] = [await run(["nsenter", ...words]), await husk(["nsenter", ...words])];
    expect([ours.status, ours.stdout, ours.stderr]).toEqual([real.status, real.stdout, real.stderr]);
  });
});

asRoot("a container of husk's can be entered by hand, and its first process is pid 1 there", async () => {
  const container = startHusk(["run", "--hostname", "box", "host", "--", "sleep", "44.4"]);
  const inner = await programOf(container, "sleep");
  const { stdout, stderr } = await husk([
    "nsenter",
    "-t",
    `${inner}`,
    "-a",
    "sh",
    "-c",
    "hostname; ps -o comm= 1; echo $$",
  ]);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^box\nsleep\n\d+\n$/);
  process.kill(inner, "SIGKILL");
  await container.result;
});

asRoot("the program is a child in the entered pid namespace, and dies with husk", async () => {
  const running = startHusk(["nsenter", "-t", `${pid}`, "-a", "sleep", "44.5"]);
  const inside = await programOf(running, "sleep");
  expect(namespaceOf(inside, "pid")).toBe(namespaceOf(pid, "pid") ?? "");
  expect(processStatus(inside, "NSpid")?.split("\t")).toHaveLength(2);
  running.kill("SIGKILL");
  await running.result;
  await waitFor("its end", () => commandLine(inside).length === 0);
});

asRoot("status, signals and the caller's shell", async () => {
  const mine = temporaryFolder("out");
  expect((await husk(["nsenter", "-t", `${pid}`, "-a", "sh", "-c", "exit 9"], { cwd: mine })).status).toBe(9);
  const running = startHusk([
    "nsenter",
    "-t",
    `${pid}`,
    "-p",
    "sh",
    "-c",
    "trap 'exit 6' USR1; echo ready; while :; do sleep 0.05; done",
  ]);
  await waitFor("ready", () => running.stdout().includes("ready"));
  running.kill("SIGUSR1");
  expect((await running.result).status).toBe(6);
});

describe("errors", () => {
  asRoot("name what is missing", async () => {
    for (const [words, status, error] of [
      [["--uts", "true"], 125, "--uts: no target process to take it from — give one with --target PID"],
      [["--all", "true"], 125, "--all: no target process"],
      [["-t", "4194304", "-u", "true"], 125, "process 4194304 does not exist"],
      [["--uts=/no/such/file", "true"], 125, "/no/such/file: no such file or directory"],
      [["--uts=/etc/passwd", "true"], 125, "/etc/passwd as uts namespace: invalid argument"],
      [["-t", `${pid}`, "-Z", "true"], 125, "-Z: not in this version of husk"],
      [["-t", `${pid}`, "-u", "no-such-program"], 127, "cannot run no-such-program: no such program"],
    ] as const) {
      const result = await husk(["nsenter", ...words]);
      expect(result.stderr).toContain(error);
      expect(result.status).toBe(status);
    }
  });

  needs({ testUser: true })(
    "an ordinary user may enter its own user namespace, and nobody else's",
    async () => {
      const user = findUser("husk-test");
      if (user === undefined) throw new Error("no test user");
      const mine = engine(user);
      const own = mine.start(["unshare", "-Ur", "-u", "sh", "-c", "hostname mine; exec sleep 44.6"]);
      const ownPid = await programOf(own, "sleep");
      const words = ["-t", `${ownPid}`, "-U", "-u", "--preserve-credentials", "sh", "-c", "id -u; hostname"];
      const real = await run(["nsenter", ...words], { user });
      const ours = await mine.husk(["nsenter", ...words]);
      expect([ours.status, ours.stdout, ours.stderr]).toEqual([real.status, "0\nmine\n", ""]);
      process.kill(ownPid, "SIGKILL");
      await own.result;
      const refused = await mine.husk(["nsenter", "-t", `${pid}`, "-u", "true"]);
      expect(refused.status).toBe(125);
      expect(refused.stderr).toContain("permission denied");
    },
  );
});

asRoot("husk explain nsenter shows the two turns, --explain measures them", async () => {
  const { stdout } = await husk(["explain", "nsenter", "-t", `${pid}`, "-a", "sh"]);
  expect(stdout).toContain("enter the user namespace");
  expect(stdout).toContain("if %");
  const measured = await husk(["nsenter", "--explain", "-t", `${pid}`, "-u", "hostname"]);
  expect(measured.stdout).toBe("inside\n");
  expect(measured.stderr).toMatch(/\d+ µs .*enter the uts namespace/);
  const script = await husk(["explain", "--as-shell", "nsenter", "-t", `${pid}`, "-u", "hostname"]);
  expect((await run(["sh", "-c", script.stdout])).stdout).toBe("inside\n");
});
