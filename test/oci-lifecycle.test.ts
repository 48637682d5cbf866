// A container's life under `husk oci`, command for command beside runc: status, output and wording are the same.
import { describe, expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import {
  type Bundle,
  commandLine,
  compareRuntimes,
  huskOciPath,
  huskRuntime,
  makeBundle,
  needs,
  type OciRuntime,
  processStat,
  run,
  start,
  temporaryFile,
  waitFor,
} from "./harness/index.ts";

const needed = { root: true, command: "busybox" } as const;
const beside = { ...needed, command: ["busybox", "runc"] } as const;

async function withContainer(bundle: Bundle, body: (husk: OciRuntime) => Promise<void>): Promise<void> {
  const husk = huskRuntime();
  try {
    await body(husk);
  } finally {
    await husk.call(["delete", "--force", "one"]);
  }
  expect(existsSync(bundle.path)).toBe(true);
}

describe("the same as under runc", () => {
  needs(beside)("create, start, kill, delete, and each of them at the wrong time", async () => {
    await compareRuntimes(makeBundle(["sleep", "100"]), [
      ...[
        ["state", "one"],
        ["start", "one"],
        ["kill", "one"],
        ["delete", "one"],
        ["delete", "--force", "one"],
      ],
      ...[["create", "one"], ["state", "one"], ["list"], ["list", "-q"], ["create", "one"], ["start", "one"]],
      ...[["state", "one"], ["list"], ["start", "one"], ["delete", "one"], ["kill", "one", "NOSUCH"]],
      ...[["kill", "one", "0"], ["kill", "one", "SIGKILL"], ["*"], ["state", "one"], ["list"]],
      ...[
        ["kill", "one", "9"],
        ["kill", "--all", "one", "9"],
        ["start", "one"],
        ["delete", "one"],
        ["state", "one"],
      ],
      ...[["list"], ["list", "--format", "json"]],
    ]);
  });

  needs(beside)("pause and resume", async () => {
    await compareRuntimes(makeBundle(["sleep", "100"]), [
      ...[
        ["pause", "one"],
        ["resume", "one"],
        ["run", "-d", "one"],
        ["resume", "one"],
        ["pause", "one"],
      ],
      ...[
        ["state", "one"],
        ["list"],
        ["pause", "one"],
        ["exec", "one", "true"],
        ["delete", "one"],
        ["resume", "one"],
      ],
      ...[
        ["exec", "one", "true"],
        ["pause", "one"],
        ["kill", "one", "KILL"],
        ["*"],
        ["pause", "one"],
        ["resume", "one"],
      ],
    ]);
  });

  needs(beside)("a program that cannot be executed is known at create", async () => {
    for (const program of ["nosuch", "/no/such", "/etc/passwd"]) {
      const bundle = makeBundle([program]);
      await compareRuntimes(bundle, [
        ["create", "one"],
        ["state", "one"],
        ["run", "one"],
        ["run", "-d", "one"],
      ]);
    }
  });

  needs(beside)("exec, and what it cannot do", async () => {
    await compareRuntimes(makeBundle(["sleep", "100"]), [
      ...[
        ["exec", "one", "true"],
        ["run", "-d", "one"],
        ["exec", "one", "sh", "-c", "exit 7"],
      ],
      ...[
        ["exec", "one", "sh", "-c", "kill -9 $$"],
        ["exec", "one", "nosuch"],
        ["exec", "one", "/etc/passwd"],
      ],
      ...[
        ["exec", "one"],
        ["exec", "--user", "nobody", "one", "id"],
        ["exec", "--user", "1000:2000", "one", "id"],
      ],
      ...[["exec", "-e", "A=1", "--cwd", "/tmp", "one", "sh", "-c", "echo $A $PWD $HOME"]],
      ...[
        ["exec", "-g", "7", "-g", "8", "one", "id"],
        ["exec", "-d", "one", "nosuch"],
      ],
      ["exec", "--cap", "CAP_SYS_ADMIN", "one", "sh", "-c", "grep Cap /proc/self/status"],
      ...[["kill", "one", "KILL"], ["*"], ["exec", "one", "true"]],
    ]);
  });

  needs(beside)("ps, and states of bundles with annotations", async () => {
    const bundle = makeBundle(["sleep", "100"], (config) => {
      config.annotations = { "org.example.key": "value" };
    });
    await compareRuntimes(bundle, [
      ...[
        ["ps", "one"],
        ["run", "-d", "one"],
        ["ps", "-f", "json", "one"],
        ["ps", "one", "-o", "pid,comm"],
      ],
      ...[
        ["ps", "one", "-o", "comm"],
        ["ps", "-f", "xml", "one"],
        ["state", "one"],
        ["list", "-f", "json"],
      ],
      ["list", "-f", "xml"],
    ]);
  });

  needs(beside)("ids that are none, and bundles that are none", async () => {
    const bundle = makeBundle(["true"]);
    await compareRuntimes(bundle, [
      ["create", "../one"],
      ["state", "a/b"],
      ["kill", "a b"],
    ]);
    await compareRuntimes({ ...bundle, path: "/" }, [["state", "one"]]);
  });
});

describe("create", () => {
  needs(needed)("leaves no process of husk's, and the container belongs to the caller's reaper", async () => {
    const { path } = makeBundle(["sh", "-c", "exit 42"]);
    await withContainer(makeBundle(["true"]), async (husk) => {
      const file = temporaryFile("pid");
      await husk.must(["create", "--bundle", path, "--pid-file", file, "one"]);
      const pid = Number(readFileSync(file, "utf8"));
      expect(pid).toBe(await husk.pid("one"));
      const parent = processStat(pid)!.parent;
      expect(readFileSync(`/proc/${parent}/comm`, "utf8")).not.toContain("husk");
      await husk.must(["start", "one"]);
      await husk.stopped("one");
    });
  });

  needs(needed)("hands standard streams on untouched", async () => {
    const { path } = makeBundle(["sh", "-c", "cat; echo err >&2"]);
    await withContainer(makeBundle(["true"]), async (husk) => {
      const [out, err] = [temporaryFile("out"), temporaryFile("err")];
      const [program, ...rest] = ["sh", "-c", `echo in | "$@" >${out} 2>${err}`, "sh"];
      const command = [
        program!,
        ...rest,
        huskOciPath,
        "--root",
        husk.root,
        "create",
        "--bundle",
        path,
        "one",
      ];
      expect((await run(command)).status).toBe(0);
      await husk.must(["start", "one"]);
      await waitFor("the output", () => readFileSync(err, "utf8") === "err\n");
      expect(readFileSync(out, "utf8")).toBe("in\n");
    });
  });

  needs(needed)("a container that waits holds no descriptor of the host's", async () => {
    const { path } = makeBundle(["true"]);
    await withContainer(makeBundle(["true"]), async (husk) => {
      await husk.must(["create", "--bundle", path, "one"]);
      const pid = await husk.pid("one");
      const open = readdirSync(`/proc/${pid}/fd`).filter((fd) => Number(fd) > 2);
      const targets = open.map((fd) => statSync(`/proc/${pid}/fd/${fd}`).isFIFO());
      expect(targets).toEqual([true, true]);
    });
  });

  needs(needed)("streams that are the null device are the container's own", async () => {
    const { path } = makeBundle(["sleep", "100"]);
    await withContainer(makeBundle(["true"]), async (husk) => {
      await run([
        "sh",
        "-c",
        '"$@" < /dev/null > /dev/null 2>&1',
        "sh",
        huskOciPath,
        "--root",
        husk.root,
        "run",
        "-d",
        "--bundle",
        path,
        "one",
      ]);
      const pid = await husk.pid("one");
      const own = statSync(`/proc/${pid}/root/dev/null`);
      for (const fd of [0, 1, 2]) {
        const { dev, ino, rdev } = statSync(`/proc/${pid}/fd/${fd}`);
        expect([fd, dev, ino, rdev]).toEqual([fd, own.dev, own.ino, 0x103]);
      }
    });
  });

  needs(needed)("what fails leaves nothing behind", async () => {
    const broken = makeBundle(["true"], (config) => {
      config.mounts.push({ destination: "/x", type: "bind", source: "/no/such", options: ["bind"] });
    });
    const husk = huskRuntime();
    const { status, stderr } = await husk.call(["create", "--bundle", broken.path, "one"]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("/no/such does not exist")]);
    expect(existsSync(`${husk.root}/one`)).toBe(false);
  });

  needs(needed)("a terminal needs a socket, and a socket a terminal", async () => {
    const husk = huskRuntime();
    const terminal = makeBundle(["true"], (config) => void (config.process.terminal = true));
    expect((await husk.call(["create", "--bundle", terminal.path, "one"])).stderr).toContain(
      "without setting console socket",
    );
    const plain = makeBundle(["true"]);
    const line = ["create", "--bundle", plain.path, "--console-socket", "/x", "one"];
    expect((await husk.call(line)).stderr).toContain("cannot use console socket");
  });
});

describe("start", () => {
  needs(needed)("tells what the program could not be executed for", async () => {
    const bundle = makeBundle(["/bin/broken"]);
    writeFileSync(`${bundle.rootfs}/bin/broken`, "no program\n", { mode: 0o755 });
    await withContainer(bundle, async (husk) => {
      await husk.must(["create", "--bundle", bundle.path, "one"]);
      const { status, stderr } = await husk.call(["start", "one"]);
      expect([status, stderr]).toEqual([1, expect.stringContaining("exec /bin/broken: exec format error")]);
      await husk.stopped("one");
    });
  });

  needs(needed)(
    "killed when the program had been let go: that one runs, and nothing takes it for waiting",
    async () => {
      const bundle = makeBundle(["sleep", "100"]);
      await withContainer(bundle, async (husk) => {
        await husk.must(["create", "--bundle", bundle.path, "one"]);
        expect(await husk.status("one")).toBe("created");
        const pid = await husk.pid("one");
        // The last thing start does before it waits for the outcome.
        writeFileSync(`${husk.root}/one/exec.fifo`, "+");
        await waitFor("the program", () => commandLine(pid)[0] === "sleep");
        expect(await husk.status("one")).toBe("running");
        const [deleted, again] = [await husk.call(["delete", "one"]), await husk.call(["start", "one"])];
        expect([deleted.status, deleted.stderr]).toEqual([
          1,
          expect.stringContaining("not stopped: running"),
        ]);
        expect([again.status, again.stderr]).toEqual([
          1,
          expect.stringContaining("already running container"),
        ]);
        await husk.must(["exec", "one", "true"]);
      });
    },
  );

  needs(needed)("of two at once, one starts the container", async () => {
    const bundle = makeBundle(["sleep", "100"]);
    await withContainer(bundle, async (husk) => {
      await husk.must(["create", "--bundle", bundle.path, "one"]);
      const results = await Promise.all(Array.from({ length: 6 }, () => husk.call(["start", "one"])));
      expect(results.map(({ status }) => status).toSorted()).toEqual([0, 1, 1, 1, 1, 1]);
      expect(await husk.status("one")).toBe("running");
    });
  });
});

describe("delete", () => {
  needs(needed)("of two at once, one deletes it, and --force never fails", async () => {
    const bundle = makeBundle(["true"]);
    const husk = huskRuntime();
    await husk.must(["run", "-d", "--bundle", bundle.path, "one"]);
    await husk.stopped("one");
    const results = await Promise.all(Array.from({ length: 4 }, () => husk.call(["delete", "one"])));
    expect(results.filter(({ status }) => status === 0).length).toBe(1);
    expect((await husk.call(["delete", "--force", "one"])).status).toBe(0);
    expect(readdirSync(husk.root)).toEqual([]);
  });

  needs(needed)("removes what a create that was killed left", async () => {
    const bundle = makeBundle(["true"], (config) => {
      config.hooks = { createRuntime: [{ path: "/bin/sleep", args: ["sleep", "60"] }] };
    });
    const husk = huskRuntime();
    const creating = start([huskOciPath, "--root", husk.root, "create", "--bundle", bundle.path, "one"]);
    await waitFor("the hook", () => existsSync(`${husk.root}/one/process`));
    expect(await husk.status("one")).toBe("creating");
    creating.kill("SIGKILL");
    await creating.result;
    // Nothing goes on without the command that asked for it, hooks included.
    await husk.stopped("one");
    await husk.must(["delete", "one"]);
    expect(readdirSync(husk.root)).toEqual([]);
  });

  needs(needed)("a process id that belongs to somebody else by now is left alone", async () => {
    const bundle = makeBundle(["sleep", "100"]);
    await withContainer(bundle, async (husk) => {
      await husk.must(["run", "-d", "--bundle", bundle.path, "one"]);
      const pid = await husk.pid("one");
      const file = `${husk.root}/one/process`;
      const stat = readFileSync(file, "latin1");
      // The same pid, started at another time (the kernel counts in hundredths of a second): not that process.
      await Bun.sleep(50);
      const bystander = Bun.spawn(["sleep", "60"]);
      writeFileSync(file, stat.replace(/^\d+/, `${bystander.pid}`));
      expect((await husk.call(["kill", "one", "KILL"])).stderr).toContain("container not running");
      expect(await husk.status("one")).toBe("stopped");
      expect(bystander.exitCode).toBe(null);
      writeFileSync(file, stat);
      expect(await husk.pid("one")).toBe(pid);
      bystander.kill();
    });
  });
});
