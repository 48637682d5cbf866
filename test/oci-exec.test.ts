// Programs in running containers, and terminals, as runc's callers ask for them.
import { describe, expect } from "bun:test";
import { existsSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { descriptorReceiver } from "./harness/descriptor-receiver.ts";
import {
  commandLine,
  compile,
  type Config,
  huskOciPath,
  huskRuntime,
  makeBundle,
  namespaceOf,
  needs,
  type OciRuntime,
  openTerminal,
  processStatus,
  run,
  start,
  temporaryFile,
  waitFor,
} from "./harness/index.ts";

const needed = { root: true, command: "busybox" } as const;

async function inContainer(
  body: (husk: OciRuntime) => Promise<void>,
  change: (config: Config) => void = () => {},
): Promise<void> {
  const { path } = makeBundle(["sleep", "100"], change);
  const husk = huskRuntime();
  await husk.must(["run", "-d", "--bundle", path, "one"]);
  try {
    await body(husk);
  } finally {
    await husk.call(["delete", "--force", "one"]);
  }
}

describe("exec", () => {
  needs(needed)("the program is in every namespace and control group of the container", async () => {
    await inContainer(async (husk) => {
      const file = temporaryFile("pid");
      await husk.must(["exec", "-d", "--pid-file", file, "one", "sleep", "50"]);
      const [first, pid] = [await husk.pid("one"), Number(readFileSync(file, "utf8"))];
      expect(commandLine(pid)).toEqual(["sleep", "50"]);
      for (const kind of ["mnt", "pid", "uts", "ipc", "net", "cgroup", "user", "time"])
        expect([kind, namespaceOf(pid, kind)]).toEqual([kind, namespaceOf(first, kind)]);
      expect(readFileSync(`/proc/${pid}/cgroup`, "utf8")).toBe(readFileSync(`/proc/${first}/cgroup`, "utf8"));
      expect(readlinkSync(`/proc/${pid}/root`)).toBe("/");
    });
  });

  needs(needed)(
    "has the container's user, capabilities, filter and limits, unless told otherwise",
    async () => {
      const change = (config: Config): void => {
        config.process.user = { uid: 1000, gid: 1000, umask: 0o27 };
        config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 77, hard: 88 }];
        config.linux.seccomp = {
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: [{ names: ["mkdirat", "mkdir"], action: "SCMP_ACT_ERRNO", errnoRet: 28 }],
        };
      };
      await inContainer(async (husk) => {
        const out = await husk.must([
          "exec",
          "one",
          "sh",
          "-c",
          "id -u; umask; ulimit -n; mkdir /tmp/x 2>&1; grep -E 'NoNewPrivs|Seccomp:' /proc/self/status",
        ]);
        expect(out).toBe(
          "1000\n0027\n77\nmkdir: can't create directory '/tmp/x': No space left on device\nNoNewPrivs:\t1\nSeccomp:\t2\n",
        );
        expect(await husk.must(["exec", "--user", "0:5", "one", "id", "-u"])).toBe("0\n");
      }, change);
    },
  );

  needs(needed)("--process takes everything from a file", async () => {
    await inContainer(async (husk) => {
      const file = temporaryFile("process.json");
      const process = {
        user: { uid: 7, gid: 8, additionalGids: [9] },
        args: ["sh", "-c", "id; pwd; echo $A"],
        cwd: "/tmp",
        env: ["A=b", "PATH=/bin"],
      };
      writeFileSync(file, JSON.stringify(process));
      expect(await husk.must(["exec", "--process", file, "one"])).toBe("uid=7 gid=8 groups=9\n/tmp\nb\n");
      writeFileSync(file, JSON.stringify({ ...process, cwd: "relative" }));
      expect((await husk.call(["exec", "--process", file, "one"])).stderr).toContain(
        "process.cwd: expected an absolute path",
      );
    });
  });

  needs(needed)("--preserve-fds hands on descriptors, and nothing else of the host's", async () => {
    await inContainer(async (husk) => {
      const [file, output] = [temporaryFile("handed"), temporaryFile("output")];
      writeFileSync(file, "handed on\n");
      const line = [
        "--root",
        husk.root,
        "exec",
        "--preserve-fds",
        "1",
        "one",
        "sh",
        "-c",
        "cat <&3; ls /proc/self/fd",
      ];
      const child = Bun.spawn([huskOciPath, ...line], {
        stdio: ["ignore", Bun.file(output), "inherit", openSync(file, "r")],
      });
      expect(await child.exited).toBe(0);
      // 4 is the folder that ls itself has open.
      expect(readFileSync(output, "utf8")).toBe("handed on\n0\n1\n2\n3\n4\n");
    });
  });

  needs(needed)("passes on signals, and ends with the program", async () => {
    await inContainer(async (husk) => {
      const script = "trap 'echo got; exit 3' TERM; echo ready; while :; do sleep 0.05; done";
      const running = start([huskOciPath, "--root", husk.root, "exec", "one", "sh", "-c", script]);
      await waitFor("the program", () => running.stdout() === "ready\n");
      running.kill("SIGTERM");
      const { status, stdout } = await running.result;
      expect([status, stdout]).toEqual([3, "ready\ngot\n"]);
    });
  });

  needs(needed)("--tty at a terminal", async () => {
    await inContainer(async (husk) => {
      const session = openTerminal(
        [
          huskOciPath,
          "--root",
          husk.root,
          "exec",
          "-t",
          "one",
          "sh",
          "-c",
          "stty size; tty; read x; echo got $x",
        ],
        { columns: 99, rows: 11 },
      );
      await session.shows("/dev/pts/0");
      expect(session.output()).toContain("11 99");
      session.type("typed\r");
      await session.shows("got typed");
      expect(await session.exit()).toBe(0);
      session.close();
    });
  });

  needs(needed)("--tty: the terminal has its size before the program asks for it", async () => {
    await inContainer(async (husk) => {
      const sessions = Array.from({ length: 10 }, () =>
        openTerminal([huskOciPath, "--root", husk.root, "exec", "-t", "one", "stty", "size"], {
          columns: 99,
          rows: 11,
        }),
      );
      for (const session of sessions) {
        expect([await session.exit(), session.output()]).toEqual([0, "11 99\r\n"]);
        session.close();
      }
    });
  });

  needs(needed)("--cgroup enters a group below the container's", async () => {
    await inContainer(async (husk) => {
      const pid = await husk.pid("one");
      const path = /^\d+:pids:(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1];
      if (path === undefined) return;
      await run(["mkdir", `/sys/fs/cgroup/pids${path}/sub`]);
      const out = await husk.must([
        "exec",
        "--cgroup",
        "pids:sub",
        "one",
        "grep",
        "pids",
        "/proc/self/cgroup",
      ]);
      expect(out).toContain("/sub\n");
      expect((await husk.call(["exec", "--cgroup", "pids:none", "one", "true"])).stderr).toContain(
        "does not exist",
      );
      expect((await husk.call(["exec", "--cgroup", "../x", "one", "true"])).status).toBe(255);
    });
  });

  needs(needed)("many at once neither hang nor fail", async () => {
    await inContainer(async (husk) => {
      const results = await Promise.all(
        Array.from({ length: 40 }, (_, i) => husk.call(["exec", "one", "sh", "-c", `exit ${i}`])),
      );
      expect(results.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    });
  });

  needs(needed)("in a container with a user namespace", async () => {
    const change = (config: Config): void => {
      config.linux.namespaces.push({ type: "user" });
      config.linux.uidMappings = config.linux.gidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }];
    };
    await inContainer(async (husk) => {
      expect(await husk.must(["exec", "-u", "5:6", "one", "sh", "-c", "id; cat /proc/self/uid_map"])).toMatch(
        /^uid=5 gid=6\n +0 +100000 +65536\n$/,
      );
    }, change);
  });
});

describe("sockets of the caller's", () => {
  needs(needed)("--console-socket gets the other end of the terminal, sized as configured", async () => {
    const bundle = makeBundle(["sh", "-c", "stty size; tty"], (config) => {
      config.process.terminal = true;
      config.process.consoleSize = { height: 17, width: 71 };
    });
    const husk = huskRuntime();
    const socket = temporaryFile("console");
    const receiving = start([compile(descriptorReceiver), socket]);
    await waitFor("the socket", () => existsSync(socket));
    await husk.must(["create", "--bundle", bundle.path, "--console-socket", socket, "one"]);
    await husk.must(["start", "one"]);
    expect((await receiving.result).stdout).toBe("[/dev/ptmx]17 71\r\n/dev/pts/0\r\n");
    await husk.stopped("one");
    await husk.must(["delete", "one"]);
  });

  needs(needed)("--pidfd-socket gets a pidfd", async () => {
    const bundle = makeBundle(["sleep", "100"]);
    const husk = huskRuntime();
    const socket = temporaryFile("pidfd");
    const receiving = start([compile(descriptorReceiver), socket, "link"]);
    await waitFor("the socket", () => existsSync(socket));
    await husk.must(["run", "-d", "--bundle", bundle.path, "--pidfd-socket", socket, "one"]);
    expect((await receiving.result).stdout).toMatch(/^\[standard\](anon_inode:\[pidfd\]|pidfd:)/);
    await husk.must(["delete", "--force", "one"]);
    expect(readdirSync(husk.root)).toEqual([]);
  });
});

describe("run", () => {
  needs(needed)("in the foreground: state, exec and kill reach it, and nothing is left", async () => {
    const bundle = makeBundle(["sleep", "100"]);
    const husk = huskRuntime();
    const running = start([huskOciPath, "--root", husk.root, "run", "--bundle", bundle.path, "one"]);
    await waitFor("the container", async () => (await husk.call(["exec", "one", "true"])).status === 0);
    expect(await husk.status("one")).toBe("running");
    expect(
      processStatus(await husk.pid("one"), "NSpid")
        ?.split("\t")
        .at(-1),
    ).toBe("1");
    await husk.must(["kill", "one", "KILL"]);
    expect((await running.result).status).toBe(137);
    expect(readdirSync(husk.root)).toEqual([]);
  });

  needs(needed)("in the foreground: ends with husk, and then too nothing is left", async () => {
    const bundle = makeBundle(["sleep", "100"]);
    const husk = huskRuntime();
    const running = start([huskOciPath, "--root", husk.root, "run", "--bundle", bundle.path, "one"]);
    await waitFor("the container", async () => (await husk.call(["exec", "one", "true"])).status === 0);
    const pid = await husk.pid("one");
    running.kill("SIGKILL");
    await running.result;
    await waitFor(
      "the end",
      () => !existsSync(`/proc/${pid}/root/proc`) && readdirSync(husk.root).length === 0,
    );
  });

  needs(needed)("--keep leaves the state", async () => {
    const bundle = makeBundle(["sh", "-c", "exit 5"]);
    const husk = huskRuntime();
    expect((await husk.call(["run", "--keep", "--bundle", bundle.path, "one"])).status).toBe(5);
    expect(await husk.status("one")).toBe("stopped");
    await husk.must(["delete", "one"]);
  });
});
