import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NOTE, STDERR, STDOUT } from "../frame.ts";
import { openJournal } from "./journal.ts";
import { openJsonFile } from "./json-file.ts";
import { assembleLines, type LogLine } from "./lines.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "husk-copy-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const line = (text: string, stream = STDOUT): LogLine => ({
  stream,
  time: 1_700_000_000_123_456_789n,
  bytes: bytes(text),
  partial: false,
});

test("lines are put together by stream; long ones come in parts, and the last one without its end", () => {
  const seen: [number, string, boolean, bigint][] = [];
  const lines = assembleLines(({ stream, bytes: text, partial, time }) =>
    seen.push([stream, text.length > 20 ? `${text.length}` : new TextDecoder().decode(text), partial, time]),
  );
  const feed = (stream: number, text: string, timeLow: number): void => {
    const buffer = bytes(text);
    lines.feed({ stream, buffer, start: 0, end: buffer.length, timeHigh: 0, timeLow });
  };
  feed(STDOUT, "one\ntw", 1);
  feed(STDERR, "error\n", 2);
  feed(NOTE, "3 bytes lost\n", 3);
  expect(lines.isEmpty()).toBe(false);
  feed(STDOUT, "o\n\n", 4);
  expect(lines.isEmpty()).toBe(true);
  feed(STDOUT, `${"x".repeat(40_000)}\nrest`, 5);
  lines.finish();
  expect(seen).toEqual([
    [STDOUT, "one", false, 1n],
    [STDERR, "error", false, 2n],
    [STDOUT, "two", false, 1n],
    [STDOUT, "", false, 4n],
    [STDOUT, "16384", true, 5n],
    [STDOUT, "16384", true, 5n],
    [STDOUT, "7232", false, 5n],
    [STDOUT, "rest", true, 5n],
  ]);
});

test("json-file: docker's form, cut where somebody could not finish, rotated by size", async () => {
  const path = join(folder, "id-json.log");
  const whole = { maxBytes: 0, maxFiles: 1 };
  const first = openJsonFile(path, undefined, whole, { team: "a" });
  first.write(line("hello"));
  first.write({ ...line("part", STDERR), partial: true });
  await first.flush();
  const end = first.end();
  first.close();
  expect(
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((text) => JSON.parse(text)),
  ).toEqual([
    { log: "hello\n", stream: "stdout", attrs: { team: "a" }, time: "2023-11-14T22:13:20.123456789Z" },
    { log: "part", stream: "stderr", attrs: { team: "a" }, time: "2023-11-14T22:13:20.123456789Z" },
  ]);
  appendFileSync(path, '{"log":"unfinish');
  const again = openJsonFile(path, end, whole, {});
  again.write(line("next"));
  await again.flush();
  again.close();
  const logs = (name: string): string[] =>
    readFileSync(name, "utf8")
      .trimEnd()
      .split("\n")
      .map((text) => JSON.parse(text).log);
  expect(logs(path)).toEqual(["hello\n", "part", "next\n"]);
  const small = openJsonFile(path, undefined, { maxBytes: 100, maxFiles: 2 }, {});
  for (const text of ["1", "2", "3"]) {
    small.write(line(text));
    await small.flush();
  }
  small.close();
  expect(existsSync(`${path}.2`)).toBe(false);
  expect([...logs(`${path}.1`), ...(readFileSync(path, "utf8") === "" ? [] : logs(path))].at(-1)).toBe("3\n");
});

test("journald: a connection a priority, with the container's name", async () => {
  const path = join(folder, "stdout");
  const received: string[] = [];
  const server = createServer((socket) => {
    const place = received.push("") - 1;
    socket.on("data", (data) => (received[place] += data.toString()));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const journal = await openJournal("web", path);
  journal.write(line("out"));
  journal.write(line("err", STDERR));
  await journal.flush();
  while (!received.join("").includes("out\n") || !received.join("").includes("err\n")) await Bun.sleep(5);
  journal.close();
  server.close();
  expect(received.toSorted()).toEqual(["web\n\n3\n0\n0\n0\n0\nerr\n", "web\n\n6\n0\n0\n0\n0\nout\n"]);
  await expect(openJournal("web", join(folder, "nobody"))).rejects.toThrow("nobody listens");
});
