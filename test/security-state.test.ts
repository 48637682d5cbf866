// State on disk and control groups: what must not be believed, followed or removed.
import { describe, expect } from "bun:test";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupVersion, engine, isAlive, makeBundle, needs, run, temporaryFolder } from "./harness/index.ts";

const asRoot = needs({ root: true, command: "busybox" });

describe("a control group that exists already", () => {
  asRoot("is not taken, and what runs in it lives on, whatever becomes of husk", async () => {
    const hierarchy = cgroupVersion() === "v2" ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids";
    const name = `husk-test-foreign-${process.pid}`;
    const group = join(hierarchy, name);
    mkdirSync(group);
    const bystander = Bun.spawn(["sleep", "60"]);
    writeFileSync(join(group, "cgroup.procs"), `${bystander.pid}`);
    // Room for husk's own record, but not for the keeper's report.
    const folder = temporaryFolder("full", 0o700);
    await run(["mount", "-t", "tmpfs", "-o", "size=8k,mode=700", "tmpfs", folder]);
    try {
      const bundle = makeBundle(["true"], (config) => (config.linux.cgroupsPath = `/${name}`));
      for (const env of [{}, { HUSK_RUN: folder }]) {
        const { status, stderr } = await engine().husk(["oci", "run", "--bundle", bundle.path, "intruder"], {
          env,
        });
        expect([status, stderr.trim().split("\n").length]).toEqual([125, 1]);
        expect(stderr).toContain(group);
      }
      expect([isAlive(bystander.pid), existsSync(group)]).toEqual([true, true]);
    } finally {
      await run(["umount", folder]);
      bystander.kill("SIGKILL");
      await bystander.exited;
      if (existsSync(group)) rmdirSync(group);
    }
  });
});
