import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { folderLower, freshLower, layersLower } from "./lower.ts";
import { type ChangedPart, readChanges } from "./read-changes.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "husk-changes-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (path: string, content = ""): void => {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), content);
};

const part = (more: Partial<ChangedPart>): ChangedPart => ({
  place: "",
  upper: join(folder, "upper"),
  lower: layersLower([join(folder, "top"), join(folder, "base")]),
  opaque: new Set(),
  isPlain: false,
  ...more,
});

const shown = (...parts: ChangedPart[]): string[] =>
  readChanges(parts).map(({ kind, path }) => `${kind} ${path}`);

describe("changes of an image's container", () => {
  beforeEach(() => {
    for (const name of ["upper", "top", "base"]) mkdirSync(join(folder, name));
    put("base/etc/passwd");
    put("top/opt/app/old");
    put("base/opt/app/older");
  });

  test("added, changed, in the order of paths", () => {
    put("upper/etc/passwd", "x");
    put("upper/etc-new/file");
    put("upper/etc/new");
    expect(shown(part({}))).toEqual([
      "C /etc",
      "A /etc/new",
      "C /etc/passwd",
      "A /etc-new",
      "A /etc-new/file",
    ]);
  });

  test("an opaque folder deletes what was in it", () => {
    put("upper/opt/app/new");
    expect(shown(part({ opaque: new Set(["/opt/app"]) }))).toEqual([
      "C /opt",
      "C /opt/app",
      "A /opt/app/new",
      "D /opt/app/old",
      "D /opt/app/older",
    ]);
  });

  test("what husk puts in is nobody's change, and links are not followed", () => {
    put("upper/etc/hosts");
    put("upper/etc/mtab");
    symlinkSync("/etc", join(folder, "upper/link"));
    expect(shown(part({}))).toEqual(["A /link"]);
  });
});

describe("changes of this machine's container", () => {
  test("folders that husk made count only with what is in them", () => {
    for (const name of ["upper/root", "upper/usr", "upper/tmp", "usr/bin", "views/usr"])
      mkdirSync(join(folder, name), { recursive: true });
    put("usr/bin/ls");
    const root = part({ lower: freshLower(["/root", "/usr", "/tmp"], folder), isPlain: true });
    const usr = part({
      place: "/usr",
      upper: join(folder, "views/usr"),
      lower: folderLower(join(folder, "usr")),
    });
    expect(shown(root, usr)).toEqual([]);
    put("upper/root/.bashrc");
    put("views/usr/bin/ls", "new");
    chmodSync(join(folder, "views/usr/bin/ls"), 0o755);
    expect(shown(root, usr)).toEqual(["C /root", "A /root/.bashrc", "C /usr", "C /usr/bin", "C /usr/bin/ls"]);
  });
});
