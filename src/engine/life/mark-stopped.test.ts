import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HuskError } from "../../platform/error.ts";
import { damagedTarget } from "./damaged-target.ts";
import { markStopped } from "./mark-stopped.ts";

test("the mark of who stops a container: removed meanwhile is no such container, a refused one is told later", () => {
  const root = mkdtempSync(join(tmpdir(), "husk-stop-"));
  const target = damagedTarget({ folders: { root, run: root }, keeper: { path: "" }, husk: [] }, "box");
  const { paths } = target;
  try {
    expect(() => markStopped(target)).toThrow("No such container: box");
    mkdirSync(paths.folder, { recursive: true });
    expect(markStopped(target)).toBeUndefined();
    rmSync(paths.stopped);
    mkdirSync(paths.stopped);
    const refused = markStopped(target);
    expect([refused instanceof HuskError, refused?.message]).toEqual([
      true,
      expect.stringContaining(`cannot write ${paths.stopped}`),
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
