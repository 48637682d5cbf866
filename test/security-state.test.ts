// State on disk and control groups: what must not be believed, followed or removed.
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import {
  cgroupVersion,
  engine,
  findUser,
  isAlive,
  makeBundle,
  needs,
  run,
  temporaryFolder,
  userWithRanges,
} from "./harness/index.ts";

const asRoot = needs({ root: true, command: "busybox" });
const asRootWithUser = needs({ root: true, testUser: true });

describe("a control group that exists already", () => {
  asRoot("is not taken, and what runs in it lives on, whatever becomes of husk", async () => {
    const hierarchy = cgroupVersion() === "v2" ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids";
    const name = `husk-test-foreign-${process.pid}`;
    const group = join(hierarchy, name, "inner");
    mkdirSync(group, { recursive: true });
    const bystander = Bun.spawn(["sleep", "60"]);
    writeFileSync(join(group, "cgroup.procs"), `${bystander.pid}`);
    // Room for husk's own record, but not for the keeper's report.
    const folder = temporaryFolder("full", 0o700);
    await run(["mount", "-t", "tmpfs", "-o", "size=8k,mode=700", "tmpfs", folder]);
    try {
      const [one, { root }] = [engine(), engine()];
      // The group itself, and one that holds it.
      for (const cgroupsPath of [`/${name}/inner`, `/${name}`]) {
        const bundle = makeBundle(["true"], (config) => (config.linux.cgroupsPath = cgroupsPath));
        for (const env of [{}, { HUSK_RUN: folder, HUSK_ROOT: root }])
          for (const command of [["oci", "run"], ["oci", "create"], ["run"]]) {
            const id = command[0] === "oci" ? ["intruder"] : [];
            const { status, stderr } = await one.husk([...command, "--bundle", bundle.path, ...id], {
              env,
            });
            expect([command, status > 0, stderr.trim().split("\n").length]).toEqual([command, true, 1]);
            expect(stderr.replaceAll("\\", "")).toContain(
              `control group "${join(hierarchy, cgroupsPath)}" exists`,
            );
          }
      }
      expect([isAlive(bystander.pid), existsSync(group)]).toEqual([true, true]);
    } finally {
      await run(["umount", folder]);
      bystander.kill("SIGKILL");
      await bystander.exited;
      for (const path of [group, dirname(group)]) if (existsSync(path)) rmdirSync(path);
    }
  });
});

describe("folders of state that others prepared", () => {
  /** `husk run` with this run folder; what it says, in less than the time a test may take. */
  async function tried(run: string): Promise<string> {
    const { status, stdout, stderr } = await engine().husk(["run", "host", "--", "echo", "ran"], {
      env: { HUSK_RUN: run },
      timeout: 5000,
    });
    expect([status, stdout]).toEqual([125, ""]);
    return stderr;
  }

  asRootWithUser("a folder of another user's is refused before anything in it is opened", async () => {
    const folder = temporaryFolder("theirs", 0o755);
    await run(["mkfifo", "-m", "666", join(folder, "engine.json")]);
    chownSync(folder, findUser(userWithRanges)!.uid, 0);
    expect(await tried(folder)).toContain("belongs to user");
  });

  test("a link, also to a folder of one's own, and a folder others can write to are refused", async () => {
    const own = temporaryFolder("own", 0o700);
    const link = join(temporaryFolder("place"), "link");
    symlinkSync(own, link);
    expect(await tried(link)).toContain("is a link or writable for others");
    const dangling = join(dirname(link), "dangling");
    symlinkSync(join(own, "made"), dangling);
    await tried(dangling);
    expect(existsSync(join(own, "made"))).toBe(false);
    expect(await tried(temporaryFolder("open", 0o777))).toContain("writable for others");
  });

  test("a keeper that somebody else could change is not started", async () => {
    const { husk, root } = engine();
    expect((await husk(["run", "host", "--", "true"])).status).toBe(0);
    const keeper = join(root, readdirSync(root).find((name) => name.startsWith("keeper-"))!);
    chmodSync(keeper, 0o777);
    const { status, stderr } = await husk(["run", "host", "--", "true"]);
    expect([status, stderr.includes("can be changed by others")]).toEqual([125, true]);
  });
});
