import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { encodeFrame, logChunks, type LogOptions, NOTE, readLog, STDERR, STDOUT } from "./index.ts";

let folder: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "husk-log-"));
  log = join(folder, "log");
});
afterEach(() => rmSync(folder, { recursive: true }));

const SECOND = 1_000_000_000n;

function write(stream: number, text: string | Uint8Array, seconds = 1): void {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  appendFileSync(log, encodeFrame(BigInt(seconds) * SECOND, stream, bytes));
}

/** As a keeper does it; `log` is missing for a moment. */
function rotate(files = 1): void {
  for (let number = files; number > 1; number--)
    renameSync(join(folder, `log.${number - 1}`), join(folder, `log.${number}`));
  renameSync(log, join(folder, "log.1"));
}

interface Read {
  readonly stdout: string;
  readonly stderr: string;
  readonly notes: string;
}

async function read(options: LogOptions = {}): Promise<Read> {
  const parts: Uint8Array[][] = [[], [], []];
  const source = { folder, hasEnded: () => true, warn: () => {} };
  await readLog(
    source,
    options,
    (stream, buffer, start, end) => parts[stream]?.push(buffer.slice(start, end)),
    () => {},
  );
  const [notes = "", stdout = "", stderr = ""] = parts.map((part) => Buffer.concat(part).toString("latin1"));
  return { stdout, stderr, notes };
}

describe("what was written is read", () => {
  test("byte for byte, each stream by itself, notes apart", async () => {
    const binary = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256);
    write(STDOUT, binary);
    write(STDERR, "errors\n");
    write(NOTE, "3 bytes lost");
    write(STDOUT, binary);
    const { stdout, stderr, notes } = await read();
    expect(Buffer.from(stdout, "latin1").equals(Buffer.concat([binary, binary]))).toBe(true);
    expect([stderr, notes]).toEqual(["errors\n", "3 bytes lost"]);
  });

  test("a frame longer than any buffer", async () => {
    const bytes = new Uint8Array(3_500_000).fill(65);
    write(STDOUT, bytes);
    write(STDOUT, "end");
    const { stdout } = await read();
    expect([stdout.length, stdout.slice(-4)]).toEqual([3_500_003, "Aend"]);
  });

  test("through all files, the oldest first", async () => {
    for (let file = 0; file < 12; file++) {
      if (file > 0) rotate(file);
      write(STDOUT, `${file}\n`);
    }
    expect((await read()).stdout).toBe("0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n");
  });

  test("nothing where there is no log", async () => expect((await read()).stdout).toBe(""));

  test("half a frame at the end does not exist, wherever it is cut", async () => {
    write(STDOUT, "whole\n");
    const size = statSync(log).size;
    write(STDOUT, "half\n");
    for (const cut of [1, 10, 16, 18]) {
      truncateSync(log, size + cut);
      expect((await read()).stdout).toBe("whole\n");
    }
  });

  test("a damaged one is an error that names the place", async () => {
    write(STDOUT, "whole\n");
    appendFileSync(log, "this is no frame of a log");
    await expect(read()).rejects.toThrow(`the log ${log} is damaged at byte 22`);
  });
});

describe("tail", () => {
  test("counts lines of both streams together, and one without an end", async () => {
    write(STDOUT, "a\nb\nc\n");
    write(STDERR, "d\n");
    write(STDOUT, "e");
    expect(await read({ tail: 1 })).toMatchObject({ stdout: "e", stderr: "" });
    expect(await read({ tail: 2 })).toMatchObject({ stdout: "e", stderr: "d\n" });
    expect(await read({ tail: 3 })).toMatchObject({ stdout: "c\ne", stderr: "d\n" });
    expect(await read({ tail: 0 })).toMatchObject({ stdout: "", stderr: "" });
    expect(await read({ tail: 99 })).toMatchObject({ stdout: "a\nb\nc\ne", stderr: "d\n" });
  });

  test("a line of 10 MB is one line", async () => {
    write(STDOUT, "first\nsecond ");
    for (let i = 0; i < 160; i++) write(STDOUT, new Uint8Array(65_536).fill(97));
    write(STDOUT, "\n");
    expect((await read({ tail: 1 })).stdout.length).toBe("second ".length + 160 * 65_536 + 1);
    expect((await read({ tail: 2 })).stdout.slice(0, 8)).toBe("first\nse");
  });

  test("equals the last lines of everything, however it was written", async () => {
    const piece = fc.record({
      stream: fc.constantFrom(STDOUT, STDERR, NOTE),
      text: fc
        .array(fc.constantFrom("a", "b", "\n", "c\n", "\n\n", "x".repeat(50_000)), { maxLength: 6 })
        .map((parts) => parts.join("")),
      rotated: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), fc.nat(12), async (pieces, count) => {
        for (const path of ["log", ...Array.from({ length: 40 }, (_, i) => `log.${i + 1}`)])
          rmSync(join(folder, path), { force: true });
        let files = 1;
        for (const [i, { stream, text, rotated }] of pieces.entries()) {
          write(stream, text);
          if (rotated && i + 1 < pieces.length) rotate(files++);
        }
        const wanted = modelTail(pieces, count);
        const { stdout, stderr } = await read({ tail: count });
        expect({ stdout, stderr }).toEqual(wanted);
      }),
      { numRuns: 150, seed: 11 },
    );
  });
});

/** The plain way: all lines in the order of their ends. */
function modelTail(
  pieces: readonly { stream: number; text: string }[],
  count: number,
): { stdout: string; stderr: string } {
  const ended: { stream: number; line: string; at: number }[] = [];
  const open = ["", "", ""];
  const touched = [0, 0, 0];
  let at = 0;
  for (const { stream, text } of pieces) {
    if (stream === NOTE) continue;
    for (const character of text) {
      at++;
      open[stream] += character;
      touched[stream] = at;
      if (character !== "\n") continue;
      ended.push({ stream, line: open[stream] as string, at });
      open[stream] = "";
    }
  }
  for (const stream of [STDOUT, STDERR])
    if (open[stream] !== "")
      ended.push({ stream, line: open[stream] as string, at: touched[stream] as number });
  const last = ended.toSorted((a, b) => a.at - b.at).slice(ended.length - Math.min(count, ended.length));
  const of = (wanted: number): string =>
    last
      .filter(({ stream }) => stream === wanted)
      .map(({ line }) => line)
      .join("");
  return { stdout: of(STDOUT), stderr: of(STDERR) };
}

describe("times", () => {
  test("a line is as old as its first byte, whatever the clock says before and after", async () => {
    write(STDOUT, "one\nfir", 100);
    write(STDOUT, "st\ntwo\n", 50);
    write(STDERR, "err\n", 200);
    expect((await read({ since: 60n * SECOND })).stdout).toBe("one\nfirst\n");
    expect(await read({ until: 60n * SECOND })).toMatchObject({ stdout: "two\n", stderr: "" });
    expect((await read({ since: 200n * SECOND })).stderr).toBe("err\n");
    expect((await read({ since: 200n * SECOND + 1n })).stderr).toBe("");
  });

  test("stand before each line to the nanosecond, and lines of two streams do not mix", async () => {
    const at = 1_700_000_000n * SECOND + 123n;
    appendFileSync(log, encodeFrame(at, STDOUT, new TextEncoder().encode("be")));
    appendFileSync(log, encodeFrame(at + SECOND, STDERR, new TextEncoder().encode("error\n")));
    appendFileSync(log, encodeFrame(at + 2n * SECOND, STDOUT, new TextEncoder().encode("gin\n\nopen")));
    let text = "";
    const source = { folder, hasEnded: () => true, warn: () => {} };
    for await (const { bytes } of logChunks(source, { timestamps: true, prefix: "k=v " }))
      text += new TextDecoder().decode(bytes);
    const [first, second, third] = ["20", "21", "22"].map(
      (moment) => `2023-11-14T22:13:${moment}.000000123Z k=v `,
    );
    expect(text).toBe(`${second}error\n${first}begin\n${third}\n${third}open`);
  });
});

describe("following", () => {
  test("goes on through rotation until the container has ended, without losing a byte", async () => {
    let ended = false;
    const lines: string[] = [];
    write(STDOUT, "0\n");
    const source = { folder, hasEnded: () => ended, warn: () => {} };
    const reading = (async () => {
      for await (const { bytes } of logChunks(source, { follow: true }))
        lines.push(new TextDecoder().decode(bytes));
    })();
    for (let i = 1; i < 300; i++) {
      if (i % 60 === 0) rotate(i / 60);
      write(STDOUT, `${i}\n`);
      if (i % 10 === 0) await Bun.sleep(1);
    }
    ended = true;
    writeFileSync(join(folder, "exit"), "");
    await reading;
    expect(lines.join("")).toBe(`${Array.from({ length: 300 }, (_, i) => i).join("\n")}\n`);
  });

  test("what was rotated away unread is told", async () => {
    const warnings: string[] = [];
    write(STDOUT, "first\n");
    let ended = false;
    const source = { folder, hasEnded: () => ended, warn: (message: string) => void warnings.push(message) };
    const chunks = logChunks(source, { follow: true });
    expect(new TextDecoder().decode((await chunks.next()).value?.bytes)).toBe("first\n");
    rotate();
    write(STDOUT, "second\n");
    rmSync(join(folder, "log.1"));
    ended = true;
    writeFileSync(join(folder, "exit"), "");
    expect(new TextDecoder().decode((await chunks.next()).value?.bytes)).toBe("second\n");
    expect((await chunks.next()).done).toBe(true);
    expect(warnings).toEqual(["part of the log was rotated away before it could be read"]);
  });

  test("a signal ends it", async () => {
    write(STDOUT, "first\n");
    const abort = new AbortController();
    const seen: string[] = [];
    const source = { folder, hasEnded: () => false, warn: () => {} };
    for await (const { bytes } of logChunks(source, { follow: true, signal: abort.signal })) {
      seen.push(new TextDecoder().decode(bytes));
      setTimeout(() => abort.abort(), 30);
    }
    expect(seen).toEqual(["first\n"]);
  });
});
