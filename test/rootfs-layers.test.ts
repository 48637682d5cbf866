// Root file systems of layers: by descriptor, and by short names as on kernels before 6.13.
import { describe, expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRootfs, needs, temporaryFolder } from "./harness/index.ts";
import { runContainer } from "./rootfs-container.ts";

/** A base with busybox, and `count` folders above it, each with a file of its own. */
function layers(count: number): string[] {
  // Deep, and with characters that mean something to overlayfs.
  const above = join(temporaryFolder("layers"), "a:b,c\\d", "x".repeat(200));
  const folders = [makeRootfs()];
  for (let i = 0; i < count; i++) {
    const folder = join(above, `${i}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `layer${i}`), `${i}`);
    writeFileSync(join(folder, "top"), `${i}`);
    folders.unshift(folder);
  }
  return folders;
}

const files = [
  { path: "/etc/hosts", content: "127.0.0.1 localhost\n" },
  { path: "/new/folder/file", content: "" },
];

describe("layers", () => {
  for (const byName of [false, true])
    for (const count of [1, 60]) {
      const requirements = byName ? ({ root: true } as const) : ({ root: true, kernel: "6.13" } as const);
      needs(requirements)(`${count + 1} ${byName ? "by name" : "by descriptor"}`, () => {
        const source = { kind: "layers", layers: layers(count), mode: 0o751, files, byName } as const;
        const command = `cat /top; ls -d /layer* | wc -l; cat /etc/hosts; stat -c %a /; echo x >/top && cat /top; ls /new/folder`;
        const { stdout, error } = runContainer({ source, command });
        expect(error).toBeUndefined();
        expect(stdout.trim().split(/\s*\n\s*/)).toEqual([
          `${count - 1}${count}`,
          "127.0.0.1 localhost",
          "751",
          "x",
          "file",
        ]);
      });
    }

  needs({ root: true })("a layer that is gone is named", () => {
    const source = { kind: "layers", layers: ["/not/there"], mode: 0o755, files: [], byName: false } as const;
    expect(runContainer({ source, command: "true" }).error).toContain("/not/there");
  });
});
