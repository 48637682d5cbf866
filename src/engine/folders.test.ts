import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseFolders, openFolders } from "./folders.ts";
import { checkContainerId, checkContainerName } from "./id.ts";

let run: string;
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "husk-folders-"));
});
afterEach(() => rmSync(run, { recursive: true, force: true }));

test("folders: made 0700, of one root, of this user", () => {
  const folders = { root: `${run}/root`, run: `${run}/run` };
  openFolders(folders);
  openFolders(folders);
  expect(() => openFolders({ root: `${run}/other`, run: folders.run })).toThrow(
    `husk's folder ${run}/run belongs to the root folder ${run}/root, not ${run}/other`,
  );
  chmodSync(folders.run, 0o777);
  expect(() => openFolders(folders)).toThrow("is a link or writable for others");
  symlinkSync(folders.root, `${run}/link`);
  expect(() => openFolders({ root: folders.root, run: `${run}/link` })).toThrow("is a link");
  chmodSync(folders.run, 0o700);
  writeFileSync(`${folders.run}/engine.json`, '{"format":3}');
  expect(() => openFolders(folders)).toThrow("unknown format 3");
});

test("folders: a root brings its own run folder", () => {
  expect(chooseFolders({ root: "/x/" }, {})).toEqual({ root: "/x", run: "/x/run" });
  expect(chooseFolders({ root: "/x", run: "/y" }, {})).toEqual({ root: "/x", run: "/y" });
  const env = { HUSK_ROOT: "/e", HUSK_RUN: "/f" };
  expect(chooseFolders({}, env)).toEqual({ root: "/e", run: "/f" });
  expect(chooseFolders({ root: "/x" }, env)).toEqual({ root: "/x", run: "/x/run" });
  expect(chooseFolders({ run: "/y" }, env)).toEqual({ root: "/e", run: "/y" });
});

test.each(["", "a", "-ab", "a/b", "..", "a b", "ä1", "a\n"])("name %j is refused", (name) => {
  expect(() => checkContainerName(name)).toThrow("not a usable name");
});

test.each(["", ".", "..", "a/b", "../x", "a b", "a\0", "x".repeat(101)])("id %j is refused", (id) => {
  expect(() => checkContainerId(id)).toThrow("not a usable id");
});

test("folders of an older husk are migrated, those of a newer one refused", () => {
  const folders = { root: `${run}/root`, run: `${run}/run` };
  openFolders(folders);
  mkdirSync(`${folders.run}/names`);
  symlinkSync("x", `${folders.run}/names/web`);
  for (const folder of [folders.root, folders.run])
    writeFileSync(`${folder}/engine.json`, JSON.stringify({ format: 1, root: folders.root }));
  openFolders(folders);
  expect(existsSync(`${folders.run}/names`)).toBe(false);
  expect(JSON.parse(readFileSync(`${folders.root}/engine.json`, "utf8")).format).toBe(2);
  writeFileSync(`${folders.run}/engine.json`, JSON.stringify({ format: 3, root: folders.root }));
  expect(() => openFolders(folders)).toThrow("has the unknown format 3");
});
