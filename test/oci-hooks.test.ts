// Hooks of a configuration: when they run, what they are told, and what their failures do.
import { describe, expect } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { type Config, huskRuntime, makeBundle, namespaceOf, needs, temporaryFile } from "./harness/index.ts";

const needed = { root: true, command: "busybox" } as const;
const kinds = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];
const outside = ["prestart", "createRuntime", "poststart", "poststop"];

/** A hook that appends a line to `log`: its kind, namespaces, environment and state. */
const hook = (kind: string, log: string, more = "true") => ({
  path: "/bin/sh",
  args: [
    "sh",
    "-c",
    `echo "${kind} $(readlink /proc/self/ns/pid) $(env | grep -v -E '^(PWD|SHLVL|_)=' | tr '\\n' ,) $(cat)" >> ${log}; ${more}`,
  ],
  env: ["KIND=of hook", "PATH=/bin:/usr/bin"],
});

function withHooks(log: string, change: (config: Config) => void = () => {}) {
  return makeBundle(["sleep", "100"], (config) => {
    config.annotations = { a: "b" };
    config.hooks = Object.fromEntries(
      kinds.filter((kind) => kind !== "startContainer").map((kind) => [kind, [hook(kind, log)]]),
    );
    config.root.readonly = false;
    config.hooks.startContainer = [hook("startContainer", "/log")];
    change(config);
  });
}

describe("hooks", () => {
  needs(needed)(
    "run in their order and namespaces, with the state as input and their own environment",
    async () => {
      const log = temporaryFile("log");
      const { path, rootfs } = withHooks(log);
      const husk = huskRuntime();
      await husk.must(["create", "--bundle", path, "one"]);
      const first = namespaceOf(await husk.pid("one"), "pid");
      const pid = await husk.pid("one");
      expect(existsSync(`${rootfs}/log`)).toBe(false);
      await husk.must(["start", "one"]);
      await husk.must(["delete", "--force", "one"]);
      const lines = `${readFileSync(log, "utf8")}${readFileSync(`${rootfs}/log`, "utf8")}`
        .trimEnd()
        .split("\n");
      const seen = lines.map((line) => {
        const [, kind, namespace, environment, state] = /^(\S+) (\S+) (.*?), (\{.*)$/.exec(line) ?? [];
        return { kind, inside: namespace === first, environment, state: JSON.parse(state!) };
      });
      expect(seen.map(({ kind }) => kind)).toEqual([
        "prestart",
        "createRuntime",
        "createContainer",
        "poststart",
        "poststop",
        "startContainer",
      ]);
      const statuses = {
        prestart: "creating",
        createRuntime: "creating",
        createContainer: "creating",
        startContainer: "created",
        poststart: "running",
        poststop: "stopped",
      };
      for (const { kind, inside, environment, state } of seen) {
        expect([kind, inside]).toEqual([kind, !outside.includes(kind!)]);
        expect(environment).toContain("KIND=of hook");
        expect(environment).not.toContain("HUSK");
        const wanted = kind === "poststop" ? undefined : outside.includes(kind!) ? pid : 1;
        expect([kind, state.id, state.status, state.pid, state.bundle, state.annotations]).toEqual([
          ...[kind, "one", statuses[kind as keyof typeof statuses], wanted, path, { a: "b" }],
        ]);
      }
    },
  );

  needs(needed)("run for run as well, in the foreground and detached", async () => {
    for (const detach of [[], ["--detach"]]) {
      const log = temporaryFile("log");
      const { path } = withHooks(log, (config) => void (config.process.args = ["true"]));
      const husk = huskRuntime();
      await husk.must(["run", ...detach, "--bundle", path, "one"]);
      if (detach.length > 0) await husk.stopped("one");
      if (detach.length > 0) await husk.must(["delete", "one"]);
      const order = readFileSync(log, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ")[0]);
      expect(order).toEqual(["prestart", "createRuntime", "createContainer", "poststart", "poststop"]);
    }
  });

  needs(needed)("that fail before the start make create fail, with what they printed", async () => {
    for (const kind of ["prestart", "createRuntime", "createContainer"]) {
      const log = temporaryFile("log");
      const { path } = withHooks(log, (config) => {
        config.hooks[kind] = [hook(kind, log, "echo broken >&2; exit 9")];
      });
      const husk = huskRuntime();
      const { status, stderr } = await husk.call(["create", "--bundle", path, "one"]);
      expect([kind, status, stderr]).toEqual([
        kind,
        1,
        expect.stringContaining(`error running ${kind} hook #0 /bin/sh: exit status 9, output: broken`),
      ]);
      expect(readdirSync(husk.root)).toEqual([]);
      expect(readFileSync(log, "utf8")).toContain("poststop ");
    }
  });

  needs(needed)(
    "that fail later: startContainer and poststart end the container, poststop nothing",
    async () => {
      const log = temporaryFile("log");
      for (const kind of ["startContainer", "poststart"]) {
        const { path } = withHooks(log, (config) => void (config.hooks[kind] = [{ path: "/bin/false" }]));
        const husk = huskRuntime();
        await husk.must(["create", "--bundle", path, "one"]);
        const { status, stderr } = await husk.call(["start", "one"]);
        expect([kind, status, stderr]).toEqual([kind, 1, expect.stringContaining(kind)]);
        await husk.stopped("one");
        await husk.must(["delete", "one"]);
      }
      const { path } = withHooks(log, (config) => void (config.hooks.poststop = [{ path: "/bin/false" }]));
      const husk = huskRuntime();
      await husk.must(["run", "-d", "--bundle", path, "one"]);
      const { status, stderr } = await husk.call(["delete", "--force", "one"]);
      expect([status, stderr]).toEqual([0, expect.stringContaining("level=warning")]);
      expect(readdirSync(husk.root)).toEqual([]);
    },
  );

  needs(needed)("that take longer than their timeout are killed", async () => {
    const log = temporaryFile("log");
    const { path } = withHooks(log, (config) => {
      config.hooks.createRuntime = [{ path: "/bin/sleep", args: ["sleep", "60"], timeout: 1 }];
    });
    const husk = huskRuntime();
    const { status, stderr, milliseconds } = await husk.call(["create", "--bundle", path, "one"]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("its time is over")]);
    expect(milliseconds).toBeLessThan(5000);
  });

  needs(needed)("that read nothing break nothing, however long the state is", async () => {
    const log = temporaryFile("log");
    const { path } = withHooks(log, (config) => {
      config.annotations = { long: "x".repeat(200_000) };
      config.hooks = {
        createRuntime: [{ path: "/bin/true" }],
        poststart: [{ path: "/bin/true" }],
        poststop: [{ path: "/bin/true" }],
      };
    });
    const husk = huskRuntime();
    await husk.must(["create", "--bundle", path, "one"]);
    await husk.must(["start", "one"]);
    await husk.must(["delete", "--force", "one"]);
  });

  needs(needed)("that do not exist are named", async () => {
    const { path } = withHooks(
      temporaryFile("log"),
      (config) => void (config.hooks.createRuntime = [{ path: "/no/hook" }]),
    );
    const { stderr } = await huskRuntime().call(["create", "--bundle", path, "one"]);
    expect(stderr).toContain("createRuntime hook #0 /no/hook: no such file or directory");
  });
});

describe("a limit of few open files", () => {
  needs({ root: true, command: "busybox" })("leaves hooks before the program room", async () => {
    const husk = huskRuntime();
    const bundle = makeBundle(["cat", "/said"], (config) => {
      config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 12, hard: 12 }];
      const args = ["sh", "-c", "ulimit -n > /said; ls /proc/self/fd | wc -l >> /said"];
      config.hooks = { startContainer: [{ path: "/bin/sh", args }] };
    });
    expect(await husk.must(["run", "--bundle", bundle.path, "one"])).toBe("12\n4\n");
  });
});
