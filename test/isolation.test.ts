// What a container is made of, seen from both sides: its files, processes, names and limits, and what shows
// through when one layer is left out.
import { describe, expect, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { endContainers, firstProcess, inside, processorTime } from "./harness/control-group.ts";
import {
  husk,
  huskPath,
  isAlive,
  isRoot,
  makeRootfs,
  namespaceOf,
  needs,
  program32,
  run,
  type Running,
  shell,
  start,
  startHusk,
  temporaryFile,
  waitFor,
} from "./harness/index.ts";

/** A process of the host that a container might see. */
const hostProcess = (): Running => start(["tail", "-f", "/dev/null"]);

async function stop(running: Running): Promise<void> {
  running.kill("SIGKILL");
  await running.result;
}

describe("layers", () => {
  const marker = temporaryFile("marker");
  writeFileSync(marker, "of the host");

  /** What a container with these flags has of its own. */
  async function ownParts(...flags: readonly string[]): Promise<string[]> {
    const host = hostProcess();
    const script = `[ -e ${marker} ] || echo files; [ -e /proc/${host.pid}/stat ] || echo processes; hostname`;
    const { stdout } = await husk(["run", ...flags, "host", "sh", "-c", script]);
    await stop(host);
    return stdout
      .trim()
      .split("\n")
      .map((line) => (line === hostname() ? "" : line.replace(/^[0-9a-f]{12}$/, "name")));
  }

  test("S1: files, processes and names are a container's own; each can be left out alone", async () => {
    expect(await ownParts()).toEqual(["files", "processes", "name"]);
    expect(await ownParts("--no-isolate", "root")).toEqual(["processes", "name"]);
    expect(await ownParts("--no-isolate", "pid")).toEqual(["files", "name"]);
    expect(await ownParts("--no-isolate", "uts")).toEqual(["files", "processes", ""]);
    expect(await ownParts("--no-isolate", "root,pid,uts")).toEqual([""]);
  });

  needs({ root: true, controller: "cpu" })("S1: so can the limits, and nothing else changes", async () => {
    const busy = ["host", "sh", "-c", "while :; do :; done"];
    const [limited, unlimited] = [
      startHusk(["run", "--cpus", "0.1", ...busy]),
      startHusk(["run", "--no-isolate", "limits", ...busy]),
    ];
    const pids = await Promise.all([limited, unlimited].map((container) => inside(container, "sh")));
    // Beside others, the unlimited one waits for its turn.
    await waitFor("much more than a tenth of a processor", async () => {
      const [little = 0, much = 0] = await processorTime(pids, 700);
      expect(little).toBeLessThan(180);
      return much > 2 * little;
    });
    await endContainers(limited, unlimited);
    expect(await ownParts("--no-isolate", "limits")).toEqual(["files", "processes", "name"]);
  });

  test("without a root of its own a container leaves the host's devices as they are", async () => {
    const devices = (): string[] =>
      readdirSync("/dev").map((name) => {
        const { ino, mode, rdev } = lstatSync(join("/dev", name));
        return `${name} ${ino} ${mode} ${rdev}`;
      });
    const before = devices();
    for (const flags of [
      ["--no-isolate", "root"],
      ["--no-isolate", "root,mount"],
      ["--no-isolate", "mount"],
    ])
      expect((await husk(["run", ...flags, "host", "true"])).stderr).toBe("");
    expect(devices()).toEqual(before);
  });

  test("S2: the kernel is the host's, and a container starts in milliseconds", async () => {
    const release = readFileSync("/proc/sys/kernel/osrelease", "utf8");
    const results = [];
    for (let i = 0; i < 5; i++) results.push(await husk(["run", "host", "uname", "-r"]));
    for (const { stdout } of results) expect(stdout).toBe(release);
    expect(Math.min(...results.map(({ milliseconds }) => milliseconds))).toBeLessThan(200);
  });

  test("S13: with the host's processes in view, a changed root does not keep anybody from killing them", async () => {
    for (const [flags, status] of [
      [[], 1],
      [["--no-isolate", "pid"], 0],
    ] as const) {
      const host = hostProcess();
      const killed = await husk(["run", ...flags, "host", "sh", "-c", `kill ${host.pid}`]);
      expect([flags, killed.status, killed.stderr]).toEqual([
        flags,
        status,
        status === 0 ? "" : expect.stringContaining("No such process"),
      ]);
      if (status === 0) expect((await host.result).status).toBe(143);
      else {
        expect(isAlive(host.pid)).toBe(true);
        await stop(host);
      }
    }
  });
});

describe("namespaces", () => {
  const kinds = ["cgroup", "ipc", "mnt", "net", "pid", "uts"];

  /** The kinds of namespaces in which a container with these flags is not where the host is. */
  async function ownKinds(...flags: readonly string[]): Promise<string[]> {
    const all = [...kinds, "user", "time"];
    const paths = all.map((kind) => `/proc/self/ns/${kind}`);
    const { stdout, stderr } = await husk(["run", ...flags, "host", "readlink", ...paths]);
    expect(stderr).toBe("");
    const found = stdout.trim().split("\n");
    return all.filter((kind, i) => found[i] !== namespaceOf(process.pid, kind));
  }

  const user = isRoot ? [] : ["user"];
  const without = (kind: string): string[] => [...kinds.filter((name) => name !== kind), ...user];

  test("S33: each kind is new, seen from inside", async () => {
    expect(await ownKinds()).toEqual([...kinds, ...user]);
  });

  test.each([
    ["cgroup", ["--cgroupns", "host"]],
    ["ipc", ["--ipc", "host"]],
    ["net", ["--network", "host"]],
    ["pid", ["--pid", "host"]],
    ["uts", ["--uts", "host"]],
    ["cgroup", ["--no-isolate", "cgroup"]],
    ["ipc", ["--no-isolate", "ipc"]],
    ["net", ["--no-isolate", "network"]],
    ["pid", ["--no-isolate", "pid"]],
    ["uts", ["--no-isolate", "uts"]],
  ])("S33: all but %s with %j", async (kind, flags) => {
    expect(await ownKinds(...flags)).toEqual(without(kind));
  });

  needs({ root: true })("S33: a user namespace too, where one is asked for", async () => {
    expect(await ownKinds("--uidmap", "0:100000:65536")).toEqual([...kinds, "user"]);
    expect(await ownKinds("--no-isolate", "mount", "--no-isolate", "root")).toEqual(without("mnt"));
  });

  needs({ command: "findmnt" })(
    "S34: /proc and /sys are mounted; by hand they can be mounted again",
    async () => {
      const list = "findmnt -n -o FSTYPE";
      const usual = await husk(["run", "host", "sh", "-c", `${list} /proc; ${list} /sys; ${list} /dev/shm`]);
      expect(usual.stdout).toBe("proc\nsysfs\ntmpfs\n");
      const script = `cd /mnt; mkdir p s t; mount -t proc p p; mount -t sysfs s s; mount -t tmpfs t t
      for f in p s t; do ${list} /mnt/$f; done; touch t/written; ls t; umount p s t; ls s`;
      const byHand = await husk(["run", "--privileged", "host", "sh", "-euc", script]);
      expect(byHand).toMatchObject({ status: 0, stdout: "proc\nsysfs\ntmpfs\nwritten\n", stderr: "" });
    },
  );

  needs({ command: "ps" })("S35: the program is pid 1, and sees its own processes only", async () => {
    const container = startHusk([
      "run",
      "host",
      "sh",
      "-c",
      'sleep 60 & until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done; ps -e -o pid=,comm=; ls /proc; echo end; wait',
    ]);
    await waitFor("the lists", () => container.stdout().includes("end\n"));
    const lines = container
      .stdout()
      .split("\n")
      .map((line) => line.trim().split(/\s+/));
    const listed = lines
      .filter(([pid, name]) => Number(pid) > 0 && name !== undefined)
      .map(([, name]) => name);
    expect(listed).toEqual(["sh", "sleep", "ps"]);
    expect(lines[0]).toEqual(["1", "sh"]);
    // sh, sleep, and ls itself
    expect(lines.filter(([pid, name]) => Number(pid) > 0 && name === undefined).length).toBe(3);
    await endContainers(container);
  });

  needs({ command: "pstree" })("S35: as a tree", async () => {
    expect((await husk(["run", "host", "bash", "-c", "pstree -p; true"])).stdout).toMatch(
      /^bash\(1\)-+pstree\(\d+\)\n$/,
    );
  });

  test("S36: kill -9 of a host's process finds nobody", async () => {
    const host = hostProcess();
    const { status, stderr } = await husk(["run", "host", "bash", "-c", `kill -9 ${host.pid}`]);
    expect([status, stderr]).toEqual([1, expect.stringContaining(`(${host.pid}) - No such process`)]);
    expect(isAlive(host.pid)).toBe(true);
    await stop(host);
  });

  test("S38: kill -9 1 inside does nothing, to the container or the host; from outside it ends it", async () => {
    const container = startHusk([
      "run",
      "host",
      "sh",
      "-c",
      "kill -9 1; kill -9 $$; sh -c 'kill -9 1'; echo alive; sleep 60; true",
    ]);
    await waitFor("life", () => container.stdout() === "alive\n");
    expect(isAlive(1)).toBe(true);
    process.kill(firstProcess(container)!, "SIGKILL");
    expect((await container.result).status).toBe(137);
  });

  test("S42: a container has a name of its own, and renaming it renames nobody else", async () => {
    const before = hostname();
    expect((await husk(["run", "--hostname", "box", "host", "hostname"])).stdout).toBe("box\n");
    expect((await husk(["run", "--uts", "host", "host", "hostname"])).stdout).toBe(`${before}\n`);
    const script = "hostname renamed; hostname; cat /proc/sys/kernel/hostname";
    const renamed = await husk(["run", "--privileged", "host", "sh", "-c", script]);
    expect(renamed.stdout).toBe("renamed\nrenamed\n");
    expect(readFileSync("/proc/sys/kernel/hostname", "utf8")).toBe(`${before}\n`);
  });

  needs({ command: ["ipcmk", "ipcs", "ipcrm"] })(
    "S43: message queues and shared memory are a container's own",
    async () => {
      const id = /: (\d+)/.exec((await run(["ipcmk", "-Q"])).stdout)![1]!;
      const shared = `/dev/shm/husk-test-${process.pid}`;
      writeFileSync(shared, "of the host");
      try {
        const count = `ipcs -q | grep -c '^0x'; ls ${shared} 2> /dev/null; grep -c . /proc/sysvipc/msg`;
        const own = await husk(["run", "host", "sh", "-c", count]);
        expect(own.stdout).toBe("0\n1\n");
        const hosts = await husk(["run", "--ipc", "host", "host", "sh", "-c", count]);
        expect(Number(hosts.stdout.split("\n")[0])).toBeGreaterThan(0);
        expect(hosts.stdout).toContain(shared);
        const made = await husk([
          "run",
          "host",
          "sh",
          "-c",
          "ipcmk -Q > /dev/null; ipcmk -M 4096 > /dev/null; ipcs -q | grep -c ^0x; touch /dev/shm/mine /dev/mqueue/mine; echo $?",
        ]);
        expect(made.stdout).toBe("1\n0\n");
        expect(existsSync("/dev/shm/mine")).toBe(false);
      } finally {
        await shell(`ipcrm -q ${id}; rm ${shared}`);
      }
    },
  );
});

needs({ command: "busybox" })(
  "S14: the host's programs read and write files of a container at work",
  async () => {
    const rootfs = makeRootfs();
    const container = startHusk([
      "run",
      "--rootfs",
      rootfs,
      "sh",
      "-c",
      "echo inside > /from-inside; while [ ! -e /from-host ]; do sleep 0.05; done; cat /from-host",
    ]);
    const file = join(rootfs, "from-inside");
    await waitFor(
      "the container's file",
      () => existsSync(file) && readFileSync(file, "utf8") === "inside\n",
    );
    writeFileSync(join(rootfs, "from-host"), "outside\n");
    expect((await container.result).stdout).toBe("outside\n");
  },
);

needs({ root: true, command: "busybox" })("S14: also through /proc of its first process", async () => {
  const container = startHusk([
    "run",
    "host",
    "sh",
    "-c",
    "echo x > /root/inside; echo ready; exec sleep 60",
  ]);
  await waitFor("the file", () => container.stdout() === "ready\n");
  const pid = firstProcess(container)!;
  expect(readFileSync(`/proc/${pid}/root/root/inside`, "utf8")).toBe("x\n");
  expect(readlinkSync(`/proc/${pid}/cwd`)).toBe("/");
  await endContainers(container);
});

describe("S17: 32-bit programs", () => {
  test("--personality linux32: uname says so inside, and not outside", async () => {
    expect((await husk(["run", "--personality", "linux32", "host", "uname", "-m"])).stdout).toBe("i686\n");
    expect((await husk(["run", "host", "uname", "-m"])).stdout).toBe("x86_64\n");
    expect((await run(["uname", "-m"])).stdout).toBe("x86_64\n");
  });

  needs({ command: ["cc", "busybox"] })(
    "an i386 program runs, and the default seccomp profile holds for it too",
    async () => {
      const rootfs = makeRootfs();
      const calls = { getppid: 64, umount: 22, "add-key": 286, "no-such-call": 999 };
      for (const [name, call] of Object.entries(calls))
        copyFileSync(program32(call), join(rootfs, "bin", name));
      const status = async (...words: string[]): Promise<number> =>
        (await husk(["run", "--personality", "linux32", "--rootfs", rootfs, ...words])).status;
      const [EPERM, ENOSYS] = [1, 38];
      // The parent of pid 1 is in no view of it: 0.
      expect(await status("getppid")).toBe(0);
      expect(await status("no-such-call")).toBe(ENOSYS);
      for (const name of ["umount", "add-key"]) expect([name, await status(name)]).toEqual([name, EPERM]);
      expect(await status("--security-opt", "seccomp=unconfined", "add-key")).not.toBe(EPERM);
    },
  );
});

/** What strace wrote, each call in one line, also if another process was traced before it came back. */
function wholeCalls(trace: string): string {
  const begun = new Map<string, string>();
  return trace
    .split("\n")
    .flatMap((line) => {
      const pid = line.slice(0, line.indexOf(" "));
      const [, end] = /<\.\.\. \w+ resumed>(.*)$/.exec(line) ?? [];
      if (end !== undefined) return [`${begun.get(pid) ?? ""}${end}`];
      if (!line.endsWith(" <unfinished ...>")) return [line];
      begun.set(pid, line.slice(0, -" <unfinished ...>".length));
      return [];
    })
    .join("\n");
}

needs({ root: true, command: "strace" })("S48: a container is made of clone, execve and wait", async () => {
  const log = temporaryFile("strace");
  const calls = "trace=clone3,execve,wait4,waitid";
  await run(["strace", "-f", "-o", log, "-e", calls, huskPath, "run", "host", "sh", "-c", "exit 7"]);
  const text = wholeCalls(readFileSync(log, "utf8"));
  const flags = /clone3\(\{flags=([A-Z_|0-9a-z]*CLONE_NEWPID[A-Z_|0-9a-z]*)/.exec(text)?.[1]?.split("|");
  expect(flags).toEqual(
    expect.arrayContaining(["CLONE_NEWNS", "CLONE_NEWPID", "CLONE_NEWUTS", "CLONE_NEWIPC", "CLONE_NEWNET"]),
  );
  expect(text).toMatch(/execve\("\/(usr\/)?bin\/sh", \["sh", "-c", "exit 7"\]/);
  expect(text).toMatch(/wait4\(\d+, \[\{WIFEXITED\(s\) && WEXITSTATUS\(s\) == 7\}\]/);
});
