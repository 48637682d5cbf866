import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readLdConf } from "./ld-conf.ts";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "husk-ld-conf-"));
  mkdirSync(join(root, "etc/ld.so.conf.d"), { recursive: true });
  mkdirSync(join(root, "etc/more"));
});
afterAll(() => rmSync(root, { recursive: true }));

const write = (path: string, text: string): void => writeFileSync(join(root, "etc", path), text);

test("folders in order, with comments, includes by pattern, and old kinds", () => {
  write(
    "ld.so.conf",
    "# first\n/opt/a # why\ninclude ld.so.conf.d/*.conf /etc/more/?.x\nhwcap 1 nosegneg\n/opt/z/=libc5\n",
  );
  write("ld.so.conf.d/20.conf", "/opt/c\n");
  write("ld.so.conf.d/10.conf", "/opt/b\n/opt/a\n");
  write("ld.so.conf.d/.hidden.conf", "/opt/hidden\n");
  write("ld.so.conf.d/other", "/opt/other\n");
  write("more/1.x", "/opt/d:/opt/e\n");
  expect(readLdConf({ root })).toEqual(["/opt/a", "/opt/b", "/opt/c", "/opt/d", "/opt/e", "/opt/z"]);
});

test("circles end, and links lead nothing out of the root", () => {
  write("ld.so.conf", "include ld.so.conf\ninclude out/*.conf\n/opt/a\n");
  const outside = mkdtempSync(join(tmpdir(), "husk-ld-conf-outside-"));
  writeFileSync(join(outside, "x.conf"), "/outside\n");
  symlinkSync(outside, join(root, "etc/out"));
  expect(readLdConf({ root })).toEqual(["/opt/a"]);
  rmSync(outside, { recursive: true });
});

test("no file, no folders", () => {
  expect(readLdConf({ root: join(root, "etc/more") })).toEqual([]);
});
