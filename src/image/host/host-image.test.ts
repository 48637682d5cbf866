import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostImage } from "./index.ts";
import { unreadableByOthers } from "./unreadable.ts";

const folder = mkdtempSync(join(tmpdir(), "husk-host-image-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the host image", () => {
  test("has this machine's programs and fresh folders", () => {
    const { source } = hostImage({ hostname: "box" });
    const parts = new Map<string, string>(source.parts.map((part) => [part.path, part.kind]));
    for (const path of ["/usr", "/etc"]) expect(parts.get(path)).toBe("copy-on-write");
    for (const path of ["/root", "/home", "/var", "/tmp", "/run"])
      expect(parts.get(path), path).toBe("directory");
    expect(parts.has("/bin")).toBe(true);
    expect(parts.get("/etc/hostname")).toBe("file");
    expect(parts.has("/etc/hosts")).toBe(false);
  });

  test("is read as somebody who owns nothing, if there is such an id", () => {
    const reader = (size: number) => {
      const ids = [{ containerID: 0, size }];
      return hostImage({ idMaps: { uids: ids, gids: ids } }).source.reader;
    };
    expect([reader(4294967295), reader(65536), reader(1)]).toEqual([2147483646, 65534, undefined]);
  });

  test("takes more folders, in place of fresh ones", () => {
    const { parts } = hostImage({ with: [folder, "/var", "/usr", "/bin"] }).source;
    expect(parts.filter((part) => part.path === folder).map((part) => part.kind)).toEqual(["copy-on-write"]);
    expect(parts.filter((part) => part.path === "/var").map((part) => part.kind)).toEqual(["copy-on-write"]);
    expect(parts.filter((part) => part.path === "/usr")).toHaveLength(1);
    expect(parts.filter((part) => part.path === "/bin")).toHaveLength(1);
  });

  test("refuses folders that cannot be part of it", () => {
    writeFileSync(join(folder, "plain"), "");
    const refuse = (path: string) => expect(() => hostImage({ with: [path] }), path);
    refuse("opt").toThrow("no absolute path");
    refuse("/").toThrow("cannot be part");
    refuse("/proc/sys").toThrow("cannot be part");
    refuse("/not/there").toThrow("does not exist");
    refuse(join(folder, "plain")).toThrow("is no folder");
  });
});

test("what others may not read is found, with all that is in a closed folder", () => {
  const tree = join(folder, "tree");
  mkdirSync(join(tree, "closed/inner"), { recursive: true });
  mkdirSync(join(tree, "open"));
  for (const [path, mode] of [
    ["open/secret", 0o640],
    ["open/public", 0o644],
    ["closed/inner/key", 0o644],
  ] as const) {
    writeFileSync(join(tree, path), "");
    chmodSync(join(tree, path), mode);
  }
  symlinkSync("public", join(tree, "open/link"));
  chmodSync(join(tree, "closed"), 0o750);
  expect(unreadableByOthers(tree).toSorted((a, b) => b.localeCompare(a))).toEqual([
    "open/secret",
    "closed/inner/key",
    "closed/inner/",
    "closed/",
  ]);
  const found = unreadableByOthers(tree);
  expect(found.indexOf("closed/inner/key")).toBeLessThan(found.indexOf("closed/"));
});
