import { afterAll, beforeAll, expect, test } from "bun:test";
import { closeSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findInRoot, readInRoot } from "./in-root.ts";

let base: string;
let root: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "husk-in-root-"));
  root = `${base}/root`;
  mkdirSync(`${root}/etc/deep`, { recursive: true });
  writeFileSync(`${root}/etc/passwd`, "inside");
  mkdirSync(`${base}/etc`);
  writeFileSync(`${base}/etc/passwd`, "outside");
  writeFileSync(`${base}/bound`, "bound");
  symlinkSync("/etc", `${root}/absolute`);
  symlinkSync("../../../../etc", `${root}/etc/deep/up`);
  symlinkSync("loop", `${root}/loop`);
  symlinkSync("../bound", `${root}/escape`);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const read = (path: string): string | undefined => {
  const bytes = readInRoot({ root }, path, 100);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
};

test.each(["/etc/passwd", "etc//./passwd", "/../../etc/passwd", "/absolute/passwd", "/etc/deep/up/passwd"])(
  "%s is read inside",
  (path) => {
    expect(read(path)).toBe("inside");
  },
);

test.each(["/nothing", "/etc/passwd/x", "/loop", "/escape", "/etc"])("%s is no file inside", (path) => {
  expect(read(path)).toBeUndefined();
});

test("a bind mount covers what is below it", () => {
  const binds = new Map([["/etc/passwd", `${base}/bound`]]);
  expect(new TextDecoder().decode(readInRoot({ root, binds }, "/absolute/passwd", 3))).toBe("bou");
});

test("no descriptor stays open but the result's", () => {
  const open = (): number => readdirSync("/proc/self/fd").length;
  const before = open();
  for (const path of ["/etc/deep/up/passwd", "/nothing/at/all", "/loop"]) {
    const found = findInRoot({ root }, path);
    if (found !== undefined) closeSync(found.fd);
  }
  expect(open()).toBe(before);
});
