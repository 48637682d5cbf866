// The framed log: every byte, whatever is printed, how much, and how full the disk is.
import { afterAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MountSpec } from "../src/engine/run-options.ts";
import { isSoak, needs, run, temporaryFolder, waitFor } from "./harness/index.ts";
import { frames, endKept, keep } from "./kept-container.ts";

afterAll(endKept);

const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const loggedBytes = (folder: string, stream = 1): Buffer =>
  Buffer.concat(
    frames(folder)
      .filter((frame) => frame.stream === stream)
      .map((frame) => frame.bytes),
  );

test("binary output is logged byte for byte, both streams apart", async () => {
  const folder = temporaryFolder("data");
  const script = `head -c 3000000 /dev/urandom > ${folder}/a; head -c 2000000 /dev/urandom > ${folder}/b
    cat ${folder}/a & cat ${folder}/b >&2 & wait`;
  const container = await keep(script, { run: { mounts: [bind(folder)] } });
  expect((await container.ended()).exitCode).toBe(0);
  expect(hash(loggedBytes(container.folder, 1))).toBe(hash(readFileSync(`${folder}/a`)));
  expect(hash(loggedBytes(container.folder, 2))).toBe(hash(readFileSync(`${folder}/b`)));
});

test("a line of 10 MB and a burst of 100 MB are complete, whoever ends right after it", async () => {
  const line = await keep("head -c 10000000 /dev/zero | tr '\\0' x; echo");
  await line.ended();
  expect(hash(loggedBytes(line.folder))).toBe(hash(Buffer.from(`${"x".repeat(10_000_000)}\n`)));
  const size = isSoak ? 1_000_000_000 : 100_000_000;
  const burst = await keep(`head -c ${size} /dev/zero`);
  await burst.ended();
  let total = 0;
  for (const { bytes, stream } of frames(burst.folder)) {
    expect(stream).toBe(1);
    total += bytes.length;
  }
  expect(total).toBe(size);
}, 120_000);

test("a terminal's output is one stream", async () => {
  const container = await keep("echo out; echo err >&2; tty", { run: { tty: true } });
  await container.ended();
  expect(container.logged(1)).toBe("out\r\nerr\r\n/dev/pts/0\r\n");
});

test("a log that becomes too long is put aside, and the oldest goes", async () => {
  const container = await keep("i=0; while [ $i -lt 400 ]; do echo line $i of many; i=$((i + 1)); done", {
    supervision: { log: { maxBytes: 2000, maxFiles: 3 } },
  });
  await container.ended();
  expect(readdirSync(container.folder).toSorted()).toEqual(["exit", "log", "log.1", "log.2", "record"]);
  for (const name of ["log", "log.1", "log.2"])
    expect(statSync(join(container.folder, name)).size).toBeLessThanOrEqual(2000);
  // The oldest may have been put aside in the middle of a line.
  const lines = container.logged().trimEnd().split("\n").slice(1);
  expect(lines.length).toBeGreaterThan(50);
  expect(lines).toEqual(
    Array.from({ length: lines.length }, (_, i) => `line ${400 - lines.length + i} of many`),
  );
});

test("one log file only, smaller than what is printed at once", async () => {
  const container = await keep("head -c 100000 /dev/zero; echo end", {
    supervision: { log: { maxBytes: 1000, maxFiles: 1 } },
  });
  await container.ended();
  expect(readdirSync(container.folder).toSorted()).toEqual(["exit", "log", "record"]);
  expect(statSync(join(container.folder, "log")).size).toBeLessThanOrEqual(1000);
  expect(container.logged()).toEndWith("end\n");
});

test("a second run goes on in the same log", async () => {
  const first = await keep("echo one");
  await first.ended();
  const second = await keep("echo two", { folder: first.folder });
  await second.ended();
  expect(second.logged()).toBe("one\ntwo\n");
});

needs({ root: true })(
  "a full disk loses output, and says so, but ends no container and no record",
  async () => {
    const folder = temporaryFolder("small");
    expect((await run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder])).status).toBe(0);
    try {
      const data = temporaryFolder("go-on");
      const script = `head -c 1000000 /dev/zero; echo 1 > ${data}/full; until [ -e ${data}/free ]; do sleep 0.05; done; echo end`;
      const container = await keep(script, {
        folder: join(folder, "c"),
        run: { mounts: [bind(data)] },
      });
      await container.report();
      await waitFor("a full disk", () => readdirSync(data).includes("full"));
      const kept = loggedBytes(container.folder).length;
      expect(kept).toBeLessThan(260_000);
      expect((await run(["mount", "-o", "remount,size=2m", folder])).status).toBe(0);
      await Bun.write(join(data, "free"), "");
      const exit = await container.ended();
      expect([exit.state, exit.exitCode]).toEqual(["ended", 0]);
      const lost = [...container.logged(0).matchAll(/(\d+) bytes lost: no space left on the device/g)];
      expect(lost.length).toBeGreaterThan(0);
      const sum = lost.reduce((total, [, bytes]) => total + Number(bytes), 0);
      expect(container.logged().length + sum).toBe(1_000_000 + "end\n".length);
      expect(container.logged()).toEndWith("\0end\n");
    } finally {
      await run(["umount", "-l", folder]);
    }
  },
);

needs({ root: true })("a disk that is full already: the start is refused, and says where", async () => {
  const folder = temporaryFolder("no-room");
  expect((await run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder])).status).toBe(0);
  const records = temporaryFolder("reports", 0o700);
  try {
    mkdirSync(join(folder, "c"));
    for (const name of ["record", "exit", "log"]) writeFileSync(join(folder, "c", name), "");
    expect((await run(["sh", "-c", `cat /dev/zero > ${folder}/ballast`])).status).toBe(1);
    const container = await keep("echo never", { folder: join(folder, "c"), reports: records });
    expect(await container.report()).toMatchObject({ outcome: "failed", errno: 28 });
    expect(container.logged()).toBe("");
  } finally {
    await run(["umount", "-l", folder]);
  }
});

needs({ root: true })("a disk that stays full: the exit record is written nevertheless", async () => {
  const folder = temporaryFolder("full");
  expect((await run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", folder])).status).toBe(0);
  try {
    const container = await keep("head -c 1000000 /dev/zero; exit 5", { folder: join(folder, "c") });
    const exit = await container.ended();
    expect([exit.state, exit.exitCode]).toEqual(["ended", 5]);
    expect(() => frames(container.folder)).not.toThrow();
  } finally {
    await run(["umount", "-l", folder]);
  }
});

function bind(folder: string): MountSpec {
  return { type: "bind", source: folder, target: folder };
}
