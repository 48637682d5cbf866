// What stands on the disk of containers that `husk oci` has made: their names, a full disk, damaged records.
import { describe, expect } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { huskOciPath, huskRuntime, makeBundle, needs, run, shell } from "./harness/index.ts";

const needed = { root: true, command: "busybox" } as const;

describe("list", () => {
  needs(needed)(
    "shows containers whose names begin with a dot; those of husk's own folders are no ids",
    async () => {
      const { path } = makeBundle(["true"]);
      const husk = huskRuntime();
      await husk.must(["create", "--bundle", path, ".one"]);
      expect(await husk.must(["list", "-q"])).toBe(".one\n");
      await husk.must(["delete", ".one"]);
      const { status, stderr } = await husk.call(["create", "--bundle", path, ".deleted-1-2-one"]);
      expect([status, stderr]).toEqual([1, expect.stringContaining("invalid container ID format")]);
      expect(readdirSync(husk.root)).toEqual([]);
    },
  );

  needs(needed)("to nobody ends as by SIGPIPE, without a word", async () => {
    const husk = huskRuntime();
    // As soon as nobody is at the other end.
    const line = `{ trap '' PIPE; while echo 2> /dev/null; do sleep 0.02; done; trap - PIPE; "$1" --root "$2" features; echo "status $?" >&2; } | true`;
    const { stderr } = await run(["sh", "-c", line, "sh", huskOciPath, husk.root]);
    expect(stderr).toBe("status 141\n");
  });
});

describe("a full disk below --root", () => {
  needs(needed)("keeps nobody from ending and deleting a container, and is named", async () => {
    const { path } = makeBundle(["sleep", "100"]);
    const husk = huskRuntime();
    mkdirSync(husk.root, { mode: 0o700 });
    const mounted = await run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", husk.root]);
    expect(mounted.status).toBe(0);
    try {
      await husk.must(["run", "-d", "--bundle", path, "one"]);
      await husk.must(["create", "--bundle", path, "two"]);
      await shell('cat /dev/zero > "$1" 2> /dev/null || true', [`${husk.root}/filler`]);
      for (const command of [
        ["create", "--bundle", path, "three"],
        ["update", "--pids-limit", "50", "one"],
      ]) {
        const { status, stderr } = await husk.call(command);
        expect([status, stderr]).toEqual([1, expect.stringMatching(/no space left|ENOSPC/i)]);
        expect(stderr).not.toContain("unexpected failure");
      }
      await husk.must(["start", "two"]);
      await husk.must(["pause", "two"]);
      await husk.must(["resume", "two"]);
      await husk.must(["kill", "one", "KILL"]);
      await husk.stopped("one");
      await husk.must(["delete", "one"]);
      await husk.must(["delete", "--force", "two"]);
      expect(readdirSync(husk.root)).toEqual(["filler"]);
    } finally {
      rmSync(`${husk.root}/filler`, { force: true });
      await husk.call(["delete", "--force", "one"]);
      await husk.call(["delete", "--force", "two"]);
      await run(["umount", "-l", husk.root]);
    }
  });
});

describe("a record that is damaged", () => {
  needs(needed)("is named, with what to do; list goes on", async () => {
    const { path } = makeBundle(["true"]);
    const husk = huskRuntime();
    await husk.must(["create", "--bundle", path, "one"]);
    const file = `${husk.root}/one/state.json`;
    const whole = readFileSync(file, "utf8");
    writeFileSync(file, whole.slice(0, 20));
    const { status, stderr } = await husk.call(["state", "one"]);
    expect([status, stderr]).toEqual([1, expect.stringContaining(`${file} is damaged`)]);
    expect(await husk.must(["list", "-q"])).toBe("");
    writeFileSync(file, whole);
    await husk.must(["delete", "one"]);
  });
});
