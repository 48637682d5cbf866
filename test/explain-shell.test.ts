// `husk explain --as-shell`: the script makes the container that `husk run` makes, and leaves as little.
import { describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  commandLine,
  descendants,
  engine,
  findCommand,
  findUser,
  husk,
  makeBundle,
  makeRootfs,
  type Needs,
  needs,
  openTerminal,
  processStatus,
  run,
  type Running,
  start,
  temporaryFile,
  temporaryFolder,
  type User,
  userWithoutRanges,
  userWithRanges,
  waitFor,
} from "./harness/index.ts";
import { type Portrait, portrait, withoutPlace } from "./harness/portrait.ts";

const HIDDEN = [
  "/etc/shadow",
  "/proc/kcore",
  "/proc/keys",
  "/proc/timer_list",
  "/proc/interrupts",
  "/sys/firmware",
  "/proc/acpi",
  "/proc/scsi",
];

const tools = ["unshare", "nsenter", "setpriv", "prlimit", "ip"];

/** Writes the script to a file. */
async function script(words: readonly string[], user?: User): Promise<{ file: string; id: string }> {
  const { status, stdout, stderr } = await engine(user).husk(["explain", "--as-shell", ...words]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const file = temporaryFile("script");
  writeFileSync(file, stdout, { mode: 0o644 });
  return { file, id: /^ID=(.*)$/m.exec(stdout)?.[1] ?? "" };
}

/** No other process has these words; a script with an id map holds the namespace by `sleep 60`. */
const PROGRAM = ["sleep", "61"];

function programsOf(container: Running): number[] {
  const found = descendants(container.pid).map(({ pid }) => pid);
  return found.filter((pid) => commandLine(pid).join(" ") === PROGRAM.join(" "));
}

function programOf(container: Running): Promise<number> {
  return waitFor("the program in the container", () => programsOf(container)[0]);
}

/** The same words twice: a program in a container by husk, and in one by the script. */
async function both(words: readonly string[], user?: User): Promise<{ husk: Portrait; script: Portrait }> {
  const { file, id } = await script([...words, ...PROGRAM], user);
  const own = engine(user);
  const byHusk = own.start(["run", ...words, ...PROGRAM]);
  const byScript = start(["sh", file], user === undefined ? {} : { user });
  try {
    const [first, second] = [await programOf(byHusk), await programOf(byScript)];
    return { husk: portrait(first, idOf(own), HIDDEN), script: portrait(second, id, HIDDEN) };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${byHusk.stderr()}${byScript.stderr()}`, { cause: error });
  } finally {
    for (const pid of [byHusk, byScript].flatMap(programsOf)) process.kill(pid, "SIGKILL");
    await Promise.all([byHusk.result, byScript.result]);
  }
}

/** The id of the only container. */
function idOf({ run }: { run: string }): string {
  const paths = readdirSync(run, { recursive: true }).map((path) => /[0-9a-f]{64}/.exec(`${path}`)?.[0]);
  return paths.find((found) => found !== undefined) ?? "";
}

async function expectSame(words: readonly string[], user?: User): Promise<void> {
  const seen = await both(words, user);
  for (const aspect of Object.keys(seen.husk))
    expect([aspect, withoutPlace(seen.script[aspect])]).toEqual([aspect, withoutPlace(seen.husk[aspect])]);
}

/** Temporary folders and control groups that scripts make. */
function leftovers(): string[] {
  const groups = readdirSync("/sys/fs/cgroup").flatMap((name) => {
    try {
      return readdirSync(join("/sys/fs/cgroup", name)).map((group) => join(name, group));
    } catch {
      return [name];
    }
  });
  return [
    ...groups.filter((group) => /husk-[0-9a-f]{64}/.test(group)),
    ...readdirSync("/tmp").filter((n) => n.startsWith("husk.")),
  ];
}

const asRoot: Needs = { root: true, command: tools };

describe("the script's container is husk's container, seen from outside", () => {
  needs(asRoot)("on this machine's programs", () => expectSame(["host"]));

  needs(asRoot)("with everything that can be asked of a process", () =>
    expectSame([
      "--hostname",
      "box",
      "-e",
      "GREETING=it's $HOME",
      "-u",
      "1000:1000",
      "--group-add",
      "2000",
      "-w",
      "/made/here",
      "--ulimit",
      "nofile=100:200",
      "--ulimit",
      "core=0",
      "--oom-score-adj",
      "100",
      "--personality",
      "linux32",
      "--cap-add",
      "NET_ADMIN",
      "--cap-drop",
      "CHOWN",
      "--security-opt",
      "no-new-privileges",
      "--sysctl",
      "net.ipv4.ip_forward=1",
      "host",
    ]),
  );

  needs({ ...asRoot, controller: ["memory", "cpu", "pids"] })("with limits", () =>
    expectSame([
      "-m",
      "64m",
      "--memory-reservation",
      "32m",
      "--cpus",
      "0.5",
      "--cpu-shares",
      "512",
      "--pids-limit",
      "50",
      "host",
    ]),
  );

  needs(asRoot)("with mounts, also by way of an image's symbolic links", async () => {
    const rootfs = makeRootfs();
    Bun.spawnSync(["ln", "-s", "/run", join(rootfs, "var/run")]);
    Bun.spawnSync(["ln", "-s", "../home", join(rootfs, "run/home")]);
    const source = temporaryFolder("source");
    mkdirSync(join(source, "inner"));
    const below = temporaryFolder("below");
    Bun.spawnSync(["mount", "--bind", below, join(source, "inner")]);
    const words = [
      "-v",
      `${source}:/var/run/home/a:ro`,
      "--mount",
      `type=bind,source=${source}/inner,target=/plain,bind-propagation=rslave`,
      "-v",
      "/etc/hostname:/etc/name",
      "--tmpfs",
      "/scratch:size=1m,noexec",
      "--read-only",
      "--rootfs",
      rootfs,
    ];
    await expectSame(words).finally(() => Bun.spawnSync(["umount", join(source, "inner")]));
  });

  needs(asRoot)("on a root file system with hardly a program", async () => {
    const rootfs = temporaryFolder("rootfs");
    mkdirSync(join(rootfs, "bin"));
    copyFileSync(findCommand("busybox")!, join(rootfs, "bin/sleep"));
    chmodSync(join(rootfs, "bin/sleep"), 0o755);
    await expectSame(["--rootfs", rootfs]);
  });

  needs(asRoot)("with all privileges", () => expectSame(["--privileged", "host"]));

  needs(asRoot)("with fewer layers", () =>
    expectSame([
      "--network",
      "host",
      "--pid",
      "host",
      "--ipc",
      "host",
      "--uts",
      "host",
      "--cgroupns",
      "host",
      "host",
    ]),
  );

  needs(asRoot)("in the host's mount namespace", () =>
    expectSame(["--no-isolate", "mount", "--rootfs", makeRootfs()]),
  );

  needs(asRoot)("with an init", () => expectSame(["--init", "host"]));

  needs(asRoot)("in a user namespace", () =>
    expectSame(["--uidmap", "0:100000:65536", "-u", "1000", "host"]),
  );

  needs(asRoot)("of a bundle that joins namespaces", async () => {
    const holder = start([
      "unshare",
      "--net",
      "--uts",
      "--ipc",
      "sh",
      "-c",
      "hostname joined; echo made; exec sleep 60",
    ]);
    while (holder.stdout() === "") await Bun.sleep(10);
    const { path } = makeBundle(PROGRAM, (config) => {
      delete config.hostname;
      config.linux.namespaces = config.linux.namespaces.map(({ type }: { type: string }) =>
        type === "network" || type === "uts"
          ? { type, path: `/proc/${holder.pid}/ns/${type === "network" ? "net" : type}` }
          : { type },
      );
    });
    await expectSame(["--bundle", path]);
    holder.kill("SIGKILL");
    await holder.result;
  });

  for (const name of [userWithRanges, userWithoutRanges]) {
    needs({ testUser: true, command: tools })(`of an ordinary user (${name})`, () =>
      expectSame(["host"], findUser(name)),
    );
  }
});

describe("the script as a program", () => {
  needs(asRoot)("hands on input, output and exit status, and leaves nothing", async () => {
    const before = leftovers();
    for (const words of [
      ["host"],
      ["--init", "host"],
      ["--uidmap", "0:100000:65536", "host"],
      ["--pid", "host", "host"],
    ]) {
      const { file, id } = await script([
        ...words,
        "--",
        "sh",
        "-c",
        "cat; echo words >&2; sleep 60 & exit 42",
      ]);
      const { status, stdout, stderr } = await run(["sh", file], { stdin: "typed" });
      expect({ words, status, stdout, stderr }).toEqual({
        words,
        status: 42,
        stdout: "typed",
        stderr: "words\n",
      });
      expect(
        leftovers().filter(
          (name) => !before.includes(name) && (name.includes(id) || name.startsWith("husk.")),
        ),
      ).toEqual([]);
    }
  });

  needs(asRoot)("128 + n after a signal, 127 for a missing program", async () => {
    expect(
      (await run(["sh", (await script(["--init", "host", "sh", "-c", "kill -KILL $$"])).file])).status,
    ).toBe(137);
    const { status, stderr } = await run(["sh", (await script(["host", "no-such-program"])).file]);
    expect(status).toBe(127);
    expect(stderr).toContain("no-such-program");
  });

  needs(asRoot)("a script that fails half-way leaves nothing either", async () => {
    const { file, id } = await script([
      "--rootfs",
      makeRootfs(),
      "-v",
      "/etc/hostname:/bin/busybox/x",
      "true",
    ]);
    expect((await run(["sh", file])).status).not.toBe(0);
    expect(leftovers().filter((name) => name.includes(id))).toEqual([]);
  });

  needs({ ...asRoot, file: "/usr/bin/script" })(
    "with -t the program has a terminal of the container's own",
    async () => {
      const { file } = await script([
        "-it",
        "host",
        "--",
        "sh",
        "-c",
        "tty; read line; echo $line >&2; exit 3",
      ]);
      const terminal = openTerminal(["sh", file]);
      await terminal.shows("/dev/pts/0");
      terminal.type("typed\r");
      expect(await terminal.exit()).toBe(3);
      expect(terminal.output()).toContain("typed\r\ntyped\r\n");
      terminal.close();
    },
  );

  needs(asRoot)("with --init signals are forwarded", async () => {
    const { file } = await script([
      "--init",
      "host",
      "--",
      "sh",
      "-c",
      "trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done",
    ]);
    const running = start(["sh", file]);
    const first = await waitFor("the program", () => {
      return running.stdout() === "ready\n"
        ? descendants(running.pid).find(({ pid }) => processStatus(pid, "NSpid")?.endsWith("\t1"))
        : undefined;
    });
    process.kill(first.pid, "SIGTERM");
    expect((await running.result).status).toBe(9);
  });

  needs(asRoot)("from a pipe it runs too, without input; by sh -c with it; by bash as well", async () => {
    const { file } = await script(["host", "--", "cat"]);
    const piped = await run(["sh", "-c", 'cat "$1" | sh', "sh", file], { stdin: "typed" });
    expect([piped.status, piped.stdout, piped.stderr]).toEqual([0, "", ""]);
    const given = await run(["sh", "-c", 'sh -c "$(cat "$1")"', "sh", file], { stdin: "typed" });
    expect([given.status, given.stdout, given.stderr]).toEqual([0, "typed", ""]);
    expect((await run(["bash", file], { stdin: "typed" })).stdout).toBe("typed");
  });

  needs({ ...asRoot, command: [...tools, "ps"] })(
    "without setpriv it says what is missing, and runs",
    async () => {
      const { file } = await script(["--rootfs", makeRootfs(), "echo", "here"]);
      const folder = temporaryFolder("path");
      const names = [
        "sh",
        "mkdir",
        "rmdir",
        "mount",
        "umount",
        "mknod",
        "ln",
        "cat",
        "hostname",
        "pivot_root",
        "readlink",
        "sed",
        "sort",
        "tr",
        "ldd",
        "env",
        "unshare",
        "sleep",
        "chmod",
      ];
      for (const name of names)
        Bun.spawnSync(["sh", "-c", `PATH=$PATH:/usr/sbin ln -s "$(command -v ${name})" ${folder}/${name}`]);
      const { stdout, stderr } = await run([
        "sh",
        "-c",
        `sed 's|^PATH=.*|PATH=${folder}|' "$1" > "$1.less" && sh "$1.less"; rm "$1.less"`,
        "sh",
        file,
      ]);
      expect(stdout).toBe("here\n");
      expect(stderr).toContain("setpriv is missing here");
      expect(stderr).toContain("no ip(8) here");
    },
  );
});

test("nothing is made by explaining", async () => {
  const before = leftovers();
  for (const way of [["--as-shell"], []]) await husk(["explain", ...way, "host", "true"]);
  // What others make meanwhile goes.
  const made = leftovers().filter((name) => !before.includes(name));
  await waitFor(`the end of ${made.join(" ")}`, () => !leftovers().some((name) => made.includes(name)));
});
