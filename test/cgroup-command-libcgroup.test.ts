// What `husk cgroup` has in libcgroup's spelling, beside cgcreate, cgset, cgget, cgexec and cgdelete: owners and modes,
// settings of another group, values of many groups, groups in several hierarchies.
import { afterAll, describe, expect } from "bun:test";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import {
  cgroup,
  foldersOf,
  folderWith,
  hierarchies,
  refused,
  removeByHand,
} from "./harness/by-hand-group.ts";
import { engine, findUser, husk, needs, run } from "./harness/index.ts";

const asRoot = needs({ root: true });
const withTools = needs({ root: true, cgroup: "v1", command: ["cgcreate", "cgset", "cgget", "cgexec"] });

const prefix = `husk-test-lib-${process.pid}`;
let count = 0;
const newName = (): string => `${prefix}-${(count += 1)}`;
afterAll(() => removeByHand(prefix));

/** Owner and mode of a group's folders and of every file in them. */
function rights(name: string): string[] {
  return foldersOf(name).flatMap((folder) =>
    [".", ...readdirSync(folder).toSorted()].map((entry) => {
      const { uid, gid, mode } = statSync(`${folder}/${entry}`);
      return `${folder.replace(name, "")}${entry} ${uid}:${gid} ${(mode & 0o7777).toString(8)}`;
    }),
  );
}

/** Every value that can be read, by file. */
function values(name: string): string[] {
  return foldersOf(name).flatMap((folder) =>
    readdirSync(folder)
      // The kernel goes on counting periods there by itself: no setting.
      .filter((entry) => entry !== "cpu.stat")
      .toSorted()
      .flatMap((entry) => {
        try {
          return [`${folder.replace(name, "")}${entry} ${readFileSync(`${folder}/${entry}`, "utf8")}`];
        } catch {
          return [];
        }
      }),
  );
}

/** What cgget prints, with the files of each group in an order of its own; it shows files that can only be written as empty. */
const sorted = (text: string): string[] =>
  text
    .split(/\n(?!\t)/)
    .filter((line) => line !== "" && !/^memory\.(force_empty|pressure_level): $/.test(line))
    .toSorted();

const controllers = "cpu,memory,freezer";

describe("create: owners and modes", () => {
  for (const words of [
    ["-a", "nobody:nogroup"],
    ["-t", "games:games"],
    ["-a", "nobody:nogroup", "-t", "games:games", "-d", "751", "-f", "664", "-s", "660"],
    ["-a", ":games", "-f", "000", "-s", "777"],
    ["--dperm=700", "--fperm=777", "--tperm=600"],
  ]) {
    withTools(`S51: ${words.join(" ")}`, async () => {
      const [ours, real] = [newName(), newName()];
      await cgroup("create", ...words, "-g", `${controllers}:${ours}`);
      expect((await run(["cgcreate", ...words, "-g", `${controllers}:${real}`])).stderr).toBe("");
      expect(rights(ours)).toEqual(rights(real));
      const script = await husk([
        "explain",
        "--as-shell",
        "cgroup",
        "create",
        ...words,
        `${controllers}:${ours}-sh`,
      ]);
      expect((await run(["sh", "-c", script.stdout])).stderr).toBe("");
      expect(rights(`${ours}-sh`)).toEqual(rights(real));
    });
  }

  withTools("ids need no account; groups above stay root's", async () => {
    const name = newName();
    await cgroup("create", "-a", "4711:4712", `cpu:${name}/below`);
    const folder = folderWith(name, "cpu");
    expect([statSync(folder).uid, statSync(`${folder}/below`).uid]).toEqual([0, 4711]);
    expect(statSync(`${folder}/below/cpu.shares`).gid).toBe(4712);
  });

  needs({ root: true, cgroup: "v1", testUser: true })(
    "who was given a group makes, limits and uses it",
    async () => {
      const user = findUser("husk-test");
      if (user === undefined) throw new Error("no test user");
      const mine = engine(user);
      const name = newName();
      await cgroup("create", "-a", "husk-test:husk-test", "-t", "husk-test:husk-test", `pids:${name}`);
      await cgroup("create", "-a", "husk-test", `pids:${name}-procs`);
      expect((await mine.husk(["cgroup", "set", `pids:${name}`, "pids.max=9"])).stderr).toBe("");
      expect(readFileSync(`${folderWith(name, "pids")}/pids.max`, "utf8")).toBe("9\n");
      for (const given of [name, `${name}-procs`]) {
        const result = await mine.husk(["cgroup", "exec", `pids:${given}`, "cat", "/proc/self/cgroup"]);
        expect([result.stderr, result.stdout]).toEqual(["", expect.stringContaining(`:pids:/${given}\n`)]);
      }
    },
  );

  asRoot("what is no owner and no mode", async () => {
    expect(await refused("create", "-a", "no-such-user", "x")).toContain('there is no user "no-such-user"');
    expect(await refused("create", "-a", "root:no-such-group", "x")).toContain(
      'there is no group "no-such-group"',
    );
    expect(await refused("create", "-t", ":", "x")).toContain("USER:GROUP, names or ids");
    expect(await refused("create", "-d", "9", "x")).toContain("three or four octal digits");
  });
});

describe("set --copy-from", () => {
  withTools("S54: every setting of the other group, as cgset copies them", async () => {
    const [from, ours, real] = [newName(), newName(), newName()];
    for (const name of [from, ours, real]) await cgroup("create", `cpu,memory,cpuset,pids:${name}`);
    await cgroup(
      "set",
      from,
      "memory.max=64M",
      "memory.swap.max=8M",
      "cpu.max=20%",
      "cpu.weight=50",
      "pids.max=9",
    );
    await cgroup("set", from, "cpuset.cpus=0");
    await cgroup("set", "--copy-from", from, ours);
    expect((await run(["cgset", "--copy-from", from, real])).stderr).toBe("");
    expect(values(ours)).toEqual(values(from));
    expect(values(ours)).toEqual(values(real));
  });

  needs({ root: true, cgroup: "v1", controller: "memory" })(
    "limits that stand in each other's way are lowered and raised in the order the kernel takes",
    async () => {
      const [small, large, name] = [newName(), newName(), newName()];
      await cgroup("create", `memory:${small}`, `memory:${large}`, `memory:${name}`);
      const limits = ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"];
      for (const [group, bytes] of [
        [small, "32M"],
        [large, "512M"],
      ] as const)
        await cgroup("set", group, ...limits.map((file) => `${file}=${bytes}`));
      for (const group of [small, large, small]) {
        await cgroup("set", "--copy-from", group, name);
        expect(values(name)).toEqual(values(group));
      }
      const { stdout } = await husk(["explain", "--as-shell", "cgroup", "set", "--copy-from", large, name]);
      await run(["sh", "-c", stdout]);
      expect(values(name)).toEqual(values(large));
    },
  );

  needs({ root: true, controller: "freezer", cgroup: "v1" })("frozen is a state and no setting", async () => {
    const [from, name] = [newName(), newName()];
    await cgroup("create", `freezer:${from}`, `freezer:${name}`);
    writeFileSync(`${folderWith(from, "freezer")}/freezer.state`, "FROZEN");
    await cgroup("set", "--copy-from", from, name);
    expect(readFileSync(`${folderWith(name, "freezer")}/freezer.state`, "utf8")).toBe("THAWED\n");
  });

  needs({ root: true, controller: ["devices", "cpu"], cgroup: "v1" })(
    "rules for devices, and groups apart",
    async () => {
      const [from, name] = [newName(), newName()];
      await cgroup("create", `devices:${from}`, `devices:${name}`, `cpu:${name}-cpu`);
      await cgroup("set", from, "devices.deny=a", "devices.allow=c 1:3 rwm", "devices.allow=c 1:5 r");
      await cgroup("set", "--copy-from", from, name);
      expect(values(name)).toEqual(values(from));
      expect(await refused("set", "--copy-from", from, `${name}-cpu`)).toContain(
        "no hierarchy has both control groups",
      );
      expect(await refused("set", "--copy-from", `${from}-no`, name)).toContain("there is no control group");
    },
  );
});

describe("get", () => {
  withTools("S53, S54: -a, -g, -r, -n and -v print what cgget prints", async () => {
    const [one, two] = [newName(), newName()];
    await cgroup("create", `cpu,memory,pids:${one}`, `cpu,memory:${two}`);
    for (const words of [
      ["-a", one],
      ["-a", one, two],
      ["-n", "-a", one],
      ["-v", "-a", one],
      ["-g", "cpu", one, two],
      ["-g", `cpu:${one}`, "-g", `memory:${two}`],
      ["-nv", "-g", "memory", one],
    ]) {
      const real = await run(["cgget", ...words]);
      expect([words, sorted(await cgroup("get", ...words))]).toEqual([words, sorted(real.stdout)]);
    }
    for (const flags of [[], ["-n"], ["-v"], ["-n", "-v"]]) {
      const words = [...flags, "-r", "cpu.shares", "-r", "cpu.stat", one, two];
      expect(await cgroup("get", ...words)).toBe((await run(["cgget", ...words])).stdout);
    }
  });
});

describe("several groups at once", () => {
  withTools("S52: one for each hierarchy, made, entered and removed together", async () => {
    const [a, b] = [newName(), newName()];
    const groups = ["-g", `cpu:${a}`, "-g", `memory,pids:${b}/below`];
    await cgroup("create", ...groups);
    expect([foldersOf(a).length, foldersOf(`${b}/below`).length]).toEqual([1, 2]);
    const ours = await cgroup("exec", ...groups, "cat", "/proc/self/cgroup");
    expect(ours).toBe((await run(["cgexec", ...groups, "cat", "/proc/self/cgroup"])).stdout);
    expect(await refused("rm", `cpu:${a}`, `memory,pids:${b}`)).toContain(`husk cgroup rm -r ${b}`);
    await cgroup("rm", "-r", "-g", `cpu:${a}`, `memory,pids:${b}`);
    expect([...foldersOf(a), ...foldersOf(b)]).toEqual([]);
  });

  asRoot("in every hierarchy", async () => {
    const [a, b] = [newName(), newName()];
    await cgroup("create", "-g", `*:${a}`, b);
    expect(foldersOf(a).length + foldersOf(b).length).toBe(2 * hierarchies().length);
    await cgroup("rm", "-g", `*:${a}`, b);
    expect([...foldersOf(a), ...foldersOf(b)]).toEqual([]);
  });
});

asRoot("--sticky is for a daemon, and says so", async () => {
  for (const words of [
    ["exec", "--sticky", "x", "true"],
    ["attach", "--sticky", "x", "1"],
    ["attach", "--cancel-sticky", "x", "1"],
  ])
    expect(await refused(...words)).toContain(
      `${words[1]} is for cgrulesengd, which moves processes by rules`,
    );
});
