import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Runtime } from "./create.ts";
import { containerFiles } from "./folder.ts";
import { killContainer } from "./kill.ts";
import { processesOf } from "./processes.ts";
import type { Container } from "./state.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "husk-kill-"))));
afterAll(() => rmSync(folder, { recursive: true }));

/** What looks like a group of cgroup v2 in which nothing ever stands still. */
function restlessGroup(name: string, pids: readonly number[]): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(`${path}/cgroup.procs`, pids.map((pid) => `${pid}\n`).join(""));
  writeFileSync(`${path}/cgroup.freeze`, "0\n");
  writeFileSync(`${path}/cgroup.events`, "populated 1\nfrozen 0\n");
  return path;
}

test("a process of another pid namespace, which has no number here, is not among a group's", () => {
  expect(processesOf(restlessGroup("other", [0, 7]))).toEqual([7]);
});

describe("kill --all", () => {
  test("reaches processes that cannot be frozen, and says so", async () => {
    const child = Bun.spawn(["sleep", "60"]);
    const group = restlessGroup("stuck", [child.pid]);
    const warnings: string[] = [];
    const runtime: Runtime = {
      root: folder,
      keeper: { path: "/nonexistent" },
      keeperFolder: folder,
      warn: (message) => void warnings.push(message),
    };
    const container: Container = {
      files: containerFiles(folder, "one"),
      state: {
        ...{ format: 1, ociVersion: "1.3.0", id: "one", bundle: folder, rootfs: folder, created: "" },
        creator: { pid: 1, startTime: "0" },
        cgroups: { groups: [group], parents: [] },
        namespaces: [],
      },
      status: "running",
      process: undefined,
    };
    try {
      await killContainer(runtime, container, 15, true);
      await child.exited;
      expect(child.signalCode).toBe("SIGTERM");
      expect(warnings).toEqual([expect.stringContaining("do not stop")]);
      expect(readFileSync(`${group}/cgroup.freeze`, "utf8")).toBe("0");
    } finally {
      child.kill("SIGKILL");
    }
  });
});
