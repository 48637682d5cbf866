// checkpoint and restore of `husk oci` by criu, beside runc with the same criu; images of one are restored by the other.
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { descriptorReceiver } from "./harness/descriptor-receiver.ts";
import {
  type Bundle,
  comparable,
  compile,
  type Config,
  huskOciPath,
  huskRuntime,
  makeBundle,
  needs,
  type OciRuntime,
  run,
  runcRuntime,
  start,
  temporaryFile,
  temporaryFolder,
  waitFor,
} from "./harness/index.ts";
import { findCriu } from "./harness/criu.ts";

const criu = findCriu();
const id = `images-${process.pid}`;
const env = { PATH: `${criu}:${process.env.PATH}` };
const withCriu = (name: string, body: () => Promise<void>): void =>
  criu === undefined
    ? test.skip(`${name} [needs root, and a criu for this kernel]`, () => {})
    : needs({ root: true, command: ["busybox", "runc"] })(name, body, 180_000);

const counting = "i=0; while :; do i=$((i+1)); echo $i > /.n && mv /.n /n; sleep 0.05; done";

/** A bundle whose program counts in the file `n` of its root. */
function counter(change: (config: Config) => void = () => {}): Bundle {
  return makeBundle(["sh", "-c", counting], (config) => {
    config.process.noNewPrivileges = true;
    config.mounts.push({ destination: "/tmp", type: "tmpfs", source: "tmpfs" });
    change(config);
  });
}

const count = ({ rootfs }: Bundle): number =>
  existsSync(`${rootfs}/n`) ? Number(readFileSync(`${rootfs}/n`, "utf8")) : 0;

/** Waits until it has counted on by ten. */
async function counts(bundle: Bundle): Promise<number> {
  const before = count(bundle);
  await waitFor("the count", () => count(bundle) >= before + 10);
  return before;
}

/** Runs a command whose standard streams are pipes: nothing outside of a container but those can criu give it again. */
async function piped(runtime: OciRuntime, args: readonly string[]): Promise<string> {
  const words = runtime.name === "husk" ? [huskOciPath] : ["runc"];
  const file = temporaryFile("said");
  const script = `: | { "$@" 2>&1; echo "status $?"; } | cat > ${file} &`;
  await run(["sh", "-c", script, "sh", ...words, "--root", runtime.root, ...args], {
    env: { ...env, ...engine },
  });
  await waitFor("the end of the command", () => existsSync(file) && said(file).includes("status "), 30_000);
  return said(file);
}

const said = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
const engine = { HUSK_ROOT: temporaryFolder("root", 0o700), HUSK_RUN: temporaryFolder("run", 0o700) };

async function containers(
  runtimes: readonly OciRuntime[],
  body: (images: string) => Promise<void>,
): Promise<void> {
  try {
    await body(join(temporaryFolder("images"), "new"));
  } finally {
    for (const runtime of runtimes) await runtime.call(["delete", "--force", id]);
  }
}

describe("checkpoint and restore", () => {
  for (const [from, to] of [
    ["husk", "husk"],
    ["runc", "husk"],
    ["husk", "runc"],
  ] as const) {
    withCriu(`what ${from} has written goes on under ${to}`, async () => {
      const runtimes = { husk: huskRuntime(), runc: runcRuntime() };
      await containers([runtimes.husk, runtimes.runc], async (images) => {
        // runc gives criu its own layout of v1 control groups, without the hierarchy of v2 beside them.
        const bundle = counter((config) => {
          if (to === "runc")
            config.mounts = config.mounts.filter(({ type }: { type: string }) => type !== "cgroup");
        });
        expect(await piped(runtimes[from], ["run", "-d", "--bundle", bundle.path, id])).toBe("status 0\n");
        await counts(bundle);
        await runtimes[from].must(["checkpoint", "--image-path", images, id], { env });
        expect((await runtimes[from].call(["state", id])).stderr).toContain("does not exist");
        const stopped = count(bundle);
        const pidFile = temporaryFile("pid");
        const restore = [
          "restore",
          "-d",
          "--image-path",
          images,
          "--bundle",
          bundle.path,
          "--pid-file",
          pidFile,
          id,
        ];
        expect(await piped(runtimes[to], restore)).toBe("status 0\n");
        expect(await runtimes[to].status(id)).toBe("running");
        expect(Number(readFileSync(pidFile, "utf8"))).toBe(await runtimes[to].pid(id));
        expect(await counts(bundle)).toBeGreaterThanOrEqual(stopped);
        if (to === "husk") {
          const shown = await runtimes.husk.must(["exec", id, "sh", "-c", "cat /proc/1/comm; hostname"]);
          expect(shown).toBe(`sh\n${bundle.config.hostname}\n`);
          const groups = readFileSync(`/proc/${await runtimes.husk.pid(id)}/cgroup`, "utf8");
          expect(groups).toContain(`/husk-${id}`);
        }
        await runtimes[to].must(["kill", id, "KILL"]);
        await runtimes[to].stopped(id);
      });
    });
  }

  withCriu("with the null device as standard streams, as engines start what has no input", async () => {
    const husk = huskRuntime();
    await containers([husk], async (images) => {
      const bundle = counter();
      const nowhere = async (args: readonly string[]): Promise<number | null> => {
        const line = '"$@" < /dev/null > /dev/null 2>&1';
        const words = [huskOciPath, "--root", husk.root, ...args];
        return (await run(["sh", "-c", line, "sh", ...words], { env: { ...env, ...engine } })).status;
      };
      expect(await nowhere(["run", "-d", "--bundle", bundle.path, id])).toBe(0);
      await counts(bundle);
      await husk.must(["checkpoint", "--image-path", images, id], { env });
      const stopped = count(bundle);
      expect(await nowhere(["restore", "-d", "--image-path", images, "--bundle", bundle.path, id])).toBe(0);
      expect(await counts(bundle)).toBeGreaterThanOrEqual(stopped);
    });
  });

  withCriu("again and again, with bind mounts, a user, limits and a filter", async () => {
    const husk = huskRuntime();
    await containers([husk], async () => {
      const source = temporaryFolder("source");
      mkdirSync(join(source, "inner"));
      const bundle = counter((config) => {
        config.mounts.push({ destination: "/data", source, options: ["bind"] });
        config.mounts.push({ destination: "/data/inner/deep", type: "tmpfs", source: "tmpfs" });
        config.linux.resources = {
          ...config.linux.resources,
          pids: { limit: 20 },
          memory: { limit: 200 << 20 },
        };
        config.linux.seccomp = {
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: [{ names: ["mkdirat", "mkdir"], action: "SCMP_ACT_ERRNO", errnoRet: 28 }],
        };
        config.linux.namespaces.push({ type: "cgroup" });
      });
      await piped(husk, ["run", "-d", "--bundle", bundle.path, id]);
      for (let i = 0; i < 2; i++) {
        await counts(bundle);
        const images = temporaryFolder(`images${i}`);
        await husk.must(["checkpoint", "--image-path", images, "--work-path", `${images}-work`, id], {
          env,
        });
        expect(existsSync(`${images}-work/dump.log`)).toBe(true);
        const restore = ["restore", "-d", "--image-path", images, "--bundle", bundle.path, id];
        expect(await piped(husk, restore)).toBe("status 0\n");
      }
      const tried = await husk.call(["exec", id, "sh", "-c", "mkdir /tmp/x; ls -d /data/inner/deep"]);
      expect(tried.stdout + tried.stderr).toContain("No space left on device");
      expect(tried.stdout).toBe("/data/inner/deep\n");
      const group = readFileSync(`/proc/${await husk.pid(id)}/cgroup`, "utf8");
      expect(group).toContain(`/husk-${id}`);
    });
  });

  withCriu("leaves it running", async () => {
    const husk = huskRuntime();
    await containers([husk], async (images) => {
      const bundle = counter();
      await piped(husk, ["run", "-d", "--bundle", bundle.path, id]);
      await counts(bundle);
      await husk.must(["checkpoint", "--leave-running", "--image-path", images, id], { env });
      expect(await husk.status(id)).toBe("running");
      await counts(bundle);
    });
  });

  withCriu(
    "writes memory alone before, where the kernel can, and says what runc says where not",
    async () => {
      const runtimes = [runcRuntime(), huskRuntime()];
      const answers: unknown[] = [];
      for (const runtime of runtimes)
        await containers([runtime], async (images) => {
          const bundle = counter();
          await piped(runtime, ["run", "-d", "--bundle", bundle.path, id]);
          await counts(bundle);
          const before = `${images}-before`;
          const first = await runtime.call(["checkpoint", "--pre-dump", "--image-path", before, id], {
            env,
          });
          answers.push(comparable(first));
          expect(await runtime.status(id)).toBe("running");
          await counts(bundle);
          if (first.status !== 0) return;
          expect(readdirSync(before)).not.toContain("descriptors.json");
          const parent = `../${before.slice(before.lastIndexOf("/") + 1)}`;
          const second = ["checkpoint", "--image-path", images, "--parent-path", parent, id];
          await runtime.must(second, { env });
          expect(readdirSync(images)).toContain("parent");
        });
      expect(answers[1]).toEqual(answers[0]);
    },
  );

  withCriu("in the foreground, ends with the restored program's exit status", async () => {
    const husk = huskRuntime();
    await containers([husk], async (images) => {
      const bundle = makeBundle(["sh", "-c", "until test -e /go; do sleep 0.05; done; echo done; exit 7"]);
      await piped(husk, ["run", "-d", "--bundle", bundle.path, id]);
      await husk.must(["checkpoint", "--image-path", images, id], { env });
      const file = temporaryFile("out");
      const words = [
        huskOciPath,
        "--root",
        husk.root,
        "restore",
        "--image-path",
        images,
        "--bundle",
        bundle.path,
        id,
      ];
      const script = `: | { "$@"; echo "status $?"; } | cat > ${file}`;
      const restoring = start(["sh", "-c", script, "sh", ...words], {
        env: { ...env, ...engine },
        timeout: 40_000,
      });
      await waitFor("the container", async () => (await husk.call(["state", id])).stdout.includes("running"));
      writeFileSync(`${bundle.rootfs}/go`, "");
      await waitFor("the end", () => said(file).includes("status"));
      expect(readFileSync(file, "utf8")).toBe("done\nstatus 7\n");
      restoring.kill("SIGKILL");
      await restoring.result;
      expect(existsSync(`${husk.root}/${id}`)).toBe(false);
    });
  });

  withCriu("hands the other end of a terminal to who listens", async () => {
    const husk = huskRuntime();
    await containers([husk], async (images) => {
      const bundle = makeBundle(["sh", "-c", "while :; do echo alive; sleep 0.1; done"], (config) => {
        config.process.terminal = true;
      });
      const listen = (): { socket: string; said: () => string; end: () => Promise<unknown> } => {
        const socket = temporaryFile("console.sock");
        const running = start([compile(descriptorReceiver), socket], { timeout: 60_000 });
        const end = (): Promise<unknown> => (running.kill("SIGKILL"), running.result);
        return { socket, said: () => running.stdout(), end };
      };
      const first = listen();
      await waitFor("the socket", () => existsSync(first.socket));
      const runs = ["run", "-d", "--bundle", bundle.path, "--console-socket", first.socket, id];
      await husk.must(runs, { env });
      await waitFor("output", () => first.said().includes("alive"));
      await husk.must(["checkpoint", "--image-path", images, id], { env });
      await first.end();
      const second = listen();
      await waitFor("the socket", () => existsSync(second.socket));
      const restore = ["restore", "-d", "--image-path", images, "--bundle", bundle.path];
      await husk.must([...restore, "--console-socket", second.socket, id], { env });
      await waitFor("output", () => second.said().includes("alive"));
      await second.end();
    });
  });
});

describe("what cannot be", () => {
  withCriu("is refused in runc's words", async () => {
    const [husk, runc] = [huskRuntime(), runcRuntime()];
    const bundle = makeBundle(["true"]);
    await containers([husk, runc], async (images) => {
      const commands = [
        ["checkpoint", "--image-path", images, id],
        ["create", "--bundle", bundle.path, id],
        ["checkpoint", "--image-path", images, id],
      ];
      for (const command of commands) {
        const [wanted, got] = [await runc.call(command, { env }), await husk.call(command, { env })];
        expect([command, ...comparable(got)]).toEqual([command, ...comparable(wanted)]);
      }
    });
  });

  withCriu("says what criu failed at, and leaves nothing", async () => {
    const husk = huskRuntime();
    await containers([husk], async (images) => {
      const bundle = counter();
      const restore = ["restore", "-d", "--image-path", images, "--bundle", bundle.path, id];
      expect((await husk.call(restore, { env })).stderr).toContain("descriptors.json");
      writeFileSync(`${images}/descriptors.json`, "[]");
      const { status, stderr } = await husk.call(restore, { env });
      expect([status, stderr.trim().split("\n").length]).toEqual([1, 1]);
      expect(stderr).toContain("criu failed: type RESTORE errno");
      expect(existsSync(`${husk.root}/${id}`)).toBe(false);
      expect(statSync(`${images}/restore.log`).size).toBeGreaterThan(0);
      // A standard output that is a file outside of the container cannot be written into images.
      await husk.must(["run", "-d", "--bundle", bundle.path, id]);
      const dump = await husk.call(["checkpoint", "--image-path", `${images}2`, id], { env });
      expect([dump.status, dump.stderr]).toEqual([1, expect.stringContaining("criu failed: type DUMP")]);
      expect(await husk.status(id)).toBe("running");
      const without = await husk.call(
        ["--criu", "/no/such/criu", "checkpoint", "--image-path", `${images}3`, id],
        { env },
      );
      expect(without.stderr).toContain("cannot execute criu");
    });
  });

  needs({ root: true })("restore names what is missing or damaged", async () => {
    const husk = huskRuntime();
    const images = temporaryFolder("images");
    const { path } = makeBundle(["true"], (config) => {
      config.linux.namespaces = config.linux.namespaces.map((namespace: { type: string }) =>
        namespace.type === "network" ? { ...namespace, path: "/run/netns/none-of-that-name" } : namespace,
      );
    });
    const restore = (): Promise<{ stderr: string }> =>
      husk.call(["restore", "-d", "--image-path", images, "--bundle", path, id]);
    expect((await restore()).stderr).toContain("is this the folder that checkpoint --image-path wrote?");
    writeFileSync(`${images}/descriptors.json`, '["pipe:');
    expect((await restore()).stderr).toContain(`${images}/descriptors.json`);
    writeFileSync(`${images}/descriptors.json`, "[]");
    const { stderr } = await restore();
    expect(stderr).toContain("network: cannot open /run/netns/none-of-that-name");
    expect(stderr).not.toContain("unexpected failure");
    expect(existsSync(`${husk.root}/${id}`)).toBe(false);
  });
});
