// Folders and files that vanish with the test run.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let base: string | undefined;
let count = 0;

function baseFolder(): string {
  base ??= mkdtempSync(join(tmpdir(), "husk-test-"));
  mkdirSync(base, { recursive: true });
  // Programs that run as another user reach their files in it.
  chmodSync(base, 0o755);
  return base;
}

/** A path for a new file, in a folder that only this test run uses. */
export function temporaryFile(name = "file"): string {
  count += 1;
  return join(baseFolder(), `${count}-${name}`);
}

/** A new empty folder; its path is short enough for unix sockets in it. `mode` is exact, whatever the umask. */
export function temporaryFolder(name = "folder", mode = 0o755): string {
  const path = temporaryFile(name);
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

/**
 * Removes what the functions above gave out; called after the last test. With `--rerun-each` that is not the end:
 * the tests go on, some with paths they still know, so the folder keeps its place.
 */
export function removeTemporary(): void {
  if (base === undefined) return;
  // An ordinary user's containers leave files of the user's further ids, and overlayfs a folder of mode 0.
  if (process.geteuid?.() !== 0) {
    const script = 'chmod -R u+rwX "$1"; rm -rf "$1"';
    const namespace = ["unshare", "--user", "--map-root-user", "--map-auto"];
    for (const before of [namespace, []])
      spawnSync("env", [...before, "sh", "-c", script, "sh", base], { stdio: "ignore" });
  }
  rmSync(base, { recursive: true, force: true });
}
