import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { List, type Memory, type Operation } from "../plan/index.ts";
import type { Layout } from "./layout.ts";
import { type CgroupRequest, prepareCgroups } from "./prepare.ts";

const root = mkdtempSync(join(tmpdir(), "husk-test-cgroup-"));
afterAll(() => rmSync(root, { recursive: true }));

const maker = { rootless: false, uid: 0 };

function v1(): Layout {
  return {
    hierarchies: ["cpuset", "memory", "devices", "name=systemd", "name=other"].map((controller) => ({
      version: 1,
      mount: `/cg/${controller}`,
      controllers: [controller],
      own: "/",
      readOnly: false,
    })),
  };
}

/** A v2 top in a temporary folder: what is read before the plan is made. */
function v2(name: string, files: Readonly<Record<string, string>>): Layout {
  const mount = join(root, name);
  mkdirSync(mount);
  for (const file in files) writeFileSync(join(mount, file), files[file] as string);
  const controllers = (files["cgroup.controllers"] ?? "").split(" ");
  return { hierarchies: [{ version: 2, mount, controllers, own: "/", readOnly: false }] };
}

function prepare(request: Partial<CgroupRequest> & { layout: Layout }) {
  const [keeper, container, cleanup] = [new List("keeper"), new List("container"), new List("afterwards")];
  const exports = new Map<string, Memory>();
  const cgroups = prepareCgroups(keeper, cleanup, exports, {
    ...{ id: "x", maker, resources: undefined, adopt: false, kill: false },
    ...request,
  });
  cgroups.join(container);
  return { cgroups, keeper, container, cleanup, exports };
}

function calls(list: List, inner = false): string[] {
  const found: string[] = [];
  const add = (operations: readonly Operation[]): void => {
    for (const operation of operations) {
      if (operation.kind === "call")
        found.push(
          `${operation.name} ${operation.args.filter((arg) => typeof arg === "string").join(" ")}`.trimEnd(),
        );
      else if (operation.kind === "when" && inner) add(operation.body);
    }
  };
  for (const step of list.steps) add(step.operations);
  return found;
}

describe("groups", () => {
  test("one in every hierarchy but those of other programs, limited or not", () => {
    const { cgroups, keeper, container } = prepare({ layout: v1() });
    expect(cgroups.folders.groups).toEqual(
      ["cpuset", "memory", "devices", "name=systemd"].map((name) => `/cg/${name}/husk-x`),
    );
    expect(calls(keeper).filter((call) => call.startsWith("mkdirat"))).toHaveLength(4);
    expect(calls(container)).toEqual(["write 0", "write 0", "write 0", "write 0"]);
    expect(cgroups.cloneInto).toBeUndefined();
    expect(cgroups.enforcesDevices).toBe(true);
  });

  test("a cpuset of v1 gets what the one above has before anything joins", () => {
    const copies = calls(prepare({ layout: v1() }).keeper).filter((call) => call.includes("cpuset.cpus"));
    expect(copies).toEqual(["openat /cg/cpuset/cpuset.cpus", "openat /cg/cpuset/husk-x/cpuset.cpus"]);
  });

  test("limits are written before the container can run, and named if they fail", () => {
    const { keeper } = prepare({ layout: v1(), resources: { memory: { limit: 2 ** 26 } } });
    const step = keeper.steps.find(({ title }) => title === "memory limit 64 MiB");
    expect(step?.operations.map((operation) => operation.kind === "call" && operation.object)).toEqual([
      `memory limit 64 MiB ("/cg/memory/husk-x/memory.limit_in_bytes" = "67108864")`,
      `memory limit 64 MiB ("/cg/memory/husk-x/memory.limit_in_bytes" = "67108864")`,
    ]);
    expect(step?.shell?.()).toBe("echo 67108864 > /cg/memory/husk-x/memory.limit_in_bytes");
  });

  test("parents are made on the way and removed when they were missing", () => {
    const { cgroups, keeper, cleanup } = prepare({ layout: v1(), parent: "/a/b" });
    expect(cgroups.folders.parents.slice(0, 2)).toEqual(["/cg/cpuset/a/b", "/cg/cpuset/a"]);
    expect(calls(keeper, true)).toContain("mkdirat /cg/memory/a/b");
    expect(calls(cleanup, true).filter((call) => call.includes("/cg/memory"))).toEqual([
      "openat /cg/memory/a/b/x/memory.oom_control",
      "unlinkat /cg/memory/a/b/x",
      "unlinkat /cg/memory/a/b",
      "unlinkat /cg/memory/a",
    ]);
  });

  test("nothing is removed that was not made", () => {
    const { cleanup } = prepare({ layout: v1() });
    expect(calls(cleanup)).toEqual([]);
    expect(calls(cleanup, true)).not.toEqual([]);
  });

  test("in a read-only hierarchy there is none, and a limit is refused", () => {
    const layout = { hierarchies: v1().hierarchies.map((hierarchy) => ({ ...hierarchy, readOnly: true })) };
    expect(prepare({ layout }).cgroups.groups).toEqual([]);
    const resources = { memory: { limit: 2 ** 26 } };
    expect(() => prepare({ layout, resources })).toThrow(
      "memory limit 64 MiB: /cg/memory is mounted read-only",
    );
  });

  test("an ordinary user gets none without limits, and with limits an error that names the mend", () => {
    const rootless = { rootless: true, uid: 1000 };
    const { cgroups, keeper } = prepare({ layout: v1(), maker: rootless, resources: { devices: [] } });
    expect(cgroups.groups).toEqual([]);
    expect(keeper.steps).toEqual([]);
    try {
      prepare({ layout: v1(), maker: rootless, resources: { memory: { limit: 2 ** 26 } } });
      throw new Error("accepted");
    } catch (error) {
      expect(error).toMatchObject({
        code: "denied",
        hint: expect.stringContaining("chown -R 1000 /cg/memory/husk-1000"),
      });
    }
  });
});

describe("v2", () => {
  const names = "cpuset cpu io memory pids";

  test("the process is born in its group", () => {
    const layout = v2("born", {
      "cgroup.controllers": names,
      "cgroup.subtree_control": "cpu io memory pids\n",
    });
    const { cgroups, container } = prepare({ layout, resources: { pids: { limit: 3 } } });
    expect(cgroups.cloneInto?.name).toBe("openat");
    expect(calls(container)).toEqual([]);
    expect(container.steps[0]?.shell?.()).toContain("/husk-x/cgroup.procs");
    expect(cgroups.freezer?.file).toEndWith("/born/husk-x/cgroup.freeze");
  });

  test("controllers the top does not hand down yet are handed down, those asked for too", () => {
    const layout = v2("hand", { "cgroup.controllers": names, "cgroup.subtree_control": "cpu pids\n" });
    const { keeper } = prepare({ layout, resources: { cpu: { cpus: "0" } }, parent: "/p" });
    const step = keeper.steps.find(({ title }) => title === "hand controllers down");
    expect(step?.shell?.().replaceAll(root, "")).toBe(
      "echo '+cpuset +io +memory' > /hand/cgroup.subtree_control\n" +
        "echo '+cpuset +cpu +io +memory +pids' > /hand/p/cgroup.subtree_control",
    );
  });

  test("a top that holds processes itself is emptied first, but only for limits' sake", () => {
    const files = {
      "cgroup.controllers": names,
      "cgroup.subtree_control": "",
      "cgroup.type": "domain",
      "cgroup.procs": "1\n",
    };
    const layout = v2("occupied", files);
    expect(prepare({ layout, resources: { pids: { limit: 3 } } }).cgroups.evacuate).toBe(
      join(root, "occupied"),
    );
    const { cgroups, keeper } = prepare({ layout });
    expect(cgroups.evacuate).toBeUndefined();
    expect(keeper.steps.map(({ title }) => title)).toEqual(["own control groups", "allowed devices"]);
  });

  test("a program checks devices, unless everything is allowed or nobody here may load one", () => {
    const files = { "cgroup.controllers": names, "cgroup.subtree_control": names, "cgroup.procs": "" };
    const layout = v2("devices", files);
    const devices = [{ allow: false, access: "rwm" }];
    const programs = (request: Partial<CgroupRequest>) => {
      const { cgroups, keeper } = prepare({ layout, ...request });
      return [cgroups.enforcesDevices, calls(keeper).filter((call) => call.startsWith("bpf")).length];
    };
    expect(programs({ resources: { devices } })).toEqual([true, 2]);
    expect(programs({ resources: { devices: [{ allow: true, access: "rwm" }] } })).toEqual([true, 0]);
    expect(programs({ resources: { devices }, deviceProgram: false })).toEqual([false, 0]);
    const rootless = { rootless: true, uid: 1000 };
    expect(programs({ resources: { devices, pids: { limit: 3 } }, maker: rootless })).toEqual([false, 0]);
  });

  test("a user's delegated group is found above the one the session runs in", () => {
    const layout = v2("delegated", { "cgroup.controllers": "" });
    const [top] = layout.hierarchies;
    const session = join(top?.mount as string, "user", "shell");
    mkdirSync(session, { recursive: true });
    for (const [folder, controllers] of [
      [join(session, ".."), "memory pids"],
      [session, ""],
    ] as const) {
      writeFileSync(join(folder, "cgroup.controllers"), controllers);
      writeFileSync(join(folder, "cgroup.subtree_control"), "");
      writeFileSync(join(folder, "cgroup.procs"), "");
    }
    const hierarchies = [
      { ...(top as (typeof layout.hierarchies)[0]), controllers: ["memory", "pids"], own: "/user/shell" },
    ];
    const { cgroups } = prepare({
      layout: { hierarchies },
      maker: { rootless: true, uid: 1000 },
      resources: { pids: { limit: 3 } },
    });
    expect(cgroups.folders.groups).toEqual([join(session, "../husk-x")]);
  });
});
