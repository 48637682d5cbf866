import { expect, test } from "bun:test";
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptyFolder, removeTree } from "./remove-tree.ts";

/** Folders in each other, each with a file and a link out. */
function makeDeep(folder: string, depth: number): void {
  let place = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  for (let i = 0; i < depth; i++) {
    const here = `/proc/self/fd/${place}`;
    mkdirSync(`${here}/in`);
    if (i % 100 === 0) {
      writeFileSync(`${here}/file`, "");
      symlinkSync(folder, `${here}/link`);
    }
    const inner = openSync(`${here}/in`, constants.O_RDONLY | constants.O_DIRECTORY);
    closeSync(place);
    place = inner;
  }
  closeSync(place);
}

test("a tree is removed however deep it is, and what its links lead to stays", () => {
  const folder = mkdtempSync(join(tmpdir(), "husk-deep-"));
  mkdirSync(`${folder}/tree`);
  mkdirSync(`${folder}/kept`);
  makeDeep(`${folder}/tree`, 8000);
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  removeTree(fd, "tree");
  removeTree(fd, "tree");
  closeSync(fd);
  expect(readdirSync(folder)).toEqual(["kept"]);
  makeDeep(folder, 200);
  emptyFolder(folder, (name) => name === "kept");
  expect(readdirSync(folder)).toEqual(["kept"]);
  emptyFolder(folder);
  rmdirSync(folder);
}, 30_000);

test("names in any encoding are removed, and given as bytes", () => {
  const folder = mkdtempSync(join(tmpdir(), "husk-names-"));
  for (const name of ["plain", "\xc3\xa4", "\xff\xfe"]) {
    const path = Buffer.from(`${folder}/${name}`, "latin1");
    mkdirSync(path);
    writeFileSync(Buffer.concat([path, Buffer.from("/\xe9", "latin1")]), "");
  }
  const seen: string[] = [];
  emptyFolder(folder, (name) => seen.push(name) > 3);
  expect(seen.toSorted()).toEqual(["plain", "\xc3\xa4", "\xff\xfe"]);
  expect(readdirSync(folder)).toEqual([]);
  rmdirSync(folder);
});
