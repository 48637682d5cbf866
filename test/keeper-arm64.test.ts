// The keeper compiled for arm64, run by qemu's emulation of that processor: its decoder, and calls that start nothing
// (qemu-user has no clone3).
import { describe, expect } from "bun:test";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Arch, decodeReport, encode, List, Memory, type Plan } from "../src/plan/index.ts";
import { needs, repository, run, temporaryFolder } from "./harness/index.ts";

const needed = { root: true, command: ["aarch64-linux-gnu-gcc", "qemu-aarch64-static", "unshare"] } as const;
const LONG = 120_000;

async function compileKeeper(...options: readonly string[]): Promise<string> {
  const program = join(temporaryFolder("arm64"), "keeper");
  const build = [join(repository, "scripts/build-keeper"), "aarch64-linux-gnu-gcc", program, ...options];
  const built = await run(build, { timeout: 60_000 });
  expect([built.status, built.stderr]).toEqual([0, ""]);
  return program;
}

/** A keeper cannot copy itself and run the copy under emulation, but one on a read-only mount need not. */
const READ_ONLY = `
mount -t tmpfs none "$1"
cp "$2" "$1/keeper"
mount -o remount,ro "$1"
exec $5 "$1/keeper" test < "$3" 3< /dev/null 4<> "$4"
`;

async function perform(keeper: string, bytes: Uint8Array, emulator: string) {
  const folder = temporaryFolder("perform");
  const [mount, plan, report] = [join(folder, "mount"), join(folder, "plan"), join(folder, "report")];
  mkdirSync(mount);
  writeFileSync(plan, bytes);
  closeSync(openSync(report, "w"));
  const unshare = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-euc", READ_ONLY, "sh"];
  const { status, stderr } = await run([...unshare, mount, keeper, plan, report, emulator]);
  return { status, stderr, report: new Uint8Array(readFileSync(report)) };
}

/** Makes files, carries a descriptor from call to call, reads into memory that is exported, and may fail at the end. */
function callsPlan(folder: string, fails: boolean): Plan {
  const list = new List("keeper");
  const cleanup = new List("cleanup");
  const seen = new Memory(64);
  list.step("files", "for the test");
  list.call("mkdirat", -100, `${folder}/made`, 0o750);
  list.call("mkdirat", -100, `${folder}/made`, 0o750).accept("EEXIST");
  const directory = list.call("openat", -100, `${folder}/made`, 0);
  list.call("symlinkat", "to-nowhere", directory, "link");
  const file = list.call("openat", directory, "file", 0o102, 0o640);
  list.call("write", file, "some words", 10).expect(10);
  list.call("lseek", file, 5, 0).expect(5);
  list.call("read", file, seen, 64).expect(5);
  const absent = list.call("openat", directory, "absent", 0).accept("ENOENT");
  list.when(absent, "failed", () => list.call("mkdirat", directory, "because-of-it", 0o700));
  if (fails) list.call("unlinkat", directory, "never-there", 0);
  cleanup.step("after", "for the test");
  cleanup.call("mkdirat", directory, "afterwards", 0o700);
  return { keeper: list, cleanup, exports: new Map([["seen", seen]]) };
}

/** The same kinds of operations, of which none minds that nothing is performed. */
function rehearsedPlan(): Plan {
  const list = new List("keeper");
  const memory = new Memory(16).pointer(8, "text");
  list.step("rehearsed", "for the test");
  const fd = list.call("openat", -100, "/nowhere", 0).accept("ENOENT");
  list.when(fd, "failed", () => {
    list.store(fd, memory, 0);
    list.load(memory, 0);
  });
  list.call("read", fd, new Uint8Array(64), 64).expect(0).retry(1);
  return { keeper: list, cleanup: new List("cleanup"), exports: new Map([["memory", memory]]) };
}

describe("the keeper on arm64", () => {
  needs(needed)(
    "performs calls as on this machine, and reports the same",
    async () => {
      const arm64 = await compileKeeper();
      const seen: unknown[] = [];
      for (const [arch, keeper, emulator] of [
        ["aarch64", arm64, "qemu-aarch64-static"],
        [undefined, join(repository, "dist/keeper"), ""],
      ] as const) {
        for (const fails of [false, true]) {
          const folder = temporaryFolder("files");
          const encoded = encode(callsPlan(folder, fails), arch === undefined ? {} : { arch: arch as Arch });
          const { status, stderr, report: bytes } = await perform(keeper, encoded.bytes, emulator);
          const report = decodeReport(bytes, encoded);
          const { stdout } = await run(["find", `${folder}/made`, "-printf", "%P %M %s %l\n"]);
          seen.push({
            fails,
            status,
            stderr,
            outcome: report?.outcome,
            failed: fails && [report?.ordinal, report?.errno],
            text: Buffer.from(report?.exports.get("seen") ?? []).toString("utf8", 0, 5),
            files: stdout
              .replaceAll(/^(\S+ d\S+) \d+/gm, "$1")
              .split("\n")
              .toSorted(),
            content: readFileSync(`${folder}/made/file`, "utf8"),
          });
        }
      }
      expect(seen.slice(0, 2)).toEqual(seen.slice(2));
      expect(seen[0]).toMatchObject({ status: 0, outcome: "ended", text: "words", content: "some words" });
      expect(seen[1]).toMatchObject({ status: 125, outcome: "failed" });
    },
    LONG,
  );

  needs(needed)(
    "decodes plans, and refuses those of another processor and broken ones",
    async () => {
      const rehearse = await compileKeeper("-DKEEPER_REHEARSE");
      const plan = encode(rehearsedPlan(), { arch: "aarch64" }).bytes;
      const status = async (bytes: Uint8Array) =>
        (await perform(rehearse, bytes, "qemu-aarch64-static")).status;
      expect(await status(plan)).toBe(0);
      expect(await status(encode(rehearsedPlan(), { arch: "x86_64" }).bytes)).toBe(125);
      expect(await status(plan.subarray(0, plan.length / 2))).toBe(125);
      // Each word of the header in turn, and some of the rest.
      for (let at = 0; at < plan.length; at += at < 64 ? 4 : 4 * Math.ceil(plan.length / 100)) {
        const broken = plan.slice();
        new DataView(broken.buffer).setUint32(at & ~3, 0xfffffff8, true);
        expect([0, 125]).toContain(await status(broken));
      }
    },
    LONG,
  );
});
